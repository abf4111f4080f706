import AttributionGraphs
import TestSupport
import Tensors
import Testing

struct ComparisonTests {
  private static let seeds: [UInt64] = [1, 2, 3, 4, 5, 6, 7, 8]

  @Test(arguments: seeds)
  func `a graph compared with itself has no changes`(seed: UInt64) throws {
    let graph = AttributionGraph.random(seed: seed)
    let exact = ComparisonQuestion(influenceTolerance: 0, activationTolerance: 0, shareTolerance: 0)
    let comparison = try graph.compared(with: graph, exact)
    #expect(comparison.isUnchanged)
    #expect(comparison.nodes.count == graph.nodes.count)
    #expect(comparison.nodes.allSatisfy { $0.first == $0.second && $0.change == .same })
    #expect(comparison.summary.nodes == [.same: graph.nodes.count] && comparison.summary.edges.isEmpty)
    #expect(abs((comparison.summary.sharedInfluence.first ?? 0) - 1) < 1e-12)
    #expect(comparison.transcoders == .same)
  }

  @Test(arguments: seeds)
  func `the order of the nodes in a file does not matter`(seed: UInt64) throws {
    let graph = AttributionGraph.random(seed: seed)
    var random = SeededGenerator(seed: seed)
    let order = graph.nodes.indices.shuffled(using: &random)
    let comparison = try graph.compared(with: graph.reordered(order))
    #expect(comparison.isUnchanged)
    #expect(comparison.nodes.allSatisfy { change in change.second.map { order[$0] } == change.first })
  }

  @Test(arguments: seeds)
  func `swapped graphs give the mirrored comparison`(seed: UInt64) throws {
    let (first, second) = Self.relatives(seed)
    let comparison = try first.compared(with: second)
    let mirrored = try second.compared(with: first)
    #expect(!comparison.isUnchanged)
    #expect(comparison.alignment.rule == mirrored.alignment.rule)
    func names(_ comparison: GraphComparison, isSwapped: Bool) -> (
      nodes: Set<[Double?]>, edges: Set<[Double?]>
    ) {
      func codes(_ change: GraphComparison.Change) -> Double {
        switch change {
        case .same: 0
        case .changed: 1
        case .gone: isSwapped ? 3 : 2
        case .added: isSwapped ? 2 : 3
        }
      }
      func ordered(_ a: Double?, _ b: Double?) -> [Double?] { isSwapped ? [b, a] : [a, b] }
      func places(_ node: GraphComparison.NodeChange) -> [Double?] {
        ordered(node.first.map(Double.init), node.second.map(Double.init))
      }
      let nodes = comparison.nodes.map { node in
        [codes(node.change)] + places(node) + ordered(node.answerShare.first, node.answerShare.second)
          + ordered(node.activation.first, node.activation.second)
      }
      let edges = comparison.edges.map { edge in
        [codes(edge.change)] + places(comparison.nodes[edge.source]) + places(comparison.nodes[edge.target])
          + ordered(edge.share.first, edge.share.second) + [edge.importance]
      }
      return (Set(nodes), Set(edges))
    }
    let (here, there) = (names(comparison, isSwapped: false), names(mirrored, isSwapped: true))
    #expect(here.nodes == there.nodes)
    #expect(here.edges == there.edges)
  }

  @Test(arguments: seeds)
  func `what was taken away, added and changed is found, and nothing else`(seed: UInt64) throws {
    let graph = AttributionGraph.random(seed: seed)
    let isKept = graph.nodes.indices.map { $0 != 3 && $0 != 11 }
    var (changed, places) = graph.subgraph(keeping: isKept)
    let louder = try #require(places.firstIndex(of: 20))
    changed.nodes[louder].activation = (changed.nodes[louder].activation ?? 0) * 2 + 1
    let moved = try #require(changed.effects.rows.firstIndex { $0.weights.count > 3 })
    changed.effects.rows[moved].weights[0] += 5
    let question = ComparisonQuestion(influenceTolerance: 1, shareTolerance: 0.01)
    let comparison = try graph.compared(with: changed, question)
    #expect(comparison.nodes.filter { $0.change == .gone }.map(\.first) == [3, 11])
    #expect(comparison.nodes.filter { $0.change == .added }.isEmpty)
    #expect(comparison.nodes.filter { $0.change == .changed }.map(\.first) == [20])
    #expect(comparison.edges.contains { $0.target == places[moved] })
    // Rows that lost no source and no weight are as they were.
    let touched = Set(
      graph.nodes.indices.filter { target in
        graph.effects.rows[target].sources.contains { $0 == 3 || $0 == 11 }
      } + [places[moved]])
    #expect(comparison.edges.allSatisfy { touched.contains($0.target) })
    for edge in comparison.edges {
      #expect(abs((edge.share.first ?? 0) - graph.share(edge.source, edge.target)) < 1e-12)
    }
    let back = try changed.compared(with: graph, question)
    #expect(back.nodes.filter { $0.change == .added }.map(\.second) == [3, 11])
  }

  @Test(
    arguments: [
      ("a b c d", "a b c d", [0, 1, 2, 3]),
      ("a b c d", "x y a b c d", [2, 3, 4, 5]),
      ("a b c d", "a b c d x y", [0, 1, 2, 3]),
      ("a b c d", "a b x y c d", [0, 1, 4, 5]),
      ("a b c d", "a x c d", [0, 1, 2, 3]),
      ("a p q c d", "a x y c d", [0, 1, 2, 3, 4]),
      ("a p c d", "a x y c d", [0, nil, 3, 4]),
    ] as [(String, String, [Int?])])
  func `positions are paired along the tokens that both prompts have`(
    first: String, second: String, pairs: [Int?]
  ) throws {
    let (left, right) = (Self.prompt(first), Self.prompt(second))
    let question = ComparisonQuestion(rule: .byTokens)
    let alignment = try left.compared(with: right, question).alignment
    #expect(Self.seconds(alignment, count: pairs.count) == pairs)
    // Every position of both is in one column, and the columns keep their order.
    #expect(alignment.columns.compactMap(\.first) == Array(left.metadata.promptTokens.indices))
    #expect(alignment.columns.compactMap(\.second) == Array(right.metadata.promptTokens.indices))
    let back = try right.compared(with: left, question).alignment
    #expect(
      Set(back.columns.map { [$0.second, $0.first] }) == Set(alignment.columns.map { [$0.first, $0.second] }))
  }

  @Test(arguments: [
    ("x a b", "a b", PositionAlignment.Rule.fromEnd), ("a b x", "a b", .byTokens),
    ("a x b", "a b", .byTokens),
    ("a b", "a b", .fromEnd),
  ])
  func `the pairing that pairs most influence is chosen`(
    first: String, second: String, rule: PositionAlignment.Rule
  ) throws {
    let comparison = try Self.prompt(first).compared(with: Self.prompt(second))
    #expect(comparison.alignment.rule == rule)
  }

  @Test func `another token at one position is a change`() throws {
    let comparison = try Self.prompt("a b c").compared(with: Self.prompt("a x c"))
    #expect(comparison.nodes.filter(\.isOtherToken).map(\.first) == [1])
    #expect(comparison.nodes.filter { $0.change == .changed }.map(\.first) == [1])
  }

  @Test func `features of other transcoders are not taken for each other`() throws {
    let graph = AttributionGraph.random(seed: 4)
    var other = graph
    other.metadata.scan = "another"
    let comparison = try graph.compared(with: other)
    #expect(comparison.transcoders == .different(key: "scan", first: "random", second: "another"))
    #expect(!comparison.comparesFeatures)
    #expect(comparison.summary.nodes[.gone] == graph.features.count)
    #expect(comparison.summary.nodes[.added] == graph.features.count)
    #expect(
      comparison.description.hasPrefix("The graphs are of different transcoders ('scan' is 'random' and"))
    let insisting = try graph.compared(with: other, ComparisonQuestion(ignoresTranscoders: true))
    #expect(insisting.isUnchanged && insisting.comparesFeatures)
  }

  @Test func `two nodes that look the same are paired one by one`() throws {
    var graph = AttributionGraph.random(seed: 4)
    graph.nodes[1].node = graph.nodes[0].node
    let comparison = try graph.compared(with: graph)
    #expect(comparison.isUnchanged)
    #expect(comparison.nodes.allSatisfy { $0.first == $0.second })
  }

  @Test func `values for an overlay are made of both`() {
    let pair = GraphComparison.Pair(first: 0.1, second: 0.3)
    #expect(
      abs(pair.mean - 0.2) < 1e-15 && abs(pair.difference - 0.2) < 1e-15 && abs(pair.balance - 0.5) < 1e-15)
    #expect(GraphComparison.Pair(first: nil, second: 0.3).balance == 1)
    #expect(GraphComparison.Pair(first: 0.3, second: nil).balance == -1)
    #expect(GraphComparison.Pair(first: nil, second: nil).balance == 0)
  }

  @Test func `questions that cannot be answered are refused`() {
    let graph = AttributionGraph.random(seed: 1)
    #expect(throws: GraphError.shareOutOfRange(name: "tolerance of influence", value: -1)) {
      try graph.compared(with: graph, ComparisonQuestion(influenceTolerance: -1))
    }
  }

  @Test(.enabled(if: SharedFiles.areAvailable, Comment(rawValue: SharedFiles.reason)))
  func `real graphs are compared in either order, and with themselves`() throws {
    let graphs = try RealGraphTests.names.map { try RealGraphTests.read($0).graph }
    for graph in graphs { #expect(try graph.compared(with: graph).isUnchanged) }
    // All three have one scan, but the third is of cross-layer transcoders and says so.
    let (alike, other) = (try graphs[0].compared(with: graphs[1]), try graphs[0].compared(with: graphs[2]))
    #expect(alike.transcoders == .same && alike.comparesFeatures)
    #expect(
      other.transcoders
        == .different(key: "neuronpedia_source_set", first: "gemmascope-transcoder-16k", second: "clt-hp"))
    let back = try graphs[1].compared(with: graphs[0])
    #expect(back.summary.nodes[.gone] == alike.summary.nodes[.added])
    #expect(back.summary.nodes[.added] == alike.summary.nodes[.gone])
    #expect(back.summary.edges[.changed] == alike.summary.edges[.changed])
  }

  // MARK: Made-up graphs

  /// A graph, and one with some nodes gone, one more token in front, some weights and activations changed.
  private static func relatives(_ seed: UInt64) -> (AttributionGraph, AttributionGraph) {
    var random = SeededGenerator(seed: seed)
    let first = AttributionGraph.random(seed: seed)
    let isKept = first.nodes.map { $0.node.layer == nil || Double.random(in: 0..<1, using: &random) < 0.8 }
    var second = first.subgraph(keeping: isKept).graph
    for place in second.nodes.indices {
      second.effects.rows[place].weights = second.effects.rows[place].weights.map {
        $0 + Float.random(in: -0.2...0.2, using: &random)
      }
      second.nodes[place].activation = second.nodes[place].activation.map {
        $0 * Float.random(in: 0.9...1.1, using: &random)
      }
    }
    return (first, second)
  }

  /// A graph of a prompt with nothing but its embeddings, each worth the same to the answer.
  private static func prompt(_ text: String) -> AttributionGraph {
    let tokens = text.split(separator: " ").map(String.init)
    var effects = DirectEffects(nodeCount: tokens.count + 1)
    effects.rows[tokens.count] = .init(
      sources: tokens.indices.map(Int32.init), weights: tokens.map { _ in 1 })
    var graph = AttributionGraph.ofNodes(
      tokens.indices.map { .embedding(position: $0) } + [.logit(token: 5, position: tokens.count - 1)],
      effects)
    graph.metadata.promptTokens = tokens
    return graph
  }

  private static func seconds(_ alignment: PositionAlignment, count: Int) -> [Int?] {
    (0..<count).map { position in alignment.columns.first { $0.first == position }?.second }
  }
}

extension AttributionGraph {
  fileprivate func share(_ source: Int, _ target: Int) -> Double {
    let row = effects.rows[target]
    guard let edge = row.sources.firstIndex(of: Int32(source)) else { return 0 }
    return Double(row.weights[edge]) / row.weights.reduce(0.0) { $0 + Double(abs($1)) }
  }
}
