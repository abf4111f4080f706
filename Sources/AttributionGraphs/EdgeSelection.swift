/// The second half of pruning: which edges stay among the nodes that the node cut left.
///
/// A score is worked out where it is asked for, so that millions of edges take no more memory than their weights.
struct EdgeSelection {
  /// The least score that keeps an edge.
  let cut: Double
  private let nodes: [GraphNode]
  /// What a weight's magnitude is multiplied by to give the edge's score, `[target]`; see
  /// ``AttributionGraph/edgeScores(influence:)``.
  private let scales: [Double]
  /// All scores together, kept or not.
  private let total: Double
  /// The kept edges.
  private(set) var effects: DirectEffects
  /// Whether each node stays, `[node]`.
  private(set) var isKept: [Bool]

  /// Keeps the edges with the greatest scores, as many as make up a share of all.
  init(of graph: AttributionGraph, share: Double) {
    nodes = graph.nodes
    effects = graph.effects
    isKept = Array(repeating: true, count: graph.nodes.count)
    let scales = graph.edgeScoreScales(influence: graph.influence())
    self.scales = scales
    total = effects.scoreSum(scales)
    let scores = zip(effects.rows, scales).lazy.flatMap { row, scale in
      row.weights.lazy.map { scale * Double($0.magnitude) }
    }
    let cut = share == 1 ? 0 : RunningShare.cut(scores, keeping: share)
    self.cut = cut
    keepEdges { _, target, weight in weight != 0 && scales[target] * Double(weight.magnitude) >= cut }
  }

  /// The part of all scores that the kept edges have.
  var keptShare: Double { part(effects.scoreSum(scales), of: total) }

  /// Drops features and errors that nothing reads, and features that read nothing, until there are none.
  ///
  /// - Parameter isFixed: Which nodes stay in any case, `[node]`.
  mutating func dropUnconnectedNodes(sparing isFixed: [Bool]) {
    // How many nodes read each, and how many of its own sources each has left.
    var readers = Array(repeating: 0, count: isKept.count)
    var inputs = effects.rows.map(\.sources.count)
    var targets = Array(repeating: [Int32](), count: isKept.count)
    for (target, row) in effects.rows.enumerated() {
      for source in row.sources {
        readers[Int(source)] += 1
        targets[Int(source)].append(Int32(target))
      }
    }
    func isUnconnected(_ node: Int) -> Bool {
      isKept[node] && !isFixed[node] && (readers[node] == 0 || inputs[node] == 0 && needsInputs(node))
    }
    var waiting = isKept.indices.filter(isUnconnected)
    if waiting.isEmpty { return }
    while let node = waiting.popLast() {
      guard isKept[node] else { continue }
      isKept[node] = false
      for source in effects.rows[node].sources.map({ Int($0) }) {
        readers[source] -= 1
        if isUnconnected(source) { waiting.append(source) }
      }
      for target in targets[node].map({ Int($0) }) {
        inputs[target] -= 1
        if isUnconnected(target) { waiting.append(target) }
      }
    }
    let mask = isKept
    keepEdges { source, target, _ in mask[source] && mask[target] }
  }

  /// Whether a node is a feature whose inputs were computed.
  private func needsInputs(_ node: Int) -> Bool {
    guard case .feature = nodes[node].node else { return false }
    return !effects.isSkipped[node] && !nodes[node].isHeld
  }

  private mutating func keepEdges(where isWanted: (_ source: Int, _ target: Int, _ weight: Float) -> Bool) {
    for target in effects.rows.indices {
      let row = effects.rows[target]
      let kept = row.sources.indices.filter { isWanted(Int(row.sources[$0]), target, row.weights[$0]) }
      guard kept.count < row.sources.count else { continue }
      effects.rows[target] = .init(
        sources: kept.map { row.sources[$0] }, weights: kept.map { row.weights[$0] })
    }
  }
}

extension DirectEffects {
  /// The scores of all edges together.
  fileprivate func scoreSum(_ scales: [Double]) -> Double {
    zip(rows, scales).reduce(0) { sum, pair in
      sum + pair.0.weights.reduce(0) { $0 + pair.1 * Double($1.magnitude) }
    }
  }
}
