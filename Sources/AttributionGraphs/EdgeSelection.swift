/// The second half of pruning: which edges stay among the nodes that the node cut left.
struct EdgeSelection {
  /// The graph whose edges are chosen.
  private let graph: AttributionGraph
  /// The least score that keeps an edge.
  let cut: Double
  /// The score of each edge that the cut kept, in the order of ``effects``.
  private var scores: [[Double]]
  /// All scores together, kept or not.
  private let total: Double
  /// The kept edges.
  private(set) var effects: DirectEffects
  /// Whether each node stays, `[node]`.
  private(set) var isKept: [Bool]

  /// Keeps the edges with the greatest scores, as many as make up a share of all.
  init(of graph: AttributionGraph, share: Double) {
    self.graph = graph
    effects = graph.effects
    scores = graph.edgeScores()
    isKept = Array(repeating: true, count: graph.nodes.count)
    let all = scores.flatMap { $0 }
    total = all.reduce(0, +)
    cut = share == 1 ? 0 : RunningShare.cut(all, keeping: share)
    let cut = cut
    keepEdges { _, _, weight, score in weight != 0 && score >= cut }
  }

  /// The part of all scores that the kept edges have.
  var keptShare: Double { part(scores.reduce(0) { $0 + $1.reduce(0, +) }, of: total) }

  /// Drops features and errors that nothing reads, and features that read nothing, until there are none.
  ///
  /// - Parameter isFixed: Which nodes stay in any case, `[node]`.
  mutating func dropUnconnectedNodes(sparing isFixed: [Bool]) {
    while true {
      var isRead = Array(repeating: false, count: isKept.count)
      for row in effects.rows { for source in row.sources { isRead[Int(source)] = true } }
      let unconnected = isKept.indices.filter { node in
        isKept[node] && !isFixed[node] && (!isRead[node] || lacksInputs(node))
      }
      if unconnected.isEmpty { return }
      for node in unconnected { isKept[node] = false }
      let mask = isKept
      keepEdges { source, target, _, _ in mask[source] && mask[target] }
    }
  }

  /// Whether a feature has no inputs, although they were computed.
  private func lacksInputs(_ node: Int) -> Bool {
    guard case .feature = graph.nodes[node].node else { return false }
    return effects.rows[node].sources.isEmpty && !effects.isSkipped[node] && !graph.nodes[node].isHeld
  }

  private mutating func keepEdges(
    where isWanted: (_ source: Int, _ target: Int, _ weight: Float, _ score: Double) -> Bool
  ) {
    for target in effects.rows.indices {
      let row = effects.rows[target]
      let kept = row.sources.indices.filter {
        isWanted(Int(row.sources[$0]), target, row.weights[$0], scores[target][$0])
      }
      guard kept.count < row.sources.count else { continue }
      effects.rows[target] = .init(
        sources: kept.map { row.sources[$0] }, weights: kept.map { row.weights[$0] })
      scores[target] = kept.map { scores[target][$0] }
    }
  }
}
