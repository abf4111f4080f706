/// The one scale on which Clew tells people how much a node matters.
///
/// Think of the weight of the answers as walking down the normalised rows, from the roots to where each walk ends. The share
/// of the answer that passes through a node is the part of these walks that visit it,
/// ```
/// share[s] = (w[s] + I[s]) / Σ_t w[t]
/// ```
/// which is 1 for an answer that is traced alone, and adds up to 1 over all that walks can end in: embeddings, errors and
/// features whose rows were skipped. Nodes in one chain share the same walks, so that their shares may add up to more
/// than 1; for a group each walk counts once. See ``Influence``.
extension AttributionGraph {
  /// The share of the answer that passes through each node, `[node]`; zeros if there are no roots.
  /// - Parameter influence: The influence `I` of the graph's nodes, if it is known already.
  public func answerShares(influence: [Double]? = nil) -> [Double] {
    let total = rootWeights.reduce(0, +)
    return zip(influence ?? self.influence(), rootWeights).map { part($0 + $1, of: total) }
  }

  /// The share of the answer that passes through at least one node of each group, `[group]`.
  ///
  /// A walk is stopped at the first member that it reaches, which is found by leaving out the members' rows.
  /// - Parameters:
  ///   - groups: Places of nodes.
  ///   - shares: What ``answerShares(influence:)`` gave, if it is known already.
  public func answerShares(ofGroups groups: [[Int]], shares: [Double]? = nil) -> [Double] {
    let shares = shares ?? answerShares()
    let total = rootWeights.reduce(0, +)
    guard groups.contains(where: { $0.count > 1 }) else {
      return groups.map { $0.first.map { shares[$0] } ?? 0 }
    }
    let order = EvaluationOrder(of: effects)
    return groups.map { members in
      guard members.count > 1 else { return members.first.map { shares[$0] } ?? 0 }
      var isMember = Array(repeating: false, count: nodes.count)
      for place in members { isMember[place] = true }
      return part(flow(into: isMember, order), of: total)
    }
  }

  /// The flow that reaches some nodes for the first time.
  private func flow(into isMember: [Bool], _ order: EvaluationOrder) -> Double {
    var values: [Double]
    if order.cyclicNodes.isEmpty {
      var accumulator = InfluenceAccumulator(rootWeights: rootWeights)
      for target in order.nodes where !isMember[target] && !effects.isSkipped[target] {
        accumulator.add(effects.rows[target], of: target)
      }
      values = accumulator.influence
    } else {
      var cut = self
      for place in nodes.indices where isMember[place] { cut.effects.rows[place] = .init() }
      values = cut.influence()
    }
    for place in nodes.indices { values[place] += rootWeights[place] }
    return nodes.indices.reduce(0) { isMember[$1] ? $0 + values[$1] : $0 }
  }
}
