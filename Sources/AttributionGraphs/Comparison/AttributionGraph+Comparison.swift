extension AttributionGraph {
  /// Compares this graph, the first, with a second one.
  ///
  /// Nodes stand for the same if they are of one kind, layer and index at positions that are paired; answers if they are
  /// one token. How much a node matters is compared as the share of the answer that passes through it, and an edge's weight
  /// as its part of what enters its target, so that graphs pruned to different sizes can be compared.
  ///
  /// Swapped graphs give the mirrored comparison.
  /// - Throws: ``GraphError/shareOutOfRange(name:value:)``, ``GraphError/notFinite(place:)``.
  public func compared(
    with second: AttributionGraph, _ question: ComparisonQuestion = ComparisonQuestion()
  ) throws(GraphError) -> GraphComparison {
    try question.check()
    try checkFinite()
    try second.checkFinite()
    let builder = ComparisonBuilder(self, second, question)
    return builder.comparison()
  }
}

/// Puts a comparison together.
private struct ComparisonBuilder {
  let first: ComparedGraph
  let second: ComparedGraph
  let question: ComparisonQuestion
  let transcoders: TranscoderMatch
  let comparesFeatures: Bool
  let matching: NodeMatching

  init(_ first: AttributionGraph, _ second: AttributionGraph, _ question: ComparisonQuestion) {
    let (ours, theirs) = (ComparedGraph(first), ComparedGraph(second))
    let transcoders = TranscoderMatch(first.metadata, second.metadata)
    var isDifferent = false
    if case .different = transcoders { isDifferent = true }
    let comparesFeatures = !isDifferent || question.ignoresTranscoders
    var best: (matching: NodeMatching, influence: Double)?
    for rule in question.rule.map({ [$0] }) ?? PositionAlignment.Rule.allCases {
      let alignment = PositionAlignment(rule, first: first, second: second)
      let matching = NodeMatching(
        first, second, alignment, transcoders: transcoders, comparesFeatures: comparesFeatures)
      let influence = Self.pairedInfluence(ours, theirs, matching)
      // Sums in another order must not decide.
      if best.map({ influence > $0.influence + 1e-9 }) ?? true { best = (matching, influence) }
    }
    (self.first, self.second, self.question) = (ours, theirs, question)
    (self.transcoders, self.comparesFeatures) = (transcoders, comparesFeatures)
    matching =
      best?.matching
      ?? NodeMatching(
        first, second, PositionAlignment(.fromEnd, first: first, second: second), transcoders: transcoders,
        comparesFeatures: comparesFeatures)
  }

  func comparison() -> GraphComparison {
    let nodes = nodeChanges()
    let edges = edgeChanges(nodes)
    var nodeCounts: [GraphComparison.Change: Int] = [:]
    for node in nodes { nodeCounts[node.change, default: 0] += 1 }
    var edgeCounts: [GraphComparison.Change: Int] = [:]
    for edge in edges { edgeCounts[edge.change, default: 0] += 1 }
    let shared = nodes.filter { $0.first != nil && $0.second != nil }
    return GraphComparison(
      alignment: matching.alignment, transcoders: transcoders, comparesFeatures: comparesFeatures,
      nodes: nodes,
      edges: edges,
      summary: .init(
        nodes: nodeCounts, edges: edgeCounts,
        sharedInfluence: .init(
          first: shared.reduce(0) { sum, node in sum + (node.first.map { first.influence[$0] } ?? 0) },
          second: shared.reduce(0) { sum, node in sum + (node.second.map { second.influence[$0] } ?? 0) })))
  }

  /// How much influence lies on nodes that are paired; embeddings count if their tokens are one.
  private static func pairedInfluence(
    _ first: ComparedGraph, _ second: ComparedGraph, _ matching: NodeMatching
  ) -> Double {
    matching.seconds.enumerated().reduce(0) { sum, pair in
      guard let place = pair.element, first.token(of: pair.offset) == second.token(of: place) else {
        return sum
      }
      return sum + first.influence[pair.offset] + second.influence[place]
    }
  }

  // MARK: Nodes

  private func nodeChanges() -> [GraphComparison.NodeChange] {
    var ourColumns: [Int: Int] = [:]
    var theirColumns: [Int: Int] = [:]
    for (number, column) in matching.alignment.columns.enumerated() {
      if let position = column.first { ourColumns[position] = number }
      if let position = column.second { theirColumns[position] = number }
    }
    var changes: [GraphComparison.NodeChange] = []
    for (place, vertex) in first.graph.nodes.enumerated() {
      changes.append(
        change(place, matching.seconds[place], column: ourColumns[vertex.node.position] ?? 0))
    }
    let paired = Set(matching.seconds.compactMap { $0 })
    for (place, vertex) in second.graph.nodes.enumerated() where !paired.contains(place) {
      changes.append(change(nil, place, column: theirColumns[vertex.node.position] ?? 0))
    }
    return changes
  }

  private func change(_ ours: Int?, _ theirs: Int?, column: Int) -> GraphComparison.NodeChange {
    func pair(_ value: (ComparedGraph, Int) -> Double?) -> GraphComparison.Pair {
      .init(first: ours.flatMap { value(first, $0) }, second: theirs.flatMap { value(second, $0) })
    }
    let answerShare = pair { $0.answerShare[$1] }
    let activation = pair { graph, place in graph.graph.nodes[place].activation.map(Double.init) }
    let probability = pair { graph, place in graph.graph.nodes[place].probability }
    var isOtherToken = false
    if let ours, let theirs { isOtherToken = first.token(of: ours) != second.token(of: theirs) }
    let change: GraphComparison.Change
    if ours == nil {
      change = .added
    } else if theirs == nil {
      change = .gone
    } else {
      let greatest = max(abs(activation.first ?? 0), abs(activation.second ?? 0))
      let isChanged =
        isOtherToken || abs(answerShare.difference) > question.influenceTolerance
        || abs(probability.difference) > question.influenceTolerance
        || abs(activation.difference) > question.activationTolerance * greatest
      change = isChanged ? .changed : .same
    }
    return .init(
      first: ours, second: theirs, column: column, change: change, answerShare: answerShare,
      activation: activation,
      probability: probability, isOtherToken: isOtherToken)
  }

  // MARK: Edges

  private func edgeChanges(_ nodes: [GraphComparison.NodeChange]) -> [GraphComparison.EdgeChange] {
    // The number of each paired node of the second graph in the first.
    var firsts = Array(repeating: -1, count: second.graph.nodes.count)
    for (place, other) in matching.seconds.enumerated() { if let other { firsts[other] = place } }
    var edges: [GraphComparison.EdgeChange] = []
    for (target, other) in matching.seconds.enumerated() {
      guard let other, !first.isUnknown(target), !second.isUnknown(other) else { continue }
      let theirs = Dictionary(
        second.shares(into: other).compactMap { source, share in
          firsts[source] >= 0 ? (firsts[source], share) : nil
        }, uniquingKeysWith: { first, _ in first })
      let flow = (first.flow[target] + second.flow[other]) / 2
      func add(_ source: Int, _ ours: Double?, _ theirs: Double?) {
        let share = GraphComparison.Pair(first: ours, second: theirs)
        guard abs(share.difference) > question.shareTolerance else { return }
        edges.append(
          .init(
            source: source, target: target, change: ours == nil ? .added : theirs == nil ? .gone : .changed,
            share: share, importance: abs(share.difference) * flow))
      }
      var seen: Set<Int> = []
      for (source, share) in first.shares(into: target) where matching.seconds[source] != nil {
        seen.insert(source)
        add(source, share, theirs[source])
      }
      for (source, share) in theirs.sorted(by: { $0.key < $1.key }) where !seen.contains(source) {
        add(source, nil, share)
      }
    }
    return edges.sorted {
      ($1.importance, $0.target, $0.source) < ($0.importance, $1.target, $1.source)
    }
  }
}

/// A graph with what is compared worked out.
private struct ComparedGraph {
  let graph: AttributionGraph
  /// Each node's part of the influence of all.
  let influence: [Double]
  /// The share of the answer that passes through each node.
  let answerShare: [Double]
  /// Each node's part of the flow through all: influence and root weights.
  let flow: [Double]

  init(_ graph: AttributionGraph) {
    self.graph = graph
    let values = graph.influence()
    let total = values.reduce(0, +)
    influence = values.map { part($0, of: total) }
    answerShare = graph.answerShares(influence: values)
    let flow = zip(values, graph.rootWeights).map { $0 + $1 }
    let flowTotal = flow.reduce(0, +)
    self.flow = flow.map { part($0, of: flowTotal) }
  }

  /// Whether a node's inputs are not known.
  func isUnknown(_ place: Int) -> Bool { graph.effects.isSkipped[place] }

  /// The edges into a node: each source and its part of the input, signed.
  func shares(into target: Int) -> [(Int, Double)] {
    let row = graph.effects.rows[target]
    let total = row.absoluteSum
    guard total > 0 else { return [] }
    return zip(row.sources, row.weights).map { (Int($0), Double($1) / total) }
  }

  /// The token of an embedding; `nil` for other nodes, and where the prompt does not say it.
  func token(of place: Int) -> String? {
    guard case .embedding(let position) = graph.nodes[place].node,
      graph.metadata.promptTokens.indices.contains(position)
    else { return nil }
    return graph.metadata.promptTokens[position]
  }
}
