extension AttributionGraph {
  /// A small set of nodes whose removal lowers an answer by a part of its value, as the graph predicts.
  ///
  /// Several nodes count jointly; ``CutAnswer`` says what a prediction is worth. The set is found greedily, each step by
  /// two sweeps over the edges that tell exactly what each further node would do, and one sweep for each group. If a
  /// smaller set exists that the search budget allows to find, it is told of instead.
  ///
  /// - Throws: ``GraphError/nothingToLower(value:)`` if the answer's inputs sum to 0 or less, and what
  ///   ``AttributionGraph/paths(_:)`` throws.
  public func cut(_ question: CutQuestion) throws(GraphError) -> CutAnswer {
    try question.check(nodeCount: nodes.count)
    try checkFinite()
    var weights = rootWeights
    if case .node(let target) = question.target {
      weights = Array(repeating: 0, count: nodes.count)
      weights[target] = 1
    }
    let model = LinearModel(of: self, rootWeights: weights)
    guard model.value > 0, model.value.isFinite else { throw .nothingToLower(value: model.value) }

    let search = CutSearch(model, question, in: self)
    var found = search.greedy()
    let bound = found.isReached ? found.set.count : min(question.maximumCount, search.candidates.count) + 1
    let proof = search.exhaustive(below: bound, budget: question.searchBudget)
    var method = CutAnswer.Method.greedy
    if let set = proof.set {
      found = CutSearch.Found(set: set, isReached: true)
      method = .exhaustive
    }
    return CutAnswer(
      value: model.value, part: question.part, steps: steps(search.ordered(found.set), search),
      isReached: found.isReached, method: method, leastCount: proof.leastCount,
      candidateCount: search.candidates.count,
      loweredByAll: search.drop(without: Array(search.candidates.indices)) / model.value,
      unfollowedCount: model.unfollowedCount, belowZeroCount: search.belowZeroCount(without: found.set),
      cyclicNodeCount: model.cyclicNodeCount)
  }

  /// What each step of a cut does.
  private func steps(_ set: [Int], _ search: CutSearch) -> [CutAnswer.Step] {
    let value = search.model.value
    return set.indices.map { step in
      let candidate = search.candidates[set[step]]
      return CutAnswer.Step(
        places: candidate.numbers.map { search.model.places[$0] }.sorted(), group: candidate.group,
        lowered: search.drop(without: Array(set[...step])) / value,
        loweredAlone: search.drop(without: [set[step]]) / value)
    }
  }

  /// What the graph predicts for an answer if nodes are taken away, as ``cut(_:)`` counts it.
  /// - Parameters:
  ///   - places: The nodes taken away, counted jointly.
  ///   - target: The answer.
  /// - Returns: What the answer loses, in its units; negative if it gains.
  /// - Throws: ``GraphError/noSuchPlace(_:nodeCount:)``.
  public func predictedDrop(
    without places: [Int], of target: CutQuestion.Target
  ) throws(GraphError) -> Double {
    let question = CutQuestion(of: target, loweringBy: 1, groups: [Set(places).sorted()])
    try question.check(nodeCount: nodes.count)
    var weights = rootWeights
    if case .node(let target) = target {
      weights = Array(repeating: 0, count: nodes.count)
      weights[target] = 1
    }
    let model = LinearModel(of: self, rootWeights: weights)
    var isRemoved = Array(repeating: false, count: model.places.count)
    for place in places where model.numbers[place] >= 0 { isRemoved[Int(model.numbers[place])] = true }
    return model.drop(without: isRemoved)
  }
}
