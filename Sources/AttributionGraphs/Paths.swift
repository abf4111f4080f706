extension AttributionGraph {
  /// The path of features along which the most goes from some nodes to another.
  ///
  /// An edge counts by its part of what enters its target, so that edges into different nodes can be compared, and a
  /// path by the product of its edges:
  /// ```
  /// strength(s → … → t) = Π_edges |A[target, source]| / Σ_source' |A[target, source']|
  /// ```
  /// Edges that work against their target are left out, and so is the edge that leads to the end at once.
  /// - Parameters:
  ///   - starts: Places of nodes, embeddings say.
  ///   - waypoints: Features of which the path must pass one; `nil` for any path.
  ///   - end: The place of a feature or a logit.
  /// - Returns: Places from a start to the end; `nil` if no such path of features leads there.
  public func strongestPath(
    from starts: Set<Int>, through waypoints: Set<Int>? = nil, to end: Int
  ) -> [Int]? {
    // Each node twice: reached without a waypoint so far, and with one.
    var strength = Array(repeating: [0.0, 0.0], count: nodes.count)
    var previous = [[(node: Int, state: Int)?]](repeating: [nil, nil], count: nodes.count)
    for start in starts { strength[start][waypoints == nil ? 1 : 0] = 1 }
    for target in EvaluationOrder(of: effects).nodes.reversed() {
      guard isFeature(target) || target == end, !starts.contains(target) else { continue }
      let row = effects.rows[target]
      let total = row.weights.reduce(0) { $0 + Double(abs($1)) }
      guard total > 0 else { continue }
      for (source, weight) in zip(row.sources, row.weights) where weight > 0 {
        let source = Int(source)
        if target == end, starts.contains(source) { continue }
        for state in 0...1 {
          let reached = waypoints?.contains(target) == true ? 1 : state
          let candidate = strength[source][state] * Double(weight) / total
          if candidate > strength[target][reached] {
            strength[target][reached] = candidate
            previous[target][reached] = (source, state)
          }
        }
      }
    }
    guard previous[end][1] != nil else { return nil }
    var path = [end]
    var step = previous[end][1]
    while let (node, state) = step {
      path.append(node)
      step = previous[node][state]
    }
    return path.reversed()
  }

  /// What each node does to a target along all paths, to first order: how much the target changes for a relative
  /// change of the node of 1, everything that is frozen in the graph held.
  /// ```
  /// c[t] = 1 for the target itself
  /// c[s] = Σ_t c[t] / a[t] · A[t, s],   a[t] = the activation of feature t, 1 for the target
  /// ```
  /// Taking a feature away is a change of −1.
  /// - Parameter target: The place of a feature or a logit.
  /// - Returns: `[node]`, in units of the target's preactivation or logit.
  public func linearEffects(on target: Int) -> [Double] {
    var changes = Array(repeating: 0.0, count: nodes.count)
    changes[target] = 1
    for place in EvaluationOrder(of: effects).nodes where changes[place] != 0 {
      var part = changes[place]
      if place != target {
        guard let activation = nodes[place].activation, activation != 0 else { continue }
        part /= Double(activation)
      }
      let row = effects.rows[place]
      for (source, weight) in zip(row.sources, row.weights) {
        changes[Int(source)] += part * Double(weight)
      }
    }
    return changes
  }

  private func isFeature(_ place: Int) -> Bool {
    if case .feature = nodes[place].node { true } else { false }
  }
}
