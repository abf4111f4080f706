extension AttributionGraph {
  /// The strongest paths between nodes, and how much of all that goes between them goes along each.
  ///
  /// An edge counts by its part of what enters its target, so that edges into different nodes can be compared, and a
  /// path by the product of its edges:
  /// ```
  /// share[t, s]            = A[t, s] / Σ_s' |A[t, s']|
  /// strength(s → … → t)    = Π_edges share[target, source]
  /// all(start, end)        = Σ_paths strength      signed, and the same of |share|
  /// ```
  /// Inner nodes are features. What enters a target whose row was skipped is unknown, so no path leads through it.
  ///
  /// The paths are exactly the strongest. With `E` edges, `n` least steps and `k` paths of at most `L` edges into nodes
  /// with at most `d` inputs, it takes `O(n · E)` time for the sums and the best, and `O(k · L · (d + log k))` at most
  /// for the others.
  /// - Throws: ``GraphError/noSuchPlace(_:nodeCount:)``, ``GraphError/outOfRange(name:value:range:)``,
  ///   ``GraphError/notFinite(place:)``.
  public func paths(_ question: PathQuestion) throws(GraphError) -> PathAnswer {
    try question.check(nodeCount: nodes.count)
    try checkFinite()
    let search = PathSearch(of: self, question)
    var enumeration = PathEnumeration(of: search)
    let all = search.all
    var paths: [GraphPath] = []
    while paths.count < question.count, let places = enumeration.next() {
      let shares = zip(places, places.dropFirst()).map { inputShare(of: $0, in: $1) }
      let strength = shares.reduce(1, *)
      paths.append(
        GraphPath(
          places: places, shares: shares, strength: strength, share: part(abs(strength), of: all.absolute),
          signedShare: all.signed == 0 ? nil : strength / all.signed))
    }
    return PathAnswer(
      paths: paths, all: all, allowed: search.allowed, cyclicNodeCount: search.cyclicNodeCount)
  }

  /// The path of features along which the most goes from some nodes to another.
  ///
  /// Paths are compared as by ``paths(_:)``. Edges that work against their target are left out, and so is the edge that
  /// leads to the end at once.
  /// - Parameters:
  ///   - starts: Places of nodes, embeddings say.
  ///   - waypoints: Features of which the path must pass one; `nil` for any path.
  ///   - end: The place of a feature or a logit.
  /// - Returns: Places from a start to the end; `nil` if no such path of features leads there.
  public func strongestPath(
    from starts: Set<Int>, through waypoints: Set<Int>? = nil, to end: Int
  ) -> [Int]? {
    let question = PathQuestion(
      from: starts.sorted(), to: end, count: 1, minimumSteps: 2, through: waypoints, isPositiveOnly: true)
    var enumeration = PathEnumeration(of: PathSearch(of: self, question))
    return enumeration.next()
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

  /// The part that an edge has of what enters its target, signed; 0 if there is no such edge.
  func inputShare(of source: Int, in target: Int) -> Double {
    let row = effects.rows[target]
    guard let edge = row.sources.firstIndex(of: Int32(source)) else { return 0 }
    let total = row.absoluteSum
    return total > 0 ? Double(row.weights[edge]) / total : 0
  }

  func isFeature(_ place: Int) -> Bool {
    if case .feature = nodes[place].node { true } else { false }
  }
}
