/// The rule by which shares of influence are kept: sort the scores from the greatest down, and cut where
/// their running sum first reaches the share asked for.
enum RunningShare {
  /// The least score that is kept.
  ///
  /// Only scores above zero count. A share of 1 or more keeps all of them; without any the cut is infinite.
  ///
  /// Scores are not sorted as a whole, for there may be millions: positive numbers sort as their bit patterns
  /// do, so they are summed by their leading bits first, and only those alike in these at the cut are sorted.
  /// - Parameters:
  ///   - scores: Numbers of at least 0, in any order; gone through twice.
  ///   - share: Which part of their sum to keep.
  static func cut(_ scores: some Sequence<Double>, keeping share: Double) -> Double {
    var sums = Array(repeating: 0.0, count: 1 << 16)
    var least = Double.infinity
    for score in scores where score > 0 {
      sums[bucket(score)] += score
      least = min(least, score)
    }
    let goal = share * sums.reduce(0, +)
    guard share < 1, goal.isFinite else { return least }
    var sum = 0.0
    for leading in sums.indices.reversed() where sums[leading] > 0 {
      guard sum + sums[leading] >= goal else {
        sum += sums[leading]
        continue
      }
      let alike = scores.filter { $0 > 0 && bucket($0) == leading }.sorted(by: >)
      for score in alike {
        sum += score
        if sum >= goal { return score }
      }
    }
    return least
  }

  /// The running share of each score at its own place in the sort: small for what matters most.
  /// ```
  /// share[i] = Σ_{j: score[j] ≥ score[i]} score[j] / Σ_j score[j]
  /// ```
  /// Equal scores follow each other in the order of their places.
  /// - Returns: One share for each score; zeros if nothing has a score.
  static func shares(_ scores: [Double]) -> [Double] {
    var shares = Array(repeating: 0.0, count: scores.count)
    let order = scores.indices.sorted { scores[$0] > scores[$1] || (scores[$0] == scores[$1] && $0 < $1) }
    let total = order.reduce(0) { $0 + scores[$1] }
    guard total > 0, total.isFinite else { return shares }
    var sum = 0.0
    for place in order {
      sum += scores[place]
      shares[place] = sum / total
    }
    return shares
  }

  private static func bucket(_ score: Double) -> Int { Int(truncatingIfNeeded: score.bitPattern >> 48) }
}
