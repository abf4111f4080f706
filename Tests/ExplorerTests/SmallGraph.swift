import AttributionGraphs
import Explorer

/// A token, two features, an error and an answer, with weights that are told by hand.
func smallGraph() -> AttributionGraph {
  let nodes: [GraphNode] = [
    GraphNode(node: .feature(layer: 0, index: 7, position: 0), id: "0_7_0", label: "first", activation: 2),
    GraphNode(
      node: .feature(layer: 1, index: 9, position: 1), id: "1_9_1", label: "<b>second</b>", activation: 1),
    GraphNode(node: .error(layer: 0, position: 0), id: "0_-1_0"),
    GraphNode(node: .embedding(position: 0), id: "E_5_0"),
    GraphNode(
      node: .logit(token: 3, position: 1), id: "2_3_1", label: "Output \" yes\" (p=0.8)", probability: 0.8),
  ]
  var effects = DirectEffects(nodeCount: 5)
  effects.rows[0] = .init(sources: [3], weights: [2])
  effects.rows[1] = .init(sources: [0, 2], weights: [3, -1])
  effects.rows[4] = .init(sources: [1, 3], weights: [4, 1])
  return AttributionGraph(
    metadata: GraphMetadata(
      slug: "small", scan: "made-up", prompt: "a </script> b", promptTokens: ["a </script>", " b"],
      layerCount: 2),
    nodes: nodes, effects: effects, rootWeights: [0, 0, 0, 0, 0.8])
}

/// Knows one feature.
struct OneFeature: FeatureLibrary {
  func examples(layer: Int, index: Int) throws -> JSON? {
    layer == 1 && index == 9
      ? ["layer": 1, "index": 9, "top_logits": ["</script><script>alert(1)</script>"]] : nil
  }

  func densities(of features: [(layer: Int, index: Int)]) throws -> [Double?] {
    features.map { $0.layer == 1 ? 0.25 : nil }
  }
}
