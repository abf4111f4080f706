/// A graph cut down to what carries most of the influence, and what the cut left.
public struct Pruning: Sendable {
  /// The pruned graph: the kept nodes in their old order, with their ``GraphNode/influence``, and the kept
  /// edges.
  public var graph: AttributionGraph
  /// Whether each node of the unpruned graph stays, `[node]`.
  public let nodeMask: [Bool]
  /// The edges that stay, by places in the unpruned graph: for each target its sources, ascending,
  /// `[target][edge]`.
  public let keptSources: [[Int32]]
  /// The least influence that keeps a node.
  public let nodeCut: Double
  /// The least edge score that keeps an edge among the kept nodes.
  public let edgeCut: Double
  /// The part of all nodes' influence that the kept nodes have.
  public let keptInfluence: Double
  /// The part of the edge scores, among the nodes that the node cut left, that the kept edges have.
  public let keptEdgeInfluence: Double

  /// Whether the edge from one node of the unpruned graph to another stays.
  public func keepsEdge(from source: Int, to target: Int) -> Bool {
    keptSources[target].contains(Int32(source))
  }
}

extension AttributionGraph {
  /// Keeps the nodes, then the edges, that carry a given share of the influence.
  ///
  /// - Nodes are sorted by influence `I`, and kept down to the value where the running share reaches
  ///   `nodeShare`. Embeddings, logits and roots (nodes with a root weight) always stay.
  /// - `N` and `I` are computed anew on the kept nodes; edges are sorted by `N[t, s] · (I[t] + w[t])`, and
  ///   kept down to the value where the running share reaches `edgeShare`.
  /// - Features and errors without an edge to a kept node, and features without an edge from one, are
  ///   dropped until none is left. A feature whose row was skipped is not taken to lack inputs.
  ///
  /// A share of exactly 1 makes no cut: every node with influence stays, and every edge that is not zero, but
  /// for what the third step drops.
  ///
  /// Each kept node's ``GraphNode/influence`` becomes the running share at its place among all nodes of the
  /// unpruned graph, `nil` for logits. The rule is that of circuit-tracer; a node or an edge whose score
  /// lies within rounding of the cut may fall on either side of it.
  ///
  /// Ameisen et al. 2025, "Circuit Tracing: Revealing Computational Graphs in Language Models".
  ///
  /// - Parameters:
  ///   - influence: The influence `I` of the nodes, `[node]`, if it is known already.
  ///   - spared: The ids of nodes that stay whatever their influence, as roots do.
  /// - Throws: ``GraphError/shareOutOfRange(name:value:)``, ``GraphError/notFinite(place:)``.
  public func pruned(
    nodeShare: Double = 0.8, edgeShare: Double = 0.98, influence: [Double]? = nil,
    sparing spared: Set<String> = []
  ) throws(GraphError) -> Pruning {
    try check(nodeShare, edgeShare)
    let influence = influence ?? self.influence()
    precondition(
      influence.count == nodes.count, "the influence of \(influence.count) of \(nodes.count) nodes")
    let nodeCut = RunningShare.cut(influence, keeping: nodeShare)
    let shares = RunningShare.shares(influence)
    return pruned(
      to: isAbove(nodeCut, influence), nodeCut: nodeCut, shares: (nodeShare, edgeShare), influence: influence,
      stating: nodes.indices.map { share(shares, of: $0) }, sparing: spared, isWhole: true)
  }

  /// Keeps of a graph that was pruned before what a reader asks for, and by default all that its maker left.
  ///
  /// A file's nodes were chosen by their influence in the whole graph, which it may state; to prune what is left once more
  /// by the influence within it would hide what its maker shows. So the stated running shares count, where there are any:
  /// a node stays up to `nodeShare`, or if nothing but the last step of the file's own cut goes beyond it. Where there are
  /// none the rule is that of ``pruned(nodeShare:edgeShare:influence:sparing:)``. A node share of 1 keeps all nodes, and
  /// with an edge share of 1 no node is dropped for want of edges.
  /// - Parameter spared: The ids of nodes that stay in any case.
  /// - Throws: ``GraphError/shareOutOfRange(name:value:)``, ``GraphError/notFinite(place:)``.
  public func narrowed(
    nodeShare: Double? = nil, edgeShare: Double = 1, sparing spared: Set<String> = []
  ) throws(GraphError) -> Pruning {
    let nodeShare = nodeShare ?? openingNodeShare
    try check(nodeShare, edgeShare)
    let influence = influence()
    let nodeCut = RunningShare.cut(influence, keeping: nodeShare)
    var isKept = isAbove(nodeCut, influence)
    if nodeShare == 1 {
      isKept = isKept.map { _ in true }
    } else if statesInfluence {
      let beyond = Set(nodes.compactMap(\.influence).filter { $0 > nodeShare })
      isKept = nodes.indices.map {
        isFixed($0) || (nodes[$0].influence ?? 0) <= nodeShare || beyond.count == 1
      }
    }
    return pruned(
      to: isKept, nodeCut: nodeCut, shares: (nodeShare, edgeShare), influence: influence,
      stating: nodes.map(\.influence), sparing: spared, isWhole: false)
  }

  /// Whether any node says which share of influence the nodes up to it have.
  public var statesInfluence: Bool { nodes.contains { $0.influence != nil } }

  /// The node share with which a file opens as its maker left it: the one it names, if its nodes state theirs, else all.
  public var openingNodeShare: Double {
    guard statesInfluence,
      let share = metadata.nodeThreshold ?? metadata.pruningSettings["node_threshold"]?.double,
      (0...1).contains(share)
    else { return 1 }
    return share
  }

  private func check(_ nodeShare: Double, _ edgeShare: Double) throws(GraphError) {
    for (name, share) in [("node share", nodeShare), ("edge share", edgeShare)] {
      guard (0...1).contains(share) else { throw .shareOutOfRange(name: name, value: share) }
    }
    try checkFinite()
  }

  /// The second half of both rules: the cut of the edges, and what it leaves unconnected.
  private func pruned(
    to isKept: [Bool], nodeCut: Double, shares: (node: Double, edge: Double), influence: [Double],
    stating stated: [Double?], sparing spared: Set<String>, isWhole: Bool
  ) -> Pruning {
    let isSpared = nodes.map { spared.contains($0.id) }
    var core = subgraph(keeping: zip(isKept, isSpared).map { $0 || $1 })

    var edges = EdgeSelection(of: core.graph, share: shares.edge)
    if isWhole || shares.edge < 1 {
      edges.dropUnconnectedNodes(sparing: core.places.map { isFixed($0) || isSpared[$0] })
    }

    core.graph.effects = edges.effects
    var result = core.graph
    for (new, old) in core.places.enumerated() { result.nodes[new].influence = stated[old] }
    let left = result.subgraph(keeping: edges.isKept)
    result = left.graph
    result.metadata.nodeThreshold = shares.node
    if isWhole {
      result.metadata.pruningSettings["node_threshold"] = JSON(shares.node)
      result.metadata.pruningSettings["edge_threshold"] = JSON(shares.edge)
    }
    let kept = left.places.map { core.places[$0] }
    return Pruning(
      graph: result, nodeMask: mask(of: kept), keptSources: sources(of: result, at: kept), nodeCut: nodeCut,
      edgeCut: edges.cut,
      keptInfluence: part(kept.reduce(0) { $0 + influence[$1] }, of: influence.reduce(0, +)),
      keptEdgeInfluence: edges.keptShare)
  }

  /// How much the node cut of ``pruned(nodeShare:edgeShare:influence:sparing:)`` leaves for the edge cut.
  /// - Parameter influence: The influence `I` of the nodes, `[node]`.
  /// - Returns: The number of nodes, of edges among them, and of those edges that join two nodes of one position.
  public func sizeOfCore(
    nodeShare: Double, influence: [Double]
  ) -> (nodes: Int, edges: Int, edgesInPosition: Int) {
    let isKept = isAbove(RunningShare.cut(influence, keeping: nodeShare), influence)
    let positions = nodes.map(\.node.position)
    var (edges, inPosition) = (0, 0)
    for (target, row) in effects.rows.enumerated() where isKept[target] {
      for source in row.sources where isKept[Int(source)] {
        edges += 1
        if positions[Int(source)] == positions[target] { inPosition += 1 }
      }
    }
    return (isKept.count { $0 }, edges, inPosition)
  }

  /// Whether each node stays at a cut, `[node]`.
  private func isAbove(_ cut: Double, _ influence: [Double]) -> [Bool] {
    nodes.indices.map { isFixed($0) || influence[$0] >= cut }
  }

  /// Whether a node stays whatever its influence.
  private func isFixed(_ place: Int) -> Bool {
    nodes[place].node.isEmbeddingOrLogit || rootWeights[place] > 0
  }

  /// Refuses weights and root weights from which no order could be made.
  func checkFinite() throws(GraphError) {
    for place in nodes.indices {
      guard effects.rows[place].absoluteSum.isFinite else {
        throw .notFinite(place: "The weight of an edge into node \(nodes[place].id)")
      }
      guard rootWeights[place].isFinite else {
        throw .notFinite(place: "The root weight of node \(nodes[place].id)")
      }
    }
  }

  /// What the files state as a node's influence.
  private func share(_ shares: [Double], of place: Int) -> Double? {
    if case .logit = nodes[place].node { nil } else { shares[place] }
  }

  private func mask(of places: [Int]) -> [Bool] {
    var mask = Array(repeating: false, count: nodes.count)
    for place in places { mask[place] = true }
    return mask
  }

  /// The edges of a subgraph by their places here.
  private func sources(of subgraph: AttributionGraph, at places: [Int]) -> [[Int32]] {
    var sources = Array(repeating: [Int32](), count: nodes.count)
    for (new, row) in subgraph.effects.rows.enumerated() {
      sources[places[new]] = row.sources.map { Int32(places[Int($0)]) }
    }
    return sources
  }
}

/// `amount / whole`, and 0 where the whole is 0 or beyond what numbers hold.
func part(_ amount: Double, of whole: Double) -> Double {
  whole > 0 && whole.isFinite ? amount / whole : 0
}

extension Node {
  /// Whether pruning keeps the node whatever its influence.
  var isEmbeddingOrLogit: Bool {
    switch self {
    case .embedding, .logit: true
    case .feature, .error: false
    }
  }
}
