import Tensors
import AttributionGraphs

extension AttributionGraph {
  /// A graph from its nodes and from edges `(source, target, weight)`; the roots are the outputs.
  static func of(
    _ nodes: [GraphNode], _ edges: [(Int, Int, Float)] = [], tokens: [String] = ["<bos>", "one", "two"],
    slug: String = "test"
  ) -> AttributionGraph {
    var effects = DirectEffects(nodeCount: nodes.count)
    for (source, target, weight) in edges.sorted(by: { $0.0 < $1.0 }) {
      effects.rows[target].sources.append(Int32(source))
      effects.rows[target].weights.append(weight)
    }
    return AttributionGraph(
      metadata: GraphMetadata(slug: slug, scan: "none", prompt: tokens.joined(), promptTokens: tokens),
      nodes: nodes, effects: effects, rootWeights: nodes.map { $0.probability ?? 0 })
  }

  /// Embeddings, features and errors spread over layers and positions, two outputs, and edges that lead to
  /// higher layers and never back in the prompt.
  static func random(
    seed: UInt64, nodeCount: Int, layers: Int = 12, positions: Int = 8, edgesPerNode: Int = 8
  ) -> AttributionGraph {
    var generator = SeededGenerator(seed: seed)
    var nodes = (0..<positions).map { GraphNode(node: .embedding(position: $0), id: "E_\($0)", label: "Emb") }
    var errors: Set<Node> = []
    for index in 0..<nodeCount {
      let layer = Int.random(in: 0..<layers, using: &generator)
      // Most of a real graph is at its last position.
      let position = max(
        Int.random(in: 0..<positions, using: &generator), Int.random(in: 0..<positions, using: &generator))
      let error = Node.error(layer: layer, position: position)
      if index % 4 == 0, errors.insert(error).inserted {
        nodes.append(GraphNode(node: error, id: "0_\(layer)_\(position)", label: "Err"))
      } else {
        let words = ["size", "places in Texas", "quotation marks and parentheses", "", "of", "貨幣と紙幣"]
        nodes.append(
          GraphNode(
            node: .feature(layer: layer, index: index, position: position),
            id: "\(layer)_\(index)_\(position)", label: words[index % words.count], activation: 1))
      }
    }
    for (rank, probability) in [0.7, 0.2].enumerated() {
      nodes.append(
        GraphNode(
          node: .logit(token: rank, position: positions - 1), id: "L_\(rank)",
          label: "Output \" word\(rank)\" (p=\(probability))", probability: probability))
    }
    var edges: Set<[Int]> = []
    var weighted: [(Int, Int, Float)] = []
    for target in positions..<nodes.count {
      if case .error = nodes[target].node { continue }
      for _ in 0..<edgesPerNode {
        let source = Int.random(in: 0..<nodes.count - 2, using: &generator)
        let weight = Float.random(in: -1...2, using: &generator)
        guard Self.height(nodes[source]) < Self.height(nodes[target]),
          nodes[source].node.position <= nodes[target].node.position,
          edges.insert([source, target]).inserted
        else { continue }
        weighted.append((source, target, weight))
      }
    }
    return of(nodes, weighted, tokens: (0..<positions).map { " token\($0)" }, slug: "random-\(seed)")
  }

  private static func height(_ node: GraphNode) -> Int {
    switch node.node {
    case .embedding: -1
    case .feature(let layer, _, _), .error(let layer, _): layer
    case .logit: .max
    }
  }
}

/// Labels that break careless writers.
let hostileLabels = [
  #"say "hi""#, "<b>bold</b>", "a & b &amp; &#0; &lt;", #"back\slash \n \N \G \"#, "two\nlines\r\n\ttab",
  "👩‍👩‍👧‍👦 family 🎉", "日本語のとても長いラベルです", "שלום עולם \u{202E}evil", "\u{0}\u{1}\u{1B}[31m\u{7F}\u{85}",
  String(repeating: "very long label ", count: 60), String(repeating: "x", count: 2000), "\u{FFFE}\u{FFFF}",
  "e\u{301}\u{300}\u{302}", "   ", "", "]]>", "<!-- -->", "%3", "\u{FEFF}bom", "a/b\\c{d}|e[f]",
]

/// A small graph in which every text is hostile: labels, ids, tokens and the name.
func hostileGraph() -> AttributionGraph {
  let tokens = Array(hostileLabels.prefix(8))
  var nodes = tokens.indices.map {
    GraphNode(node: .embedding(position: $0), id: hostileLabels[$0], label: hostileLabels[$0])
  }
  for (index, label) in hostileLabels.enumerated() {
    nodes.append(
      GraphNode(node: .feature(layer: index % 3, index: index, position: index % 8), id: label, label: label))
  }
  for (token, label) in hostileLabels.enumerated() {
    nodes.append(
      GraphNode(node: .logit(token: token, position: 7), id: label, label: label, probability: 0.05))
  }
  var edges: [(Int, Int, Float)] = []
  let outputs = nodes.count - hostileLabels.count
  for source in 0..<outputs {
    for target in outputs..<nodes.count { edges.append((source, target, source.isMultiple(of: 2) ? 1 : -1)) }
  }
  return .of(nodes, edges, tokens: tokens, slug: hostileLabels.joined())
}
