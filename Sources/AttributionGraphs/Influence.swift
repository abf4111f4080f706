/// How much each node matters to the roots of a graph, along all paths together.
///
/// ```
/// N[t, s] = |A[t, s]| / max(1e-10, Σ_s' |A[t, s']|)
/// I       = w N + w N² + w N³ + …
/// ```
/// A traced graph has no cycles, so the series is summed exactly by back-substitution, one visit to a row.
/// Files from elsewhere may have cycles and self links; the flow that enters these goes round at most
/// ``maximumRounds`` times, and what then still circulates is stated.
///
/// Ameisen et al. 2025, "Circuit Tracing: Revealing Computational Graphs in Language Models".
public struct Influence: Sendable {
  /// How often flow may go round before the sum is cut.
  public static let maximumRounds = 1000

  /// The influence `I` of each node, `[node]`.
  public let values: [Double]
  /// The flow that ended at targets whose rows were skipped: no node's true influence lies below its value
  /// here, nor above it by more than this.
  public let missing: Double
  /// How many nodes lie on a cycle or below one.
  public let cyclicNodeCount: Int
  /// The flow that was still going round when the sum was cut; nearly always 0.
  public let circulating: Double

  /// Sums the influence of every node of a graph.
  ///
  /// A target whose row was skipped passes nothing on, even if a part of its row is there.
  public init(of graph: AttributionGraph) {
    let effects = graph.effects
    let order = EvaluationOrder(of: effects)
    var accumulator = InfluenceAccumulator(rootWeights: graph.rootWeights)
    for target in order.nodes {
      if effects.isSkipped[target] {
        accumulator.skip(target)
      } else {
        accumulator.add(effects.rows[target], of: target)
      }
    }
    circulating = Self.goRound(order.cyclicNodes, of: effects, &accumulator)
    for target in order.cyclicNodes where effects.isSkipped[target] { accumulator.skip(target) }
    values = accumulator.influence
    missing = accumulator.missing
    cyclicNodeCount = order.cyclicNodes.count
  }

  /// Sums the series term by term where no order exists.
  /// - Returns: The flow left over when the sum was cut.
  private static func goRound(
    _ nodes: [Int], of effects: DirectEffects, _ accumulator: inout InfluenceAccumulator
  ) -> Double {
    guard !nodes.isEmpty else { return 0 }
    var term = Array(repeating: 0.0, count: effects.nodeCount)
    for node in nodes { term[node] = accumulator.flow(through: node) }
    let start = term.reduce(0, +)
    var left = start
    for _ in 0..<maximumRounds {
      guard left > start * 1e-15 else { return 0 }
      let before = accumulator.influence
      for node in nodes where !effects.isSkipped[node] {
        accumulator.send(term[node], along: effects.rows[node])
      }
      for node in nodes { term[node] = accumulator.influence[node] - before[node] }
      left = nodes.reduce(0) { $0 + (effects.isLeaf($1) ? 0 : term[$1]) }
    }
    return left
  }
}

extension DirectEffects {
  /// Whether flow ends at a node, because nothing is known to enter it.
  func isLeaf(_ node: Int) -> Bool { isSkipped[node] || rows[node].weights.isEmpty }
}

extension AttributionGraph {
  /// The influence of every node on the roots along all paths together, `[node]`; see ``Influence``, which
  /// also tells of skipped rows and cycles.
  public func influence() -> [Double] { Influence(of: self).values }

  /// The part that each edge plays in what reaches the roots, in the order of the rows.
  /// ```
  /// score[t, s] = N[t, s] · (I[t] + w[t])
  /// ```
  /// - Parameter influence: The influence `I` of the graph's nodes, if it is known already.
  /// - Returns: One score for each weight, `[target][edge]`.
  public func edgeScores(influence: [Double]? = nil) -> [[Double]] {
    zip(effects.rows, edgeScoreScales(influence: influence ?? self.influence())).map { row, scale in
      row.weights.map { scale * Double($0.magnitude) }
    }
  }

  /// What the magnitudes of a row are multiplied by to give their scores, `[target]`; 0 for skipped rows.
  func edgeScoreScales(influence: [Double]) -> [Double] {
    effects.rows.indices.map { target in
      guard !effects.isSkipped[target] else { return 0 }
      return (influence[target] + rootWeights[target]) / max(1e-10, effects.rows[target].absoluteSum)
    }
  }
}

extension Influence {
  /// The running share of influence at each node's place in the sort, `[node]`: small for what matters most.
  public func runningShares() -> [Double] { RunningShare.shares(values) }
}
