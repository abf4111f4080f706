internal import Tensors
internal import Transcoding
internal import Transformers

/// The active features of one layer over the positions of a text, sparse.
public struct LayerActivations: Sendable {
  /// Where each position's features begin in the next two, `[position + 1]`.
  public private(set) var starts = [0]
  /// `[active feature]`, rising within a position.
  public private(set) var indices: [Int] = []
  /// `[active feature]`.
  public private(set) var values: [Float] = []

  /// The places of the features at one position.
  public func places(_ position: Int) -> Range<Int> { starts[position]..<starts[position + 1] }

  mutating func add(index: Int, value: Float) {
    indices.append(index)
    values.append(value)
  }
  mutating func endPosition() { starts.append(indices.count) }
  mutating func set(_ value: Float, at place: Int) { values[place] = value }
}

/// Encodes what a transcoder reads and decodes what it writes, for many texts: small decoders are kept in memory.
struct Reconstructor: Sendable {
  let transcoder: Transcoder
  /// `[layer]`, `[feature, outputLayer · dModel]`; `nil` where rows are read from the file.
  private let decoders: [Matrix]?

  init(_ transcoder: Transcoder, memory: Int = 512 << 20) {
    self.transcoder = transcoder
    let numbers = transcoder.layers.reduce(0) { $0 + $1.decoder.outputs * $1.decoder.inputs }
    decoders = numbers <= memory / 4 ? transcoder.layers.map { $0.decoder.matrix() } : nil
  }

  /// The features that a layer's input activates.
  /// - Parameter input: `h`, `[position, dModel]`.
  func encode(_ input: Matrix, layer: Int) -> LayerActivations {
    let z = transcoder.preactivations(of: input, layer: layer)  // [position, feature]
    var result = LayerActivations()
    for position in 0..<z.rows {
      let row = z.values.span.extracting(position * z.columns..<(position + 1) * z.columns)
      switch transcoder.layers[layer].activation {
      case .jumpReLU(let thresholds):
        let limits = thresholds.span
        for i in 0..<row.count where row[i] > limits[i] && row[i] != 0 || row[i].isNaN {
          result.add(index: i, value: row[i])
        }
      case .reLU:
        for i in 0..<row.count where row[i] > 0 || row[i].isNaN { result.add(index: i, value: row[i]) }
      case .topK:
        for (i, a) in transcoder.activeFeatures(z[position], layer: layer) { result.add(index: i, value: a) }
      }
      result.endPosition()
    }
    return result
  }

  /// What the layers' outputs begin with: `bD`, and what a skip connection passes, `[position, dModel]`.
  func constant(_ input: Matrix, layer: Int) -> Matrix {
    var result = Matrix(rows: input.rows, columns: transcoder.dModel)
    for position in 0..<input.rows { result.add(transcoder.layers[layer].decoderBias, toRow: position) }
    if let skip = transcoder.layers[layer].skip { result += input.multiplied(byTransposed: skip) }
    return result
  }

  /// Adds what a layer's features write to every layer's output.
  /// ```
  /// ŷ[l][t] += a[k][t] · D[k→l]
  /// ```
  func decode(_ activations: LayerActivations, layer: Int, into outputs: inout [Matrix]) {
    let width = transcoder.dModel
    let targets = transcoder.outputLayers(of: layer)
    for position in 0..<activations.starts.count - 1 {
      for place in activations.places(position) {
        let (index, value) = (activations.indices[place], activations.values[place])
        let row = decoders.map { $0[layer][index] } ?? transcoder.layers[layer].decoder.row(index)[...]
        for (slice, target) in targets.enumerated() {
          let start = row.startIndex + slice * width
          outputs[target].add(row[start..<start + width], scaledBy: value, toRow: position)
        }
      }
    }
  }

  /// The preactivations of given features from other inputs, in the places of `activations`: gates stay as they are.
  func reread(_ activations: LayerActivations, from input: Matrix, layer: Int) -> LayerActivations {
    let z = transcoder.preactivations(of: input, layer: layer)
    var result = activations
    for position in 0..<input.rows {
      for place in activations.places(position) {
        result.set(z.values[position * z.columns + activations.indices[place]], at: place)
      }
    }
    return result
  }
}
