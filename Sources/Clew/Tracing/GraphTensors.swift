internal import Attribution
internal import AttributionGraphs
internal import Checkpoints
internal import ReplacementModels
internal import Tensors
internal import Transcoding

/// `graph.safetensors`: every computed row of a trace in full precision, with what makes each sum to its target's value.
///
/// Nodes are in the order of ``NodeLayout``. A small graph with every row holds `adjacency_matrix` `[target, source]`. One
/// with more nodes than ``RowStorage/denseNodeLimit`` holds `row_starts`, `row_sources`, `row_weights` and `row_is_skipped`
/// instead, because most of the matrix would be zeros; and so does one with skipped rows, because zeros would claim to
/// know what was not computed.
enum GraphTensors {
  static func writer(for trace: PromptTrace) -> SafetensorsWriter {
    let (result, pruning) = (trace.result, trace.pruning)
    let graph = result.graph
    let count = graph.nodes.count
    let entries = result.model.activations.entries
    let isDense = isDense(
      trace.request.storage, nodes: count, hasSkipped: graph.effects.isSkipped.contains(true))
    let name = pruning.graph.metadata.info["trace"]?.string
    var writer = SafetensorsWriter(
      metadata: [("format", "clew"), ("version", Version.current)] + (name.map { [("trace", $0)] } ?? [])
    )
    writer.add(
      "input_tokens", result.model.recording.tokens.map { Int64($0) }, shape: [trace.prompt.tokens.count])
    writer.add("logit_target_ids", result.logits.map { Int64($0.token) }, shape: [result.logits.count])
    writer.add("activation_values", entries.map(\.activation), shape: [entries.count])
    if isDense { addMatrix(of: graph.effects, to: &writer) } else { addRows(of: graph.effects, to: &writer) }
    writer.add("row_biases", result.rowConstants.map(\.bias), shape: [count])
    writer.add("row_constants", result.rowConstants.map(\.constant), shape: [count])
    writer.add("row_values", result.rowConstants.map(\.value), shape: [count])
    writer.add("cumulative_scores", trace.influence.runningShares().map { Float($0) }, shape: [count])
    let layers = result.layout.layerCount
    let positions = result.layout.positionCount
    writer.add("error_vector_norms", result.model.errors.flatMap(rowNorms), shape: [layers, positions])
    let logits = result.model.recording.lastLogits
    writer.add("last_logits", logits, shape: [logits.count])
    writer.add(
      "logit_probabilities", result.logits.map { Float($0.probability ?? .nan) }, shape: [result.logits.count]
    )
    writer.add("node_influence", trace.influence.values.map { Float($0) }, shape: [count])
    writer.add("preactivation_values", result.model.preactivations, shape: [entries.count])
    writer.add("root_weights", graph.rootWeights, shape: [count])
    writer.add("token_vector_norms", tokenNorms(result), shape: [positions])
    writer.add(
      "active_features", entries.flatMap { [Int32($0.layer), Int32($0.position), Int32($0.index)] },
      shape: [entries.count, 3])
    writer.add("selected_features", entries.indices.map { Int32($0) }, shape: [entries.count])
    writer.add("node_mask", pruning.nodeMask.map { $0 ? 1 : 0 as UInt8 }, shape: [count])
    if isDense {
      writer.add("edge_mask", rows: count, columns: count) { target -> [UInt8] in
        var row = [UInt8](repeating: 0, count: count)
        for source in pruning.keptSources[target] { row[Int(source)] = 1 }
        return row
      }
    }
    return writer
  }

  private static func isDense(_ storage: RowStorage, nodes: Int, hasSkipped: Bool) -> Bool {
    !hasSkipped && (storage == .dense || nodes <= RowStorage.denseNodeLimit)
  }

  /// The most bytes that the file can take, before any row is known; close to what it takes where every row is computed.
  static func mostBytes(_ request: TraceRequest, _ model: LocalReplacementModel) -> Int {
    if request.storage == .none { return 0 }
    let settings = request.settings
    let nodes = MemoryPlan.mostNodes(model, settings)
    let features = model.activations.count
    let (layers, positions) = (model.transformer.configuration.layerCount, model.recording.positionCount)
    // Tensors with a number a node, a feature, a position, an answer, a token, in their order in `writer`.
    let answers = nodes - features - (layers + 1) * positions
    let small =
      29 * nodes + 24 * features + (12 + 4 * layers) * positions + 12 * answers
      + 4 * model.recording.lastLogits.count + 4096
    let matrix = 5 * nodes * nodes
    let rows = 9 * nodes + 8 + 8 * MemoryPlan.mostEffects(model, settings)
    // How many answers there are, and so on which side of the limit the nodes lie, is known later.
    let mayBeDense = isDense(request.storage, nodes: nodes - answers, hasSkipped: false)
    let mayBeRows =
      settings.coverage < 1 || settings.rowLimit != nil
      || !isDense(request.storage, nodes: nodes, hasSkipped: false)
    return small + max(mayBeDense ? matrix : 0, mayBeRows ? rows : 0)
  }

  private static func addMatrix(of effects: DirectEffects, to writer: inout SafetensorsWriter) {
    let count = effects.nodeCount
    writer.add("adjacency_matrix", rows: count, columns: count) { target -> [Float] in
      var row = [Float](repeating: 0, count: count)
      for (source, weight) in zip(effects.rows[target].sources, effects.rows[target].weights) {
        row[Int(source)] = weight
      }
      return row
    }
  }

  private static func addRows(of effects: DirectEffects, to writer: inout SafetensorsWriter) {
    var starts: [Int64] = [0]
    for row in effects.rows { starts.append((starts.last ?? 0) + Int64(row.weights.count)) }
    writer.add("row_starts", starts, shape: [starts.count])
    let lengths = effects.rows.map(\.weights.count)
    writer.add("row_sources", lengths: lengths) { effects.rows[$0].sources }
    writer.add("row_weights", lengths: lengths) { effects.rows[$0].weights }
    writer.add("row_is_skipped", effects.isSkipped.map { $0 ? 1 : 0 as UInt8 }, shape: [lengths.count])
  }

  private static func rowNorms(_ matrix: Matrix) -> [Float] {
    (0..<matrix.rows).map { norm(matrix.row($0)) }
  }

  private static func tokenNorms(_ result: AttributionResult) -> [Float] {
    result.model.recording.tokens.map { norm(result.model.transformer.embeddingVector(Int($0))) }
  }

  private static func norm(_ vector: [Float]) -> Float {
    Float(vector.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot())
  }
}
