public import ReplacementModels
internal import Tensors
internal import Transcoding
public import Transformers

/// What a trace keeps in memory, and what that leaves for batches of rows.
///
/// Weights are mapped and count for a few tiles only, if ``Memory/keepsPages`` says so. What is kept whole: the recording,
/// the active features' decoder rows, attention as a linear map, and every row that may be computed. The rest of the
/// limit is working memory, of which more makes larger batches and the work faster, but never changes a result.
public struct MemoryPlan: Sendable, Equatable {
  /// What the process may hold, in bytes.
  public let limit: Int
  /// What it holds before the work begins.
  public let held: Int
  /// The decoder rows of active features, scaled and packed.
  public let sources: Int
  /// Attention patterns and weights, packed.
  public let attention: Int
  /// Rows of direct effects, if every one that may be is computed, and what is made of them for the files.
  public let rows: Int
  /// What is left for batches, all threads together.
  public let working: Int

  /// Weights that lie in memory for a moment, in bytes: a tile for each thread, and pages of single rows.
  private static let tiles = 64 << 20

  /// Plans the rows of a prompt.
  /// - Throws: ``AttributionError/tooLarge(what:needed:limit:)`` if they do not fit, with the size that would do.
  public init(
    _ model: LocalReplacementModel, _ settings: AttributionSettings, held: Int, available: Int
  ) throws(AttributionError) {
    self.held = held
    limit = settings.memoryLimit ?? held + available
    let configuration = model.transformer.configuration
    let (positions, layers) = (model.recording.positionCount, configuration.layerCount)
    sources = Self.sources(model)
    attention =
      layers * Self.attention(configuration, positions: positions, hasSkip: model.transcoder.hasSkip)
    rows = Self.rows(model, settings)
    let fixed = held + sources + attention + rows + Self.tiles
    let least = Parallel.threadCount * Self.workingBytes(ofOneTargetIn: model)
    guard fixed + least <= limit else {
      throw .tooLarge(
        what: "tracing \(model.activations.count) active features at \(positions) positions",
        needed: fixed + least,
        limit: limit)
    }
    working = min(settings.workingMemory, limit - fixed)
  }

  /// Refuses a prompt whose run alone would not fit.
  public static func checkRun(
    _ configuration: TransformerConfiguration, positions: Int, limit: Int?, held: Int, available: Int
  ) throws(AttributionError) {
    let needed = held + Recording.byteCount(configuration, positions: positions) + tiles
    let limit = limit ?? held + available
    guard needed <= limit else {
      throw .tooLarge(what: "running \(positions) tokens through the model", needed: needed, limit: limit)
    }
  }

  private static func sources(_ model: LocalReplacementModel) -> Int {
    let isCrossLayer = model.transcoder.configuration.kind == .crossLayer
    var bytes = 0
    for position in 0..<model.recording.positionCount {
      var columns = 0
      for layer in 0..<model.transformer.configuration.layerCount {
        let own = model.activations.places(layer: layer, position: position).count
        columns = isCrossLayer ? columns + own : own
        bytes += PackedMatrix.byteCount(inner: model.transcoder.dModel, columns: columns + 2)
      }
    }
    return bytes
  }

  private static func attention(_ c: TransformerConfiguration, positions: Int, hasSkip: Bool) -> Int {
    c.headCount * PackedMatrix.byteCount(inner: c.dModel, columns: c.dHead)
      + PackedMatrix.byteCount(inner: c.keyValueHeadCount * c.dHead, columns: c.dModel)
      + 4 * c.headCount * positions * positions
      + (hasSkip ? PackedMatrix.byteCount(inner: c.dModel, columns: c.dModel) : 0)
  }

  private static func rows(_ model: LocalReplacementModel, _ settings: AttributionSettings) -> Int {
    let activations = model.activations
    var numbers = 0
    for layer in 0..<activations.layerCount {
      for position in 0..<activations.positionCount {
        let targets = activations.places(layer: layer, position: position).count
        guard targets > 0 else { continue }
        let below = (0..<layer).reduce(0) { $0 + activations.places(layer: $1, through: position).count }
        // The weights of each row, and one list of the sources for all of them.
        numbers += (targets + 1) * (below + (layer + 1) * (position + 1))
      }
    }
    var part = 1.0
    if let limit = settings.rowLimit { part = min(1, Double(limit) / Double(max(1, activations.count))) }
    return Int(4 * Double(numbers) * part) + settings.maxLogits * 4 * activations.count
  }

  private static func workingBytes(ofOneTargetIn model: LocalReplacementModel) -> Int {
    FrozenPullback.bytesPerTarget(
      model, position: model.recording.positionCount - 1, widestCell: widestCell(model),
      hasSkip: model.transcoder.hasSkip)
  }

  private static func widestCell(_ model: LocalReplacementModel) -> Int {
    let activations = model.activations
    return (0..<activations.positionCount).reduce(0) { widest, position in
      max(
        widest,
        (0..<activations.layerCount).reduce(2) {
          $0 + activations.places(layer: $1, position: position).count
        })
    }
  }
}
