internal import Attribution
internal import AttributionGraphs
public import Tokenization

extension PromptTrace {
  /// The most sets of one order; each costs a run.
  private static let mostSets = 256

  /// Removes sets of nodes, one set after the other, and measures the answers without them.
  /// - Parameter tokenizer: The model's.
  /// - Returns: One outcome for each set, in order.
  /// - Throws: ``ExploringError`` for a node that the graph does not have, or too many sets.
  public func outcomes(of order: CutOrder, tokenizer: Tokenizer) throws -> [CutOutcome] {
    guard order.sets.count <= Self.mostSets else {
      throw ExploringError.outOfRange(
        name: "the number of sets to remove", value: order.sets.count, range: 0...Self.mostSets)
    }
    let nodes = Dictionary(
      result.graph.nodes.map { ($0.id, $0.node) }, uniquingKeysWith: { first, _ in first })
    // A name that is wrong is told before the work.
    let sets = try order.sets.map { ids in
      try ids.map { id in
        guard let node = nodes[id] else { throw ExploringError.noSuchNode(id: id) }
        return (id: id, place: FeaturePlace(node))
      }
    }
    return try sets.map { set in
      let removed = Set(set.compactMap(\.place)).sorted()
      var intervention = InterventionOrder([.remove(removed)], mode: order.mode ?? .free)
      intervention.candidateCount = order.candidateCount ?? 0
      intervention.shownFeaturesOnly = true
      return CutOutcome(
        removed: removed, leftAlone: set.filter { $0.place == nil }.map(\.id),
        answers: try outcome(of: intervention, tokenizer: tokenizer).answers)
    }
  }
}
