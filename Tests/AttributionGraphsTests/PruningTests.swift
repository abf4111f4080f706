import AttributionGraphs
import Testing

@Suite struct PruningTests {
  static let seeds: ClosedRange<UInt64> = 1...12

  @Test(arguments: seeds, [(0.5, 0.9), (0.8, 0.98), (0.95, 0.5)])
  func `pruning follows the published rule`(seed: UInt64, shares: (node: Double, edge: Double)) throws {
    let graph = AttributionGraph.random(seed: seed)
    let pruning = try graph.pruned(nodeShare: shares.node, edgeShare: shares.edge)
    let plain = PlainPruning(of: graph, nodeShare: shares.node, edgeShare: shares.edge)
    #expect(pruning.nodeMask == plain.nodeMask)
    for target in graph.nodes.indices {
      #expect(pruning.keptSources[target].map { Int($0) } == plain.sources(of: target))
    }
  }

  @Test(arguments: seeds, [0.3, 0.8, 1])
  func `what the node cut leaves is counted`(seed: UInt64, share: Double) throws {
    let graph = AttributionGraph.random(seed: seed)
    let influence = graph.influence()
    let cut = try graph.pruned(nodeShare: share).nodeCut
    let core = graph.subgraph(
      keeping: graph.nodes.indices.map {
        graph.nodes[$0].node.layer == nil || graph.rootWeights[$0] > 0 || influence[$0] >= cut
      }
    ).graph
    let size = graph.sizeOfCore(nodeShare: share, influence: influence)
    let edges = core.effects.rows.enumerated().flatMap { target, row in
      row.sources.map { core.nodes[Int($0)].node.position == core.nodes[target].node.position }
    }
    #expect(size.nodes == core.nodes.count)
    #expect(size.edges == edges.count && size.edgesInPosition == edges.count { $0 })
    #expect(size.edges > 0)
  }

  @Test(arguments: seeds, [0.3, 0.8, 0.95])
  func `what stays is connected, and fixed nodes stay`(seed: UInt64, share: Double) throws {
    let graph = AttributionGraph.random(seed: seed)
    let pruned = try graph.pruned(nodeShare: share).graph
    var isRead = Array(repeating: false, count: pruned.nodes.count)
    for row in pruned.effects.rows { for source in row.sources { isRead[Int(source)] = true } }
    for (place, vertex) in pruned.nodes.enumerated() {
      switch vertex.node {
      case .feature:
        #expect(isRead[place])
        #expect(!pruned.effects.rows[place].sources.isEmpty)
      case .error: #expect(isRead[place])
      case .embedding: break
      case .logit: #expect(vertex.influence == nil)
      }
    }
    let isFixed: (GraphNode) -> Bool = { $0.node.layer == nil }
    #expect(pruned.nodes.filter(isFixed).map(\.id) == graph.nodes.filter(isFixed).map(\.id))
    #expect(pruned.rootWeights.reduce(0, +) == graph.rootWeights.reduce(0, +))
  }

  @Test(arguments: seeds)
  func `a greater share keeps whatever a smaller one kept`(seed: UInt64) throws {
    let graph = AttributionGraph.random(seed: seed)
    var before = 0
    var influenceBefore = 0.0
    for share in [0, 0.2, 0.5, 0.8, 0.9, 0.99, 1] {
      let pruning = try graph.pruned(nodeShare: share, edgeShare: 1)
      let kept = pruning.nodeMask.filter { $0 }.count
      #expect(kept >= before)
      #expect(pruning.keptInfluence >= influenceBefore)
      before = kept
      influenceBefore = pruning.keptInfluence
    }
  }

  @Test(arguments: seeds)
  func `shares of one keep every node with influence and every edge among them`(seed: UInt64) throws {
    let graph = AttributionGraph.random(seed: seed, density: 1)
    let influence = graph.influence()
    let pruning = try graph.pruned(nodeShare: 1, edgeShare: 1)
    for place in graph.nodes.indices {
      #expect(pruning.nodeMask[place] == (influence[place] > 0 || graph.nodes[place].node.layer == nil))
    }
    #expect(
      pruning.graph.effects.edgeCount
        == graph.subgraph(keeping: pruning.nodeMask).graph.effects.edgeCount)
    #expect(abs(pruning.keptInfluence - 1) < 1e-12)
    #expect(abs(pruning.keptEdgeInfluence - 1) < 1e-12)
  }

  @Test(arguments: seeds)
  func `a node's influence is the running share in the unpruned graph`(seed: UInt64) throws {
    let graph = AttributionGraph.random(seed: seed)
    let influence = graph.influence()
    let total = influence.reduce(0, +)
    for vertex in try graph.pruned().graph.nodes {
      guard let share = vertex.influence,
        let place = graph.nodes.firstIndex(where: { $0.id == vertex.id })
      else { continue }
      let above = influence.filter { $0 >= influence[place] }.reduce(0, +) / total
      // Nodes with equal influence share one value here, each its own in the file.
      #expect(share <= above + 1e-12)
      #expect(share >= influence.filter { $0 > influence[place] }.reduce(0, +) / total - 1e-12)
    }
  }

  @Test func `a feature that is traced itself stays without readers`() throws {
    var graph = AttributionGraph.random(seed: 4)
    graph.rootWeights = graph.rootWeights.map { _ in 0 }
    graph.rootWeights[20] = 1
    let pruning = try graph.pruned(nodeShare: 0.3)
    #expect(pruning.nodeMask[20])
    #expect(pruning.graph.rootWeights.reduce(0, +) == 1)
  }

  @Test func `a feature whose row was skipped is not dropped for lack of inputs`() throws {
    let graph = AttributionGraph.random(seed: 6)
    let influence = graph.influence()
    let strongest = try #require(graph.features.max { influence[$0] < influence[$1] })
    let pruning = try graph.skipping([strongest]).pruned()
    #expect(pruning.nodeMask[strongest])
    #expect(pruning.graph.effects.isSkipped.filter { $0 }.count == 1)
  }

  @Test(arguments: [-0.1, 1.0001, Double.nan, .infinity])
  func `a share outside 0...1 is refused`(share: Double) {
    #expect(throws: GraphError.self) { try AttributionGraph.random(seed: 1).pruned(nodeShare: share).nodeCut }
    #expect(throws: GraphError.self) { try AttributionGraph.random(seed: 1).pruned(edgeShare: share).nodeCut }
  }

  @Test func `weights that are no numbers are refused`() {
    var graph = AttributionGraph.random(seed: 1)
    graph.effects.rows[30].weights[0] = .nan
    let broken = graph
    #expect(throws: GraphError.self) { try broken.pruned().nodeCut }
  }

  @Test func `a graph without roots, edges or nodes is pruned without complaint`() throws {
    var graph = AttributionGraph.random(seed: 1)
    graph.rootWeights = graph.rootWeights.map { _ in 0 }
    #expect(try graph.pruned().graph.nodes.allSatisfy { $0.node.layer == nil })
    let empty = AttributionGraph(
      metadata: graph.metadata, nodes: [], effects: DirectEffects(nodeCount: 0), rootWeights: [])
    #expect(try empty.pruned().graph.nodes.isEmpty)
    #expect(empty.scores().replacement == 0)
  }
}

/// The published rule in plain loops over dense matrices.
struct PlainPruning {
  var nodeMask: [Bool]
  var edgeMask: [[Bool]]

  init(of graph: AttributionGraph, nodeShare: Double, edgeShare: Double) {
    let influence = PlainInfluence(of: graph).values
    let cut = Self.cut(influence, nodeShare)
    let nodes = graph.nodes.indices
    let isFixed = nodes.map { graph.nodes[$0].node.layer == nil }
    let isFeature = nodes.map { if case .feature = graph.nodes[$0].node { true } else { false } }
    var mask = nodes.map { isFixed[$0] || influence[$0] >= cut }

    var rest = graph
    for target in nodes {
      let row = graph.effects.rows[target]
      let kept = row.sources.indices.filter { mask[target] && mask[Int(row.sources[$0])] }
      rest.effects.rows[target] = .init(
        sources: kept.map { row.sources[$0] }, weights: kept.map { row.weights[$0] })
    }
    let plain = PlainInfluence(of: rest)
    let scores = nodes.map { target in
      nodes.map { plain.normalized[target][$0] * (plain.values[target] + graph.rootWeights[target]) }
    }
    let edgeCut = Self.cut(scores.flatMap { $0 }, edgeShare)
    var edges = scores.map { $0.map { $0 >= edgeCut && $0 > 0 } }
    while true {
      let before = mask
      for node in nodes where !isFixed[node] {
        if !nodes.contains(where: { edges[$0][node] }) { mask[node] = false }
        if isFeature[node], !nodes.contains(where: { edges[node][$0] }) { mask[node] = false }
      }
      for target in nodes {
        for source in nodes where !mask[target] || !mask[source] { edges[target][source] = false }
      }
      if mask == before { break }
    }
    nodeMask = mask
    edgeMask = edges
  }

  func sources(of target: Int) -> [Int] { edgeMask[target].indices.filter { edgeMask[target][$0] } }

  private static func cut(_ scores: [Double], _ share: Double) -> Double {
    let sorted = scores.sorted(by: >)
    let total = sorted.reduce(0, +)
    var sum = 0.0
    for score in sorted {
      sum += score
      if sum / total >= share { return score }
    }
    return sorted.last ?? 0
  }
}
