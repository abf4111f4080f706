extension AttributionGraph {
  /// Groups of features that act alike, the surest first.
  ///
  /// Features are alike that read and write in the same proportions, at the same or neighbouring positions; one label
  /// speaks for a group, and one feature at several positions still more. ``SupernodeProposal/score`` says how
  /// alike. Nothing is proposed for nodes that are grouped already, and no node is in two proposals. Equal graphs give
  /// equal proposals.
  ///
  /// Groups are joined two by two as long as any two members are alike enough.
  /// - Throws: ``GraphError/shareOutOfRange(name:value:)``, ``GraphError/outOfRange(name:value:range:)``,
  ///   ``GraphError/noSuchPlace(_:nodeCount:)``, ``GraphError/notFinite(place:)``.
  public func supernodeProposals(
    _ question: SupernodeQuestion = SupernodeQuestion()
  ) throws(GraphError) -> [SupernodeProposal] {
    try question.check(nodeCount: nodes.count)
    try checkFinite()
    let influence = influence()
    let possible = Set(question.candidates ?? Array(nodes.indices)).subtracting(question.grouped)
    let candidates = possible.filter(isFeature)
      .sorted { (influence[$1], $0) < (influence[$0], $1) }
      .prefix(question.maximumCandidates).sorted()

    let profiles = EdgeProfiles(of: candidates, in: self)
    let clusters = Agglomeration(
      count: candidates.count, threshold: question.threshold, similarities: profiles.similarities
    ).clusters
    let shares = answerShares(
      ofGroups: clusters.map { $0.members.map { candidates[$0] } }, shares: answerShares(influence: influence)
    )
    let proposals = zip(clusters, shares).map { cluster, share in
      let places = cluster.members.map { candidates[$0] }
      let first = cluster.members[0]
      let reason: SupernodeProposal.Reason =
        if cluster.members.dropFirst().allSatisfy({ profiles.isSameFeature(first, $0) }) {
          .sameFeature
        } else if cluster.members.dropFirst().allSatisfy({ profiles.isSameLabel(first, $0) }) {
          .sameLabel
        } else {
          .alikeEdges
        }
      return SupernodeProposal(
        places: places, label: commonLabel(of: places, influence: influence), score: cluster.score,
        answerShare: share, reason: reason)
    }
    return proposals.sorted { ($1.score, $0.places[0]) < ($0.score, $1.places[0]) }
  }

  /// The label that most of some nodes have, of several the one of the most influential node.
  private func commonLabel(of places: [Int], influence: [Double]) -> String {
    var counts: [String: Int] = [:]
    for place in places { counts[nodes[place].comparableLabel, default: 0] += 1 }
    let best = places.filter { !nodes[$0].comparableLabel.isEmpty }.max { left, right in
      let (a, b) = (counts[nodes[left].comparableLabel] ?? 0, counts[nodes[right].comparableLabel] ?? 0)
      return (a, influence[left], -left) < (b, influence[right], -right)
    }
    return best.map { nodes[$0].label.split(whereSeparator: \.isWhitespace).joined(separator: " ") } ?? ""
  }
}
