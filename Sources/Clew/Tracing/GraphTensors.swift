internal import Attribution
public import AttributionGraphs
internal import Checkpoints
public import Foundation
internal import ReplacementModels
internal import Tensors
internal import Transcoding

/// `graph.safetensors`: every computed row of a trace in full precision.
///
/// Nodes are in the order of ``NodeLayout``. A graph with every row holds `adjacency_matrix` `[target, source]`; one
/// with skipped rows holds `row_starts`, `row_sources`, `row_weights` and `row_is_skipped` instead, because zeros would
/// claim to know what was not computed.
enum GraphTensors {
  static func writer(for trace: PromptTrace) -> SafetensorsWriter {
    let (result, pruning) = (trace.result, trace.pruning)
    let graph = result.graph
    let count = graph.nodes.count
    let entries = result.model.activations.entries
    var writer = SafetensorsWriter(metadata: [("format", "clew"), ("version", Version.current)])
    writer.add(
      "input_tokens", result.model.recording.tokens.map { Int64($0) }, shape: [trace.prompt.tokens.count])
    writer.add("logit_target_ids", result.logits.map { Int64($0.token) }, shape: [result.logits.count])
    writer.add("activation_values", entries.map(\.activation), shape: [entries.count])
    addEffects(of: graph, to: &writer)
    writer.add("cumulative_scores", trace.influence.runningShares().map { Float($0) }, shape: [count])
    let layers = result.layout.layerCount
    let positions = result.layout.positionCount
    writer.add("error_vector_norms", result.model.errors.flatMap(rowNorms), shape: [layers, positions])
    let logits = result.model.recording.lastLogits
    writer.add("last_logits", logits, shape: [logits.count])
    writer.add(
      "logit_probabilities", result.logits.map { Float($0.probability) }, shape: [result.logits.count])
    writer.add("node_influence", trace.influence.values.map { Float($0) }, shape: [count])
    writer.add("preactivation_values", result.model.preactivations, shape: [entries.count])
    writer.add("root_weights", graph.rootWeights, shape: [count])
    writer.add("token_vector_norms", tokenNorms(result), shape: [positions])
    writer.add(
      "active_features", entries.flatMap { [Int32($0.layer), Int32($0.position), Int32($0.index)] },
      shape: [entries.count, 3])
    writer.add("selected_features", entries.indices.map { Int32($0) }, shape: [entries.count])
    writer.add("node_mask", pruning.nodeMask.map { $0 ? 1 : 0 as UInt8 }, shape: [count])
    if !graph.effects.isSkipped.contains(true) {
      writer.add("edge_mask", rows: count, columns: count) { target -> [UInt8] in
        var row = [UInt8](repeating: 0, count: count)
        for source in pruning.keptSources[target] { row[Int(source)] = 1 }
        return row
      }
    }
    return writer
  }

  private static func addEffects(of graph: AttributionGraph, to writer: inout SafetensorsWriter) {
    let effects = graph.effects
    let count = graph.nodes.count
    guard effects.isSkipped.contains(true) else {
      writer.add("adjacency_matrix", rows: count, columns: count) { target -> [Float] in
        var row = [Float](repeating: 0, count: count)
        for (source, weight) in zip(effects.rows[target].sources, effects.rows[target].weights) {
          row[Int(source)] = weight
        }
        return row
      }
      return
    }
    var starts: [Int64] = [0]
    for row in effects.rows { starts.append((starts.last ?? 0) + Int64(row.weights.count)) }
    writer.add("row_starts", starts, shape: [starts.count])
    writer.add("row_sources", effects.rows.flatMap(\.sources), shape: [Int(starts.last ?? 0)])
    writer.add("row_weights", effects.rows.flatMap(\.weights), shape: [Int(starts.last ?? 0)])
    writer.add("row_is_skipped", effects.isSkipped.map { $0 ? 1 : 0 as UInt8 }, shape: [count])
  }

  private static func rowNorms(_ matrix: Matrix) -> [Float] {
    (0..<matrix.rows).map { norm(matrix.row($0)) }
  }

  private static func tokenNorms(_ result: AttributionResult) -> [Float] {
    result.model.recording.tokens.map { norm(result.model.transformer.embedding.row(Int($0))) }
  }

  private static func norm(_ vector: [Float]) -> Float {
    Float(vector.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot())
  }
}

extension AttributionGraph {
  /// Reads a whole traced graph back from the folder that `clew trace` wrote: `graph.safetensors` for nodes and rows,
  /// `graph.json` for the prompt's texts and the labels.
  public init(traceFolder folder: URL) throws {
    let json = folder.appending(path: "graph.json")
    let pruned = try GraphReading(contentsOfFile: json.path).graph
    let file = try SafetensorsFile(folder.appending(path: "graph.safetensors"))
    let active = try file.tensor("active_features").integers()
    let activations = try file.tensor("activation_values").vector(count: active.count / 3)
    let tokens = try file.tensor("input_tokens").integers()
    let logits = try file.tensor("logit_target_ids").integers()
    let layerCount = try file.tensor("error_vector_norms").shape.first ?? 0
    let layout = NodeLayout(
      featureCount: active.count / 3, layerCount: layerCount, positionCount: tokens.count,
      logitCount: logits.count)
    let labels = Dictionary(pruned.nodes.map { ($0.node, $0) }, uniquingKeysWith: { first, _ in first })
    var nodes: [GraphNode] = []
    func add(_ node: Node, activation: Float? = nil, probability: Double? = nil) {
      nodes.append(
        GraphNode(
          node: node, id: node.fileID(layerCount: layerCount, tokens: tokens),
          label: labels[node]?.label ?? "",
          activation: activation, probability: probability))
    }
    for place in 0..<active.count / 3 {
      add(
        .feature(layer: active[place * 3], index: active[place * 3 + 2], position: active[place * 3 + 1]),
        activation: activations[place])
    }
    for layer in 0..<layerCount {
      for position in tokens.indices { add(.error(layer: layer, position: position)) }
    }
    for position in tokens.indices { add(.embedding(position: position)) }
    let roots = try file.tensor("root_weights").doubles(count: layout.nodeCount)
    for (place, token) in zip(layout.logits, logits) {
      add(.logit(token: token, position: tokens.count - 1), probability: roots[place])
    }
    self.init(
      metadata: pruned.metadata, nodes: nodes, effects: try Self.effects(in: file, count: layout.nodeCount),
      rootWeights: roots, savedView: pruned.savedView, edgeExtras: Self.extras(of: pruned, among: nodes))
  }

  /// What the graph file says of its edges, by their places here.
  private static func extras(
    of pruned: AttributionGraph, among nodes: [GraphNode]
  ) -> [Edge: JSONObject] {
    let places = Dictionary(
      nodes.enumerated().map { ($1.node, $0) }, uniquingKeysWith: { first, _ in first })
    var extras: [Edge: JSONObject] = [:]
    for (edge, extra) in pruned.edgeExtras {
      guard let target = places[pruned.nodes[edge.target].node],
        let source = places[pruned.nodes[edge.source].node]
      else { continue }
      extras[Edge(target: target, source: source)] = extra
    }
    return extras
  }

  private static func effects(in file: SafetensorsFile, count: Int) throws(CheckpointError) -> DirectEffects {
    func damaged(_ reason: String) -> CheckpointError { .badHeader(path: file.file.path, reason: reason) }
    guard file.tensors["row_starts"] != nil else {
      let matrix = try file.tensor("adjacency_matrix")
      guard matrix.shape == [count, count] else {
        throw damaged("its adjacency matrix of shape \(matrix.shape) does not fit its \(count) nodes")
      }
      return DirectEffects(dense: try matrix.floats(), nodeCount: count)
    }
    let starts = try file.tensor("row_starts").integers()
    let sources = try file.tensor("row_sources").integers()
    let weights = try file.tensor("row_weights").vector(count: sources.count)
    let skipped = try file.tensor("row_is_skipped").integers()
    guard starts.count == count + 1, skipped.count == count, starts.first == 0, starts.last == sources.count,
      zip(starts, starts.dropFirst()).allSatisfy({ $0 <= $1 }),
      sources.allSatisfy({ (0..<count).contains($0) })
    else { throw damaged("its rows do not fit its \(count) nodes") }
    var effects = DirectEffects(nodeCount: count)
    for target in 0..<count {
      let range = starts[target]..<starts[target + 1]
      effects.rows[target] = .init(sources: sources[range].map { Int32($0) }, weights: Array(weights[range]))
      effects.isSkipped[target] = skipped[target] != 0
    }
    return effects
  }
}
