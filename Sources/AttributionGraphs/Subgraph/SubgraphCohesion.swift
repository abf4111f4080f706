/// How alike the members of a group are.
///
/// A member `m` of a group `S` has a profile of its shares of what enters and of what it enters, outside the group:
/// ```
/// p[m] = ( A[m, s] / A[m] for s ∉ S,   A[t, m] / A[t] for t ∉ S ),   u[m] = p[m] / |p[m]|
/// cohesion = mean over pairs of u[m] · u[m'] = (|Σ u[m]|² − n) / (n (n − 1))
/// ```
struct SubgraphCohesion {
  /// Profiles by node; inputs have the places of nodes, outputs those places and the number of nodes.
  private var profiles: [Int: [Int: Double]] = [:]

  init(of graph: AttributionGraph, boxOf: [Int?]) {
    for (target, row) in graph.effects.rows.enumerated() {
      let whole = row.absoluteSum
      guard whole > 0, whole.isFinite else { continue }
      for (source, weight) in zip(row.sources, row.weights) where weight != 0 {
        let source = Int(source)
        if let box = boxOf[target], boxOf[source] == box { continue }
        let share = Double(weight) / whole
        if boxOf[target] != nil { profiles[target, default: [:]][source] = share }
        if boxOf[source] != nil { profiles[source, default: [:]][graph.nodes.count + target] = share }
      }
    }
  }

  func of(_ box: Subgraph.Box) -> Double? {
    guard box.members.count > 1 else { return nil }
    var sum: [Int: Double] = [:]
    var count = 0.0
    for member in box.members {
      let profile = (profiles[member] ?? [:]).sorted { $0.key < $1.key }
      let length = profile.reduce(0) { $0 + $1.value * $1.value }.squareRoot()
      guard length > 0 else { continue }
      count += 1
      for (place, share) in profile { sum[place, default: 0] += share / length }
    }
    guard count > 1 else { return nil }
    let square = sum.sorted { $0.key < $1.key }.reduce(0) { $0 + $1.value * $1.value }
    return min(max((square - count) / (count * (count - 1)), -1), 1)
  }
}
