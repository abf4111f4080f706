extension AttributionGraph {
  /// What in the nodes and edges is not as in a traced graph.
  func structuralFindings() -> FindingCounts {
    var findings = FindingCounts()
    var isLinked = effects.rows.map { !$0.sources.isEmpty }
    for (target, row) in effects.rows.enumerated() {
      for source in row.sources {
        isLinked[Int(source)] = true
        if let kind = oddity(from: Int(source), to: target) { findings.add(kind) }
        if nodes[Int(source)].node.position > nodes[target].node.position {
          findings.add(.linkToEarlierToken)
        }
      }
    }
    let positionCount = metadata.promptTokens.count
    findings.add(
      .positionBeyondPrompt, nodes.count { positionCount > 0 && $0.node.position >= positionCount })
    findings.add(.isolatedNode, isLinked.count { !$0 })
    findings.add(.noRoots, rootWeights.contains { $0 > 0 } ? 0 : 1)
    findings.add(.noErrors, nodes.contains { if case .error = $0.node { true } else { false } } ? 0 : 1)
    findings.add(.cyclicNode, EvaluationOrder(of: effects).cyclicNodes.count)
    return findings
  }

  /// What is wrong with the direction of an edge.
  private func oddity(from source: Int, to target: Int) -> Finding.Kind? {
    if source == target { return .selfLink }
    if !nodes[target].canHaveInputs { return .linkIntoLeaf }
    if case .logit = nodes[source].node { return .linkFromLogit }
    return nodes[source].level >= nodes[target].level ? .backwardLink : nil
  }

  /// Computes the nodes' influence where a file states none, or not as a running share.
  mutating func completeInfluence() -> FindingCounts {
    var findings = FindingCounts()
    let scored = nodes.indices.filter { if case .logit = nodes[$0].node { false } else { true } }
    let stated = scored.filter { nodes[$0].influence != nil }
    guard !scored.isEmpty, rootWeights.contains(where: { $0 > 0 }) else { return findings }
    let influence = influence()
    if !stated.isEmpty, isRunningShare(at: stated, given: influence) { return findings }
    let shares = RunningShare.shares(influence)
    for place in scored { nodes[place].influence = shares[place] }
    findings.add(stated.isEmpty ? .influenceMissing : .influenceRaw, scored.count)
    return findings
  }

  /// Whether stated influences are small for the nodes that matter, as running shares are, and lie in 0...1.
  ///
  /// The half that matters more, by the links of the file, is compared with the other half.
  private func isRunningShare(at places: [Int], given influence: [Double]) -> Bool {
    let stated = places.map { nodes[$0].influence ?? 0 }
    guard stated.allSatisfy({ (0...1.001).contains($0) }) else { return false }
    let order = places.indices.sorted { influence[places[$0]] > influence[places[$1]] }
    let half = places.count / 2
    let mattering = order.prefix(half).reduce(0) { $0 + stated[$1] }
    let rest = order.suffix(half).reduce(0) { $0 + stated[$1] }
    return mattering <= rest
  }
}
