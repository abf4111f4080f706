internal import Tensors
public import Transcoding
internal import Transformers

/// A linear read-out of the frozen model whose inputs are asked for.
public struct PullbackTarget: Sendable {
  /// The layer at whose `r⁰` it reads, or `L` for the stream behind the last layer.
  public let layer: Int
  /// Where it reads.
  public let position: Int
  /// The gradient there, `[dModel]`: the vector read with, pulled back through the norm that lies between.
  public let gradient: [Float]
}

/// The direct effects on one target.
public struct EffectRow: Sendable {
  /// By ``SourceOrder``, in units of the target, `[source]`.
  public let weights: [Float]
  /// What everything constant contributes: biases, learned positions, MLPs at positions without features.
  public let constant: Float
}

/// Which sources a row has, and in what order: features of lower layers at positions up to the target's (by layer,
/// position and index), then errors (layer-major), then embeddings.
public struct SourceOrder: Sendable {
  /// Sources lie in layers below this one.
  public let layerLimit: Int
  /// The last position that can reach the target.
  public let position: Int
  /// Where the features of a layer start, `[layer]`.
  let featureStarts: [Int]
  let errorStart: Int
  let embeddingStart: Int
  let zeroed: Int
  /// How many sources there are.
  public let count: Int

  init(_ model: LocalReplacementModel, layerLimit: Int, position: Int) {
    self.layerLimit = layerLimit
    self.position = position
    var starts: [Int] = []
    var count = 0
    for layer in 0..<layerLimit {
      starts.append(count)
      count += model.activations.places(layer: layer, through: position).count
    }
    featureStarts = starts
    errorStart = count
    zeroed = model.zeroedPositions.upperBound
    let errorPositions = max(0, position + 1 - zeroed)
    embeddingStart = count + layerLimit * errorPositions
    self.count = embeddingStart + position + 1
  }

  /// The place of an error node among the sources.
  func error(layer: Int, position: Int) -> Int {
    errorStart + layer * (self.position + 1 - zeroed) + position - zeroed
  }
}

extension FeatureActivations {
  /// The places of a layer's features at positions up to one.
  public func places(layer: Int, through position: Int) -> Range<Int> {
    places(layer: layer, position: 0).lowerBound..<places(layer: layer, position: position).upperBound
  }
}

/// The pullback of a prompt's local replacement model, for many targets at once.
///
/// A target is read at one place; its gradient moves down layer by layer. MLPs pass nothing (but for skip
/// connections), attention passes along the recorded patterns, norms along their recorded scales. At every MLP
/// output the gradient meets the sources that write there. Nothing above a target is visited, and no position
/// after it. Ameisen et al. 2025, "Constructing an Attribution Graph for a Prompt".
public struct FrozenPullback: Sendable {
  public let model: LocalReplacementModel
  let layers: [AttentionTransport]
  let sources: SourceBank
  /// Skip connections, `[layer]`: `P S N` `[dModel, dModel]`, packed, to be scaled by the norms' frozen scales; `N` and `P`
  /// are the linear parts of the norms before and behind it.
  let skips: [PackedMatrix?]
  /// What a unit of value gradient at the lowest layer meets in the embeddings, `[position][keyValueHead · dHead]`.
  let embeddingValues: [[Float]]
  /// The token embeddings, `[position][dModel]`.
  let embeddings: [[Float]]
  /// The same two for learned positions; empty where there are none.
  let positionValues: [[Float]]
  let positionEmbeddings: [[Float]]
  /// What value gradients meet at position 0, `[layer]`: see ``FirstPositionImage``.
  let firstPositionValues: [PackedMatrix]

  /// Packs the frozen model of one prompt.
  public init(_ model: LocalReplacementModel) {
    self.model = model
    let transformer = model.transformer
    let recording = model.recording
    var layers: [AttentionTransport] = []
    var skips: [PackedMatrix?] = []
    var image = FirstPositionImage(model)
    let count = transformer.blocks.count
    // As many layers at once as there are threads; what only the image needs of them goes with each round.
    let atOnce = Parallel.threadCount
    for first in stride(from: 0, to: count, by: atOnce) {
      for var transport in Self.transports(model, of: first..<min(first + atOnce, count)) {
        let layer = layers.count
        let skip = Self.skip(model, layer: layer)
        if let rows = transport.valueRows {
          image.pass(
            layer: layer, valueRows: rows, skip: skip, skipScale: model.skipScale(layer: layer, position: 0))
        }
        if layer > 0 { transport.valueRows = nil }
        layers.append(transport)
        if !Memory.keepsPages { transformer.blocks[layer].forgetPages() }
        skips.append(skip.map { PackedMatrix(transposing: WeightMatrix($0).transposed) })
      }
    }
    self.layers = layers
    self.skips = skips
    firstPositionValues = image.values
    sources = SourceBank(model)
    embeddings = recording.tokens.map { transformer.embeddingVector(Int($0)) }
    positionEmbeddings =
      transformer.positionEmbedding.map { positions in
        recording.tokens.indices.map { positions.row($0) }
      } ?? []
    func values(_ rows: [[Float]]) -> [[Float]] {
      guard let map = layers.first?.valueRows else { return rows.map { _ in [] } }
      return rows.map { row in
        Matrix(rows: 1, columns: row.count, values: row).multiplied(byTransposed: WeightMatrix(map)).values
      }
    }
    embeddingValues = values(embeddings)
    positionValues = values(positionEmbeddings)
  }

  private static func transports(
    _ model: LocalReplacementModel, of range: Range<Int>
  ) -> [AttentionTransport] {
    let recording = model.recording
    var transports = [AttentionTransport?](repeating: nil, count: range.count)
    transports.withUnsafeMutableBufferPointer { transports in
      let transports = SharedPointer(transports)
      Parallel.forEach(range.count) { place in
        let layer = range.lowerBound + place
        transports.pointer[place] = AttentionTransport(
          model.transformer.blocks[layer], configuration: model.transformer.configuration,
          patterns: recording.attentionPatterns[layer], scales: recording.attentionNormScales[layer],
          postScales: recording.attentionPostNormScales[layer])
      }
    }
    return transports.compactMap(\.self)
  }

  /// `P S N` of a layer, `[dModel, dModel]`, if it has a skip connection.
  private static func skip(_ model: LocalReplacementModel, layer: Int) -> Matrix? {
    guard let skip = model.transcoder.layers[layer].skip else { return nil }
    var rows = skip.matrix()  // [dModel out, dModel in]
    let block = model.transformer.blocks[layer]
    switch model.transcoder.configuration.inputHook {
    case .residualMid: break
    case .mlpInput: rows.foldNorm(block.mlpNorm)
    case .normalized:
      rows.foldNorm(
        NormLayer(
          kind: block.mlpNorm.kind, gain: Array(repeating: 1, count: rows.columns), bias: block.mlpNorm.bias))
    }
    if let norm = model.outputNorm(layer: layer) { rows.foldNormBehind(norm) }
    return rows
  }

  /// The order of the sources of a target's row.
  public func sourceOrder(layerLimit: Int, position: Int) -> SourceOrder {
    SourceOrder(model, layerLimit: layerLimit, position: position)
  }

  /// Bytes of what is packed: sources, attention, skip connections.
  public var byteCount: Int {
    let cells = sources.cells.joined().reduce(0) { $0 + $1.vectors.byteCount }
    let attention = layers.reduce(0) { sum, layer in
      sum + layer.outputHeads.reduce(0) { $0 + $1.byteCount } + layer.valueMap.byteCount + 4
        * layer.mixing.count
    }
    return cells + attention + skips.reduce(0) { $0 + ($1?.byteCount ?? 0) }
  }

  /// Floating-point operations of the matrix products for one target.
  /// - Parameter layer: Where the target reads; `L` behind the last layer.
  public func operations(layer: Int, position: Int) -> Double {
    let c = model.transformer.configuration
    let queries = Double(c.dModel * c.headCount * c.dHead)
    let values = Double(c.dModel * c.keyValueHeadCount * c.dHead)
    let count = Double(position + 1)
    let first = position == 0 ? 0 : 1
    let carried = count - Double(first)
    var sum = 0.0
    let isBeside = layer < layers.count && model.transformer.blocks[layer].isParallel
    let top = min(isBeside ? layer - 1 : layer, layers.count - 1)
    for below in stride(from: top, through: 0, by: -1) {
      // The uppermost layer is read at one position, and the lowest needs no way back into the stream.
      sum += queries * (below == top ? 1 : carried) + (below > 0 ? values * carried : 0)
      sum += Double(c.headCount * c.dHead) * count * (count + 1) / 2
    }
    for below in 0..<layer {
      let isLocal = layer == layers.count && below == layer - 1
      for source in isLocal ? position...position : first...position {
        sum += Double(c.dModel * sources.cells[below][source].vectors.columns)
        if skips[below] != nil { sum += Double(c.dModel * c.dModel) }
      }
    }
    return 2 * sum
  }

  /// Bytes of working memory that one target of a batch takes.
  public func bytesPerTarget(position: Int) -> Int {
    Self.bytesPerTarget(
      model, position: position, widestCell: sources.widestCell, hasSkip: skips.contains { $0 != nil })
  }

  /// Numbers from one gradient to the next: a cache line more than they have. Widths are often powers of two, and rows so
  /// far apart would drive one another out of the cache.
  static func gradientStride(_ c: TransformerConfiguration) -> Int { c.dModel + 16 }

  /// The same before anything is packed.
  /// - Parameter widestCell: The most features, with error and constant, that write to one MLP output.
  public static func bytesPerTarget(
    _ model: LocalReplacementModel, position: Int, widestCell: Int, hasSkip: Bool
  ) -> Int {
    let c = model.transformer.configuration
    let widths = gradientStride(c) * (hasSkip ? 2 : 1) + (c.headCount + c.keyValueHeadCount) * c.dHead
    let count = SourceOrder(model, layerLimit: c.layerCount, position: position).count
    return 4 * ((position + 1) * widths + 2 * count + widestCell)
  }
}
