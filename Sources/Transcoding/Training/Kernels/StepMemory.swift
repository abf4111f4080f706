internal import Tensors

/// What a step works in: entries, reconstructions, and each lane's own memory.
final class StepMemory: @unchecked Sendable {
  // Blocks of tokens are dealt to lanes; each block is one lane's alone.
  let shape: TranscoderShape
  let batchTokens: Int
  /// Tokens of one block: their preactivations stay in the second-level cache.
  let blockTokens = 128
  /// Features whose preactivations are made at once.
  let featureChunk: Int
  /// Rows of the batch in work.
  var rows = 0
  /// `ŷ`, then the loss's gradient there, `[token, layer · dModel]`.
  private(set) var reconstruction: Scratch
  /// `[layer][block]`.
  let entries: [[EntryList]]
  private var lanes: [Lane] = []
  /// `[feature, blockTokens]` of every block of one layer, where products are dense.
  private(set) var dense = Scratch(count: 0)
  /// Sums by block, added up in order afterwards.
  var losses: [[Double]]
  var sums: [[Float]]
  /// What was over the last cut of BatchTopK, `[layer]`.
  var candidateBounds: [Float]

  /// One worker's memory.
  final class Lane: @unchecked Sendable {
    var panels: Scratch
    var dense: Scratch

    init(panels: Int, dense: Int) {
      self.panels = Scratch(count: panels)
      self.dense = Scratch(count: dense)
    }
  }

  init(_ shape: TranscoderShape, batchTokens: Int, _ activation: TranscoderTrainingSettings.Activation) {
    self.shape = shape
    self.batchTokens = batchTokens
    let blocks = (batchTokens + blockTokens - 1) / blockTokens
    if case .topK = activation {
      featureChunk = shape.featureCount
    } else {
      featureChunk = min(shape.featureCount, 1024)
    }
    reconstruction = Scratch(count: batchTokens * shape.layerCount * shape.dModel)
    entries = (0..<shape.layerCount).map { _ in
      (0..<blocks).map { _ in EntryList(featureCount: shape.featureCount) }
    }
    losses = Array(repeating: Array(repeating: 0, count: shape.layerCount), count: blocks)
    sums = Array(repeating: Array(repeating: 0, count: shape.layerCount * shape.dModel), count: blocks)
    candidateBounds = Array(repeating: 0, count: shape.layerCount)
  }

  var blockCount: Int { (rows + blockTokens - 1) / blockTokens }
  func tokens(_ block: Int) -> Range<Int> { block * blockTokens..<min(rows, (block + 1) * blockTokens) }

  /// Runs `body` for every block, each lane's blocks one after another.
  func forEachBlock(_ body: @Sendable (_ lane: Lane, _ block: Int) -> Void) {
    forEach(blockCount, body)
  }

  /// Runs `body` for every piece, each lane's pieces one after another.
  func forEach(_ pieces: Int, _ body: @Sendable (_ lane: Lane, _ piece: Int) -> Void) {
    let count = max(1, min(Parallel.threadCount, pieces))
    while lanes.count < count {
      lanes.append(
        Lane(panels: panelCount, dense: max(featureChunk, min(shape.featureCount, 4096)) * blockTokens))
    }
    let lanes = lanes
    Parallel.forEach(count) { number in
      for piece in stride(from: number, to: pieces, by: count) { body(lanes[number], piece) }
    }
  }

  /// Room for a block's inputs or gradients in panels.
  private var panelCount: Int {
    (blockTokens + Packing.panelColumns) * shape.layerCount * shape.dModel
      + (shape.dModel + Packing.panelColumns) * shape.dModel
  }

  /// Memory for `[block][feature, blockTokens]`.
  func denseStart() -> UnsafeMutablePointer<Float> {
    let wanted = shape.featureCount * blockTokens * ((batchTokens + blockTokens - 1) / blockTokens)
    if dense.count < wanted { dense = Scratch(count: wanted) }
    return dense.pointer
  }
}
