internal import Tensors
internal import Transcoding
internal import Transformers

/// All that writes to the MLP outputs of one prompt, grouped by layer and position, so that the effects of a whole
/// group on many targets are one matrix product.
///
/// The columns of a cell are, in this order: `a · P D[k→m]` of every feature active at the position that writes to
/// layer `m`, by source layer `k` and index; `P e`, unless the position has no error; the constant. `P` is what a norm
/// between the transcoder's output and the residual stream makes of it.
struct SourceBank: Sendable {
  /// The sources of one MLP output at one position.
  struct Cell: Sendable {
    /// `[dModel, column]`, packed.
    let vectors: PackedMatrix
    /// The layers whose features have columns.
    let featureLayers: Range<Int>
    /// Whether a column holds the error.
    let hasError: Bool
  }

  /// `[layer][position]`.
  let cells: [[Cell]]
  /// The most columns of any cell.
  let widestCell: Int

  init(_ model: LocalReplacementModel) {
    let layerCount = model.transformer.blocks.count
    let positionCount = model.recording.positionCount
    cells = (0..<layerCount).map { layer in
      var cells = [Cell?](repeating: nil, count: positionCount)
      cells.withUnsafeMutableBufferPointer { cells in
        let cells = SharedPointer(cells)
        Parallel.forEach(positionCount) { position in
          cells.pointer[position] = Self.cell(model, layer: layer, position: position)
        }
      }
      return cells.compactMap(\.self)
    }
    widestCell = cells.joined().map(\.vectors.columns).max() ?? 0
  }

  private static func cell(_ model: LocalReplacementModel, layer: Int, position: Int) -> Cell {
    let transcoder = model.transcoder
    let first = transcoder.configuration.kind == .crossLayer ? 0 : layer
    var places: [Int] = []
    for source in first...layer { places += model.activations.places(layer: source, position: position) }
    let hasError = !model.zeroedPositions.contains(position)
    let columns = places.count + (hasError ? 2 : 1)
    let constant = model.mlpConstant(layer: layer, position: position)
    let error = hasError ? model.errors[layer].row(position) : []
    func image(of vector: [Float]) -> [Float] {
      model.residualImage(of: vector, layer: layer, position: position)
    }
    let vectors = PackedMatrix(columns: columns, inner: transcoder.dModel) { column, values in
      if column < places.count {
        let entry = model.activations.entries[places[column]]
        let vector = image(of: transcoder.decoderVector(entry.feature, to: layer))
        for i in vector.indices { values[i] = entry.activation * vector[i] }
      } else {
        let vector = hasError && column == places.count ? image(of: error) : constant
        for i in vector.indices { values[i] = vector[i] }
      }
    }
    // What is packed need not stay in memory twice. Where pages are not kept, rows are read past the mapping; elsewhere,
    // handing pages back at every cell would cost more than it saves.
    if Memory.keepsPages, position % 4 == 3 { transcoder.forgetDecoders() }
    return Cell(vectors: vectors, featureLayers: first..<layer + 1, hasError: hasError)
  }
}
