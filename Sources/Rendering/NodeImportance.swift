internal import AttributionGraphs

/// How much of the answer flows through each node, for choosing and ordering what is drawn.
///
/// Shares of absolute input weights are followed downward from the roots, as in Ameisen et al. 2025, "Graph
/// pruning"; on a pruned graph they are shares of the inputs that were kept.
/// ```
/// B[t, s] = |A[t, s]| / Σ_s' |A[t, s']|,   influence = w · (B + B² + …),   importance = w + influence
/// ```
struct NodeImportance {
  /// `[node]`, finite and ≥ 0.
  let values: [Double]

  /// - Parameter given: Importances from elsewhere, `[node]`; worked out from the edges when `nil`.
  init(of graph: AttributionGraph, given: [Double]?) {
    if let given {
      precondition(given.count == graph.nodes.count, "\(given.count) values, \(graph.nodes.count) nodes")
      values = given.map { $0.isFinite ? max($0, 0) : 0 }
    } else {
      values = Self.computed(of: graph)
    }
  }

  /// The share of the answer that passes through each node, `[node]`: importances as parts of all that flows from the
  /// roots.
  func answerShares(of graph: AttributionGraph) -> [Double] {
    let total = Self.rootWeights(of: graph).reduce(0, +)
    return values.map { total > 0 ? $0 / total : 0 }
  }

  private static func computed(of graph: AttributionGraph) -> [Double] {
    var flow = rootWeights(of: graph)
    var total = flow
    let sums = graph.effects.rows.map(inputSum)
    // Files from elsewhere may hold cycles, so the number of steps has a limit.
    for _ in 0..<256 {
      var next = Array(repeating: 0.0, count: flow.count)
      for (target, row) in graph.effects.rows.enumerated() where flow[target] > 0 && sums[target] > 0 {
        let unit = flow[target] / sums[target]
        for (source, weight) in zip(row.sources, row.weights) where weight.isFinite {
          next[Int(source)] += Double(weight.magnitude) * unit
        }
      }
      guard next.contains(where: { $0 > 1e-12 }) else { break }
      for node in total.indices { total[node] += next[node] }
      flow = next
    }
    return total
  }

  /// The absolute weights that enter a target, those that are numbers.
  static func inputSum(_ row: DirectEffects.Row) -> Double {
    row.weights.reduce(0) { $1.isFinite ? $0 + Double($1.magnitude) : $0 }
  }

  /// Where influence starts: the graph's roots, or failing those its outputs, or else every node alike.
  private static func rootWeights(of graph: AttributionGraph) -> [Double] {
    let given = graph.rootWeights.map { $0.isFinite ? abs($0) : 0 }
    if given.contains(where: { $0 > 0 }) { return given }
    let logits = graph.nodes.map { node in
      if case .logit = node.node { max(node.probability ?? 1, 0) } else { 0.0 }
    }
    if logits.contains(where: { $0 > 0 && $0.isFinite }) { return logits.map { $0.isFinite ? $0 : 0 } }
    return Array(repeating: 1, count: graph.nodes.count)
  }
}
