public import ReplacementModels
internal import Tensors
internal import Transcoding
public import Transformers

/// What a trace keeps in memory, and what that leaves for batches of rows.
///
/// Weights are mapped and count for a few tiles only, if ``Memory/keepsPages`` says so. What is kept whole: the recording,
/// the active features' decoder rows, attention as a linear map, and every row that may be computed. The rest of the
/// limit is working memory, of which more makes larger batches and the work faster, but never changes a result.
///
/// Afterwards all but the rows is given back, and pruning and the files take its place. How much they take depends on how
/// many edges the node cut leaves: where it leaves all, that is reckoned before work begins, else as soon as it is known.
public struct MemoryPlan: Sendable, Equatable {
  /// What the process may hold, in bytes.
  public let limit: Int
  /// What it holds before the work begins.
  public let held: Int
  /// The decoder rows of active features, scaled and packed.
  public let sources: Int
  /// Attention patterns and weights, packed.
  public let attention: Int
  /// Rows of direct effects, if every one that may be is computed.
  public let rows: Int
  /// What is left for batches, all threads together.
  public let working: Int
  /// Pages of transcoders that lie in memory together while they are read.
  private let tiles: Int

  /// The most that weights take while they are read, in bytes: a tile for each thread, and pages of single rows.
  private static let largestTiles = 64 << 20

  /// What the process may come to hold beside all that is reckoned: stacks, buffers, the figure.
  private static let allowance = 16 << 20

  /// How much the process may hold more before the work begins when the same command is given again.
  private static let spread = 4 << 20

  /// Plans the rows of a prompt.
  /// - Throws: ``AttributionError/tooLarge(what:needed:limit:fittingRows:)`` if they do not fit, with the size that would do.
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
    rows = Self.rows(model, settings, limit: settings.rowLimit)
    tiles = Self.tiles(model.transcoder)
    let fixed = held + sources + attention + Self.allowance + Self.tiles(model.transformer) + tiles
    let least = Parallel.threadCount * Self.workingBytes(ofOneTargetIn: model)
    let keepsEveryNode = settings.keepsEveryNode && settings.memoryLimit != nil
    let inPosition = keepsEveryNode ? Self.edgesInPosition(model, settings) : 0
    let nodes = Self.mostNodes(model, settings)
    let before = held + Self.allowance + tiles
    func needed(_ rows: Int) -> Int {
      let edges = rows / 4
      let afterwards =
        keepsEveryNode
        ? Self.bytesAfterwards(nodes: nodes, edges: edges, inPosition: min(edges, inPosition)) : 0
      return max(fixed + rows + least, before + rows + afterwards)
    }
    guard needed(rows) <= limit else {
      let count = model.activations.count
      // The most rows that would fit.
      var (fitting, tooMany) = (0, min(settings.rowLimit ?? count, count))
      while tooMany - fitting > 1 {
        let middle = (fitting + tooMany) / 2
        if needed(Self.rows(model, settings, limit: middle)) + Self.spread <= limit {
          fitting = middle
        } else {
          tooMany = middle
        }
      }
      throw .tooLarge(
        what: "tracing \(count) active features at \(positions) positions"
          + (keepsEveryNode ? " and keeping every node (--node-share 1)" : ""),
        needed: needed(rows) + Self.spread,
        limit: limit, fittingRows: fitting)
    }
    working = min(settings.workingMemory, limit - fixed - rows)
  }

  /// Refuses a prompt whose run alone would not fit.
  public static func checkRun(
    _ transformer: Transformer, positions: Int, limit: Int?, held: Int, available: Int
  ) throws(AttributionError) {
    let needed =
      held + Recording.byteCount(transformer.configuration, positions: positions) + tiles(transformer)
      + allowance
    let limit = limit ?? held + available
    guard needed <= limit else { throw .runTooLarge(tokens: positions, needed: needed, limit: limit) }
  }

  /// Refuses to prune a graph whose pruned part would not fit beside it.
  /// - Parameters:
  ///   - edges: The edges among the nodes that the node cut leaves.
  ///   - inPosition: Those of them that join two nodes of one position.
  ///   - held: What the process holds, the whole graph included.
  public func checkPruning(nodes: Int, edges: Int, inPosition: Int, held: Int) throws(AttributionError) {
    let needed =
      held + Self.allowance + tiles
      + Self.bytesAfterwards(nodes: nodes, edges: edges, inPosition: inPosition)
    guard needed <= limit else {
      throw .tooManyEdges(count: edges, needed: needed + Self.spread, limit: limit)
    }
  }

  /// What a pruned graph and its files take beside the rows: for each edge its place, its weight and its rank; what stands
  /// in the file beside an edge within one position; and the names of nodes.
  private static func bytesAfterwards(nodes: Int, edges: Int, inPosition: Int) -> Int {
    36 * edges + 256 * inPosition + 2048 * nodes
  }

  /// The most edges that join two nodes of one position.
  private static func edgesInPosition(_ model: LocalReplacementModel, _ settings: AttributionSettings) -> Int
  {
    let (layers, activations) = (model.transformer.configuration.layerCount, model.activations)
    let last = activations.positionCount - 1
    return (0...last).reduce(0) { sum, position in
      let count = (0..<layers).reduce(layers + 1) {
        $0 + activations.places(layer: $1, position: position).count
      }
      return sum + count * count / 2 + (position == last ? roots(settings, of: model) * count : 0)
    }
  }

  /// The most targets that a trace starts from.
  private static func roots(_ settings: AttributionSettings, of model: LocalReplacementModel) -> Int {
    max(min(settings.maxLogits, model.transformer.configuration.vocabularyCount), settings.targets.count)
  }

  private static func tiles(_ transformer: Transformer) -> Int {
    let unembedding = transformer.unembedding
    return min(largestTiles / 2, unembedding.outputs * unembedding.inputs * unembedding.type.byteCount)
  }

  private static func tiles(_ transcoder: Transcoder) -> Int {
    let bytes = transcoder.layers.reduce(0) { sum, layer in
      sum + layer.encoder.outputs * (layer.encoder.inputs + layer.decoder.inputs)
        * layer.encoder.type.byteCount
    }
    // Of an encoder stored in columns, reading one row takes every page.
    let largest = transcoder.layers.reduce(0) { max($0, $1.encoder.tileByteCount) }
    return max(min(largestTiles / 2, bytes), largest)
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

  /// The most effects that a trace can find, zeros among them included; where every row is computed, as many as it has but
  /// for answers that the prompt turns out not to have.
  public static func mostEffects(_ model: LocalReplacementModel, _ settings: AttributionSettings) -> Int {
    numbers(model, settings, limit: settings.rowLimit, lists: 0)
  }

  /// The most nodes that a trace can have.
  public static func mostNodes(_ model: LocalReplacementModel, _ settings: AttributionSettings) -> Int {
    model.activations.count
      + (model.transformer.configuration.layerCount + 1) * model.recording.positionCount
      + roots(settings, of: model)
  }

  private static func rows(
    _ model: LocalReplacementModel, _ settings: AttributionSettings, limit: Int?
  ) -> Int {
    4 * numbers(model, settings, limit: limit, lists: 1)
  }

  /// The weights of all rows, and the entries of the lists of sources that the rows of one layer and position share.
  /// - Parameter lists: 1 where the lists count, or 0.
  private static func numbers(
    _ model: LocalReplacementModel, _ settings: AttributionSettings, limit: Int?, lists: Int
  ) -> Int {
    let activations = model.activations
    var numbers = 0
    for layer in 0..<activations.layerCount {
      var (ofLayer, longest, count) = (0, 0, 0)
      for position in 0..<activations.positionCount {
        let targets = activations.places(layer: layer, position: position).count
        guard targets > 0 else { continue }
        let below = (0..<layer).reduce(0) { $0 + activations.places(layer: $1, through: position).count }
        let length = below + (layer + 1) * (position + 1)
        ofLayer += (targets + lists) * length
        longest = max(longest, length)
        count += targets
      }
      if let limit {
        let quota =
          (min(limit, activations.count) * count + activations.count - 1) / max(1, activations.count)
        ofLayer = min(ofLayer, (quota + activations.positionCount) * longest)
      }
      numbers += ofLayer
    }
    let sources = activations.count + (activations.layerCount + 1) * activations.positionCount
    return numbers + (roots(settings, of: model) + lists) * sources
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
