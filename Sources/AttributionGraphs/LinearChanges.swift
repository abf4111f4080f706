/// What changes of some features do to all nodes of a graph, to first order: everything that is frozen in it held.
///
/// ```
/// Δz[t] = own[t] + Σ_s A[t, s] · Δa[s] / a[s]
/// Δa[s] = what s is held at, if it is held; else Δz[s] if s passes changes on; else 0
/// ```
/// Several changes are followed together: one that is held stands, whatever the others do to it. Errors and embeddings
/// do not change. With one feature held, `Δz` of a target is its ``AttributionGraph/linearEffects(on:)`` times `Δa / a`.
public struct LinearChanges: Sendable {
  /// The change of each feature's preactivation or logit, `[node]`.
  public let values: [Double]
  /// Whether something that changes leads to the node, `[node]`.
  public let isReached: [Bool]
}

extension AttributionGraph {
  /// Follows changes of features through the graph.
  /// - Parameters:
  ///   - held: By how much features' activations are moved, by place.
  ///   - own: What else changes nodes directly, by place: features that the graph does not have, say.
  ///   - passesOn: Whether a feature that is not held answers with its activation; none does where only direct effects
  ///     are wanted.
  public func linearChanges(
    holding held: [Int: Double], adding own: [Int: Double] = [:], passesOn: (Int) -> Bool = { _ in true }
  ) -> LinearChanges {
    var values = Array(repeating: 0.0, count: nodes.count)
    var isReached = Array(repeating: false, count: nodes.count)
    // What a unit of edge weight from each node carries: Δa / a.
    var carried = Array(repeating: 0.0, count: nodes.count)
    for place in EvaluationOrder(of: effects).nodes.reversed() {
      var value = own[place] ?? 0
      var reached = own[place] != nil
      let row = effects.rows[place]
      for (source, weight) in zip(row.sources, row.weights) where carried[Int(source)] != 0 && weight != 0 {
        value += Double(weight) * carried[Int(source)]
        reached = true
      }
      values[place] = value
      isReached[place] = reached
      guard case .feature = nodes[place].node, let activation = nodes[place].activation, activation != 0
      else { continue }
      if let change = held[place] {
        carried[place] = change / Double(activation)
      } else if reached, passesOn(place) {
        carried[place] = value / Double(activation)
      }
    }
    return LinearChanges(values: values, isReached: isReached)
  }
}
