import AttributionGraphs
import Foundation
import TestSupport
import Testing

/// Numbers that circuit-tracer computed, with the graph that it computed them on.
struct ReferenceTrace: CustomTestStringConvertible {
  static let folders = [
    "stories260K", "llama/cases", "llama-rope3/cases", "gpt2/cases", "gemma2/cases", "gemma3/cases",
    "qwen3/cases",
  ]

  /// Every case that is there.
  static let all: [ReferenceTrace] = folders.flatMap { folder in
    let url = SharedFiles.url("reference/\(folder)")
    let files = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
    return files.filter { $0.hasSuffix(".trace.json") }.sorted().map {
      ReferenceTrace(path: "reference/\(folder)/\($0.dropLast(5))")
    }
  }

  let path: String

  var testDescription: String { path }

  func tensors() throws -> TensorFile { try TensorFile(SharedFiles.url("\(path).safetensors")) }

  func number(_ key: String) throws -> Double {
    let object = try #require(SharedFiles.json("\(path).json") as? [String: Any])
    return try #require(object[key] as? Double)
  }

  /// The graph of the reference's own adjacency matrix.
  func graph(of tensors: TensorFile) throws -> AttributionGraph {
    let features = try tensors.values("active_features", as: Int32.self)
    let shape = tensors.shape("error_vector_norms")
    let tokens = try tensors.values("logit_target_ids", as: Int64.self)
    let probabilities = try tensors.values("logit_probabilities", as: Float.self)
    var nodes: [Node] = try tensors.values("selected_features", as: Int32.self).map {
      let start = Int($0) * 3
      return .feature(
        layer: Int(features[start]), index: Int(features[start + 2]), position: Int(features[start + 1]))
    }
    for layer in 0..<shape[0] {
      for position in 0..<shape[1] { nodes.append(.error(layer: layer, position: position)) }
    }
    nodes += (0..<shape[1]).map { .embedding(position: $0) }
    nodes += tokens.map { .logit(token: Int($0), position: shape[1] - 1) }
    let weights = try tensors.values("adjacency_matrix", as: Float.self)
    return AttributionGraph(
      metadata: GraphMetadata(
        slug: "reference", scan: "", prompt: "", promptTokens: [], layerCount: shape[0]),
      nodes: nodes.enumerated().map { GraphNode(node: $1, id: "\($0)") },
      effects: DirectEffects(dense: weights, nodeCount: nodes.count),
      rootWeights: Array(repeating: 0, count: nodes.count - tokens.count) + probabilities.map { Double($0) })
  }
}

/// circuit-tracer works in single precision with running sums, so numbers agree to 1e-5, and what lies within
/// 1e-5 of a cut may fall on either side of it.
@Suite(.enabled(if: SharedFiles.areAvailable, Comment(rawValue: SharedFiles.reason)))
struct ReferenceTests {
  @Test(arguments: ReferenceTrace.all)
  func `influence and scores equal circuit-tracer's`(reference: ReferenceTrace) throws {
    let tensors = try reference.tensors()
    let graph = try reference.graph(of: tensors)
    let influence = Influence(of: graph)
    for (value, wanted) in zip(influence.values, try tensors.values("node_influence", as: Float.self)) {
      #expect(abs(value - Double(wanted)) < 1e-5)
    }
    let scores = GraphScores(of: graph, influence: influence)
    #expect(try abs(scores.replacement - reference.number("replacement_score")) < 1e-5)
    #expect(try abs(scores.completeness - reference.number("completeness_score")) < 1e-5)
    #expect(influence.cyclicNodeCount == 0)
  }

  @Test(arguments: ReferenceTrace.all)
  func `pruning keeps what circuit-tracer keeps`(reference: ReferenceTrace) throws {
    let tensors = try reference.tensors()
    let graph = try reference.graph(of: tensors)
    let influence = graph.influence()
    let pruning = try graph.pruned()
    let wantedNodes = try tensors.values("node_mask", as: UInt8.self)
    let wantedEdges = try tensors.values("edge_mask", as: UInt8.self)
    let running = try tensors.values("cumulative_scores", as: Float.self)
    for (new, old) in pruning.nodeMask.indices.filter({ pruning.nodeMask[$0] }).enumerated() {
      guard let share = pruning.graph.nodes[new].influence else { continue }
      #expect(abs(share - Double(running[old])) < 1e-5)
    }

    let strayNodes = wantedNodes.indices.filter { (wantedNodes[$0] != 0) != pruning.nodeMask[$0] }
    let nearNodes = strayNodes.filter { abs(influence[$0] - pruning.nodeCut) < 1e-5 }
    let core = graph.subgraph(
      keeping: graph.nodes.indices.map {
        influence[$0] >= pruning.nodeCut || graph.nodes[$0].node.layer == nil
      })
    let scores = core.graph.edgeScores()
    var strayEdges = 0
    var nearEdges = 0
    for (new, target) in core.places.enumerated() {
      let kept = Set(pruning.keptSources[target].map { Int($0) })
      for (source, score) in zip(core.graph.effects.rows[new].sources, scores[new]) {
        let source = core.places[Int(source)]
        guard (wantedEdges[target * graph.nodes.count + source] != 0) != kept.contains(source) else {
          continue
        }
        strayEdges += 1
        if abs(score - pruning.edgeCut) < 1e-5 { nearEdges += 1 }
      }
    }
    if !strayNodes.isEmpty || strayEdges > 0 {
      print(
        "\(reference.path): \(strayNodes.count) nodes and \(strayEdges) edges fall on the other side of a cut"
      )
    }
    #expect(strayNodes.count == nearNodes.count)
    #expect(strayEdges == nearEdges)
    #expect(wantedEdges.reduce(0) { $0 + Int($1) } == pruning.graph.effects.edgeCount || strayEdges > 0)
  }
}
