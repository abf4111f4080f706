/// Lets influence flow down from the roots, one row after the other.
///
/// ```
/// N[t, s] = |A[t, s]| / max(1e-10, Σ_s' |A[t, s']|)
/// I[s]    = Σ_t (w[t] + I[t]) · N[t, s]
/// ```
/// `I[t]` is final as soon as every row that reads `t` has been added, and only then may the row of `t` be
/// added itself. In a traced graph edges run from lower layers to higher ones, so a sweep from the logits
/// down knows the influence of a whole layer before it computes that layer's rows, and can compute the rows
/// that matter first.
public struct InfluenceAccumulator: Sendable {
  /// What influence flows from, the weights `w`, `[node]`.
  public let rootWeights: [Double]
  /// The influence `I` that has reached each node so far, `[node]`.
  public private(set) var influence: [Double]
  /// The flow that ended at targets whose rows were skipped; see ``skip(_:)``.
  public private(set) var missing = 0.0

  /// Starts with no influence anywhere but the roots' own weights.
  /// - Parameter rootWeights: The weight of each target of the trace, `[node]`, zero elsewhere.
  public init(rootWeights: [Double]) {
    self.rootWeights = rootWeights
    influence = Array(repeating: 0, count: rootWeights.count)
  }

  /// All that passes through a node, `w[t] + I[t]`.
  public func flow(through node: Int) -> Double { rootWeights[node] + influence[node] }

  /// Hands the flow through a target on to its sources, in the proportion of their absolute weights.
  /// - Parameters:
  ///   - row: The direct effects on the target.
  ///   - target: Its place. Every row in which it is a source must have been added before.
  public mutating func add(_ row: DirectEffects.Row, of target: Int) {
    send(flow(through: target), along: row)
  }

  /// Notes that a target's row will not be computed, so that what flows into it goes no further.
  ///
  /// Each unit of flow ends at most once in this way, so ``missing`` bounds what any node's influence can
  /// still lack.
  public mutating func skip(_ target: Int) { missing += flow(through: target) }

  /// Adds `amount`, split by absolute weight, to the sources of a row.
  mutating func send(_ amount: Double, along row: DirectEffects.Row) {
    guard amount > 0 else { return }
    let share = amount / max(1e-10, row.absoluteSum)
    let sources = row.sources.span
    let weights = row.weights.span
    var influence = influence.mutableSpan
    for edge in weights.indices {
      influence[Int(sources[edge])] += share * Double(weights[edge].magnitude)
    }
  }
}

extension DirectEffects.Row {
  /// `Σ_s |A[t, s]|`, in double precision.
  ///
  /// Four partial sums run side by side: an addition takes four cycles, and each must wait for the one
  /// before.
  var absoluteSum: Double {
    let weights = weights.span
    var sums = SIMD4<Double>.zero
    var edge = 0
    while edge + 4 <= weights.count {
      sums += SIMD4(
        Double(weights[edge].magnitude), Double(weights[edge + 1].magnitude),
        Double(weights[edge + 2].magnitude), Double(weights[edge + 3].magnitude))
      edge += 4
    }
    var sum = sums.sum()
    while edge < weights.count {
      sum += Double(weights[edge].magnitude)
      edge += 1
    }
    return sum
  }
}
