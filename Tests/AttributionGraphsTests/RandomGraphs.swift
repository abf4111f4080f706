import Tensors
import AttributionGraphs

extension AttributionGraph {
  /// A made-up trace: every edge goes from a lower layer to a higher one, and from no later position.
  ///
  /// Each feature reads each possible source with probability `density`; weights are drawn from -1 to 1.
  static func random(
    seed: UInt64, layers: Int = 5, positions: Int = 4, featuresPerLayer: Int = 8, logits: Int = 3,
    density: Double = 0.3
  ) -> AttributionGraph {
    var random = SeededGenerator(seed: seed)
    var nodes: [GraphNode] = []
    for layer in 0..<layers {
      let places = (0..<featuresPerLayer).map { _ in Int.random(in: 0..<positions, using: &random) }
      for (index, position) in places.sorted().enumerated() {
        let node = Node.feature(layer: layer, index: index, position: position)
        let activation = Float.random(in: 0...4, using: &random)
        nodes.append(GraphNode(node: node, id: "\(layer)_\(index)_\(position)", activation: activation))
      }
    }
    for layer in 0..<layers {
      for position in 0..<positions {
        nodes.append(GraphNode(node: .error(layer: layer, position: position), id: "\(layer)_-1_\(position)"))
      }
    }
    for position in 0..<positions {
      nodes.append(GraphNode(node: .embedding(position: position), id: "E_\(position + 7)_\(position)"))
    }
    var probabilities: [Double] = []
    for token in 0..<logits {
      probabilities.append(Double.random(in: 0...1, using: &random) / Double(logits))
      nodes.append(
        GraphNode(
          node: .logit(token: token, position: positions - 1), id: "\(layers + 1)_\(token)_\(positions - 1)",
          probability: probabilities[token]))
    }
    return AttributionGraph(
      metadata: GraphMetadata(
        slug: "random-\(seed)", scan: "random", prompt: "a b", promptTokens: ["a", " b"], layerCount: layers),
      nodes: nodes, effects: .random(among: nodes, density: density, using: &random),
      rootWeights: Array(repeating: 0, count: nodes.count - logits) + probabilities)
  }

  /// Nodes and edges without a story.
  static func ofNodes(
    _ nodes: [Node], _ effects: DirectEffects, activations: [Float?] = [], rootWeights: [Double]? = nil
  ) -> AttributionGraph {
    AttributionGraph(
      metadata: GraphMetadata(slug: "made-up", scan: "", prompt: "", promptTokens: []),
      nodes: nodes.enumerated().map { place, node in
        GraphNode(
          node: node, id: "\(place)",
          activation: activations.indices.contains(place) ? activations[place] : nil)
      },
      effects: effects, rootWeights: rootWeights ?? nodes.map { if case .logit = $0 { 1 } else { 0 } })
  }

  /// 10,000 nodes in 26 layers, and about a million edges; the last node is the only answer.
  static func large(seed: UInt64) -> AttributionGraph {
    var random = SeededGenerator(seed: seed)
    let (layers, perLayer, tokens) = (26, 384, 15)
    var nodes = (0..<tokens).map { Node.embedding(position: $0) }
    for layer in 0..<layers {
      for index in 0..<perLayer { nodes.append(.feature(layer: layer, index: index, position: tokens - 1)) }
    }
    nodes.append(.logit(token: 0, position: tokens - 1))
    var effects = DirectEffects(nodeCount: nodes.count)
    for target in tokens..<nodes.count {
      let below = target == nodes.count - 1 ? target : tokens + (target - tokens) / perLayer * perLayer
      let sources = Set((0..<108).map { _ in Int32.random(in: 0..<Int32(below), using: &random) }).sorted()
      effects.rows[target] = .init(
        sources: sources, weights: sources.map { _ in Float.random(in: -0.5...1, using: &random) })
    }
    // Inputs add up to activations, so that no effect grows without bound.
    let activations = effects.rows.map { row in row.weights.isEmpty ? nil : row.weights.reduce(0, +) }
    return .ofNodes(nodes, effects, activations: activations)
  }

  /// The same graph as it were if the rows of some features had not been computed.
  func skipping(_ targets: [Int]) -> AttributionGraph {
    var graph = self
    for target in targets {
      graph.effects.rows[target] = .init()
      graph.effects.isSkipped[target] = true
    }
    return graph
  }

  /// The places of the features.
  var features: [Int] {
    nodes.indices.filter { if case .feature = nodes[$0].node { true } else { false } }
  }
}

extension DirectEffects {
  static func random(
    among nodes: [GraphNode], density: Double, using random: inout SeededGenerator
  ) -> DirectEffects {
    var effects = DirectEffects(nodeCount: nodes.count)
    for (place, target) in nodes.enumerated() {
      let layer: Int
      switch target.node {
      case .feature(let targetLayer, _, _): layer = targetLayer
      case .logit: layer = Int.max
      case .error, .embedding: continue
      }
      for (other, source) in nodes.enumerated() where source.node.position <= target.node.position {
        if case .logit = source.node { continue }
        if let sourceLayer = source.node.layer, sourceLayer >= layer { continue }
        guard Double.random(in: 0..<1, using: &random) < density else { continue }
        effects.rows[place].sources.append(Int32(other))
        effects.rows[place].weights.append(Float.random(in: -1...1, using: &random))
      }
    }
    return effects
  }
}
