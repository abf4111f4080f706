import Tensors
import AttributionGraphs
import Testing

@Suite struct InfluenceTests {
  /// A hand-made graph: logit 4 reads features 1 and 0; feature 1 reads feature 0, the error 2 and the
  /// embedding 3.
  static let byHand: AttributionGraph = {
    var effects = DirectEffects(nodeCount: 5)
    effects.rows[4] = .init(sources: [0, 1], weights: [-1, 3])
    effects.rows[1] = .init(sources: [0, 2, 3], weights: [1, -1, 2])
    effects.rows[0] = .init(sources: [3], weights: [5])
    let nodes: [Node] = [
      .feature(layer: 0, index: 0, position: 0), .feature(layer: 1, index: 0, position: 0),
      .error(layer: 0, position: 0), .embedding(position: 0), .logit(token: 9, position: 0),
    ]
    return AttributionGraph(
      metadata: GraphMetadata(slug: "hand", scan: "", prompt: "", promptTokens: []),
      nodes: nodes.enumerated().map { GraphNode(node: $1, id: "\($0)") }, effects: effects,
      rootWeights: [0, 0, 0, 0, 0.8])
  }()

  @Test func `influence worked by hand is found`() {
    // 0.8 splits 1 : 3; the 0.6 of feature 1 splits 1 : 1 : 2; feature 0 hands all of 0.2 + 0.15 on.
    let expected = [0.35, 0.6, 0.15, 0.65, 0]
    for (value, wanted) in zip(Self.byHand.influence(), expected) { #expect(abs(value - wanted) < 1e-7) }
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func `back-substitution equals the power series`(seed: UInt64) {
    let graph = AttributionGraph.random(seed: seed)
    let plain = PlainInfluence(of: graph)
    let influence = Influence(of: graph)
    // Both in double precision; only the order of the sums differs.
    for (value, wanted) in zip(influence.values, plain.values) { #expect(abs(value - wanted) < 1e-13) }
    #expect(influence.cyclicNodeCount == 0)
    #expect(influence.circulating == 0)
  }

  @Test(arguments: 1...5 as ClosedRange<UInt64>)
  func `the order of the nodes does not matter`(seed: UInt64) {
    let graph = AttributionGraph.random(seed: seed)
    var random = SeededGenerator(seed: seed)
    let order = graph.nodes.indices.shuffled(using: &random)
    let shuffled = graph.reordered(order)
    let influence = graph.influence()
    for (value, place) in zip(shuffled.influence(), order) { #expect(abs(value - influence[place]) < 1e-13) }
  }

  @Test func `a sweep from the top feeds the accumulator row by row`() {
    let graph = AttributionGraph.random(seed: 3)
    var accumulator = InfluenceAccumulator(rootWeights: graph.rootWeights)
    for target in graph.nodes.indices.reversed() { accumulator.add(graph.effects.rows[target], of: target) }
    for (value, wanted) in zip(accumulator.influence, PlainInfluence(of: graph).values) {
      #expect(abs(value - wanted) < 1e-13)
    }
  }

  @Test func `all flow ends in a leaf or is missing`() {
    let graph = AttributionGraph.random(seed: 11)
    let skipped = graph.skipping([3, 17, 22])
    let influence = Influence(of: skipped)
    let leaves = skipped.nodes.indices.filter {
      skipped.effects.rows[$0].weights.isEmpty && !skipped.effects.isSkipped[$0]
    }
    let ended = leaves.reduce(0) { $0 + influence.values[$1] + skipped.rootWeights[$1] } + influence.missing
    #expect(abs(ended - graph.rootWeights.reduce(0, +)) < 1e-13)
  }

  @Test func `cycles and self links are summed as the series and told of`() {
    var graph = AttributionGraph.random(seed: 5, density: 0.9)
    graph.effects.rows[0].sources.insert(0, at: 0)
    graph.effects.rows[0].weights.insert(0.5, at: 0)
    graph.effects.rows[2].sources.append(39)
    graph.effects.rows[2].weights.append(0.7)
    let influence = Influence(of: graph)
    let plain = PlainInfluence(of: graph)
    for (value, wanted) in zip(influence.values, plain.values) { #expect(abs(value - wanted) < 1e-9) }
    #expect(influence.cyclicNodeCount > 0)
    #expect(influence.circulating == 0)
  }

  @Test func `a cycle without a way out is cut and what circulates is stated`() {
    var effects = DirectEffects(nodeCount: 3)
    effects.rows[2] = .init(sources: [0], weights: [1])
    effects.rows[0] = .init(sources: [1], weights: [1])
    effects.rows[1] = .init(sources: [0], weights: [1])
    var graph = Self.byHand
    graph = AttributionGraph(
      metadata: graph.metadata, nodes: [graph.nodes[0], graph.nodes[1], graph.nodes[4]], effects: effects,
      rootWeights: [0, 0, 1])
    let influence = Influence(of: graph)
    #expect(influence.circulating == 1)
    #expect(influence.cyclicNodeCount == 2)
    #expect(influence.values.allSatisfy { $0.isFinite })
  }

  @Test func `edge scores sum to the influence of their source`() {
    let graph = AttributionGraph.random(seed: 8)
    let influence = graph.influence()
    var sums = Array(repeating: 0.0, count: graph.nodes.count)
    for (row, scores) in zip(graph.effects.rows, graph.edgeScores(influence: influence)) {
      for (source, score) in zip(row.sources, scores) { sums[Int(source)] += score }
    }
    for (sum, value) in zip(sums, influence) { #expect(abs(sum - value) < 1e-13) }
  }

  @Test func `a dense matrix and its rows say the same`() {
    let graph = AttributionGraph.random(seed: 2)
    let dense = graph.denseAdjacency()
    let effects = DirectEffects(dense: dense, nodeCount: graph.nodes.count)
    #expect(graph.layoutOrder == Array(graph.nodes.indices))
    #expect(effects.rows.map(\.sources) == graph.effects.rows.map(\.sources))
    #expect(effects.rows.map(\.weights) == graph.effects.rows.map(\.weights))
    let shuffled = graph.reordered(graph.nodes.indices.reversed())
    #expect(Array(shuffled.denseAdjacency().prefix(1000)) != Array(dense.prefix(0)))
    #expect(shuffled.denseAdjacency().filter { $0 != 0 }.count == graph.effects.edgeCount)
  }
}

extension AttributionGraph {
  /// The same graph with its nodes in another order.
  func reordered(_ order: [Int]) -> AttributionGraph {
    var newPlaces = Array(repeating: 0, count: order.count)
    for (new, old) in order.enumerated() { newPlaces[old] = new }
    var effects = DirectEffects(nodeCount: order.count)
    for (new, old) in order.enumerated() {
      let row = self.effects.rows[old]
      let edges = zip(row.sources.map { newPlaces[Int($0)] }, row.weights).sorted { $0.0 < $1.0 }
      effects.rows[new] = .init(sources: edges.map { Int32($0.0) }, weights: edges.map(\.1))
    }
    return AttributionGraph(
      metadata: metadata, nodes: order.map { nodes[$0] }, effects: effects,
      rootWeights: order.map { rootWeights[$0] })
  }
}
