import AttributionGraphs
import TestSupport
import Testing

struct PathTests {
  private static let seeds: [UInt64] = [1, 2, 3, 4, 5, 6]

  @Test(arguments: seeds)
  func `the strongest path is the strongest of all paths`(seed: UInt64) throws {
    let graph = AttributionGraph.random(seed: seed, layers: 4, featuresPerLayer: 5)
    let end = graph.nodes.count - 1
    let starts = Set(graph.nodes.indices.filter { graph.isEmbedding($0) })
    let all = starts.flatMap { graph.paths(from: $0, to: end) }.filter { $0.count > 2 }
    let path = graph.strongestPath(from: starts, to: end)
    let best = all.map(graph.strength).max() ?? 0
    #expect((path == nil) == (best == 0))
    if let path {
      #expect(all.contains(path))
      #expect(abs(graph.strength(path) - best) <= 1e-12 * best)
    }
  }

  @Test(arguments: seeds)
  func `the strongest path through a waypoint is the strongest of those that pass one`(seed: UInt64) throws {
    let graph = AttributionGraph.random(seed: seed, layers: 4, featuresPerLayer: 5)
    let end = graph.nodes.count - 1
    let starts = Set(graph.nodes.indices.filter { graph.isEmbedding($0) })
    let features = graph.nodes.indices.filter {
      if case .feature = graph.nodes[$0].node { true } else { false }
    }
    let waypoints = Set(features.enumerated().filter { $0.offset % 5 == 0 }.map(\.element))
    let all = starts.flatMap { graph.paths(from: $0, to: end) }.filter {
      $0.contains(where: waypoints.contains)
    }
    let path = graph.strongestPath(from: starts, through: waypoints, to: end)
    let best = all.map(graph.strength).max() ?? 0
    #expect((path == nil) == (best == 0))
    if let path {
      #expect(all.contains(path))
      #expect(abs(graph.strength(path) - best) <= 1e-12 * best)
    }
    #expect(graph.strongestPath(from: starts, through: [], to: end) == nil)
  }

  @Test(arguments: seeds)
  func `linear effects are the sums over all paths`(seed: UInt64) throws {
    let graph = AttributionGraph.random(seed: seed, layers: 4, featuresPerLayer: 5)
    let end = graph.nodes.count - 1
    let effects = graph.linearEffects(on: end)
    for source in graph.nodes.indices where source != end {
      let sum = graph.paths(from: source, to: end).reduce(0.0) { $0 + graph.effect($1) }
      // Sums in another order, of terms that small activations make large.
      #expect(abs(effects[source] - sum) <= 1e-9 * max(1, abs(sum)), "\(source)")
    }
  }

  @Test(arguments: seeds, [1, 2, 3, 4])
  func `the strongest paths are those of a list of all paths`(seed: UInt64, steps: Int) throws {
    let graph = AttributionGraph.random(seed: seed, layers: 4, featuresPerLayer: 5)
    let end = graph.nodes.count - 1
    let starts = graph.nodes.indices.filter { graph.isEmbedding($0) }
    for isPositiveOnly in [false, true] {
      for waypoints in [nil, Set(graph.features.filter { $0 % 4 == 0 })] {
        let question = PathQuestion(
          from: starts, to: end, count: 30, minimumSteps: steps, through: waypoints,
          isPositiveOnly: isPositiveOnly)
        try graph.expectAnswer(to: question)
      }
    }
  }

  @Test(arguments: seeds)
  func `paths between features are found, and pass no second start`(seed: UInt64) throws {
    let graph = AttributionGraph.random(seed: seed, layers: 5, featuresPerLayer: 5, density: 0.6)
    let end = try #require(graph.features.last)
    try graph.expectAnswer(to: PathQuestion(from: [0, 1, 6, 7], to: end, count: 40))
    try graph.expectAnswer(to: PathQuestion(from: [2], to: end, count: 40, minimumSteps: 1))
  }

  /// A ladder of 60 rungs with both rails equal has 2^60 equal paths.
  @Test func `equal paths beyond number are told of without trying them all`() throws {
    var effects = DirectEffects(nodeCount: 122)
    for place in 2..<122 {
      let below = place / 2 * 2 - 2
      effects.rows[place] = .init(sources: [Int32(below), Int32(below + 1)], weights: [1, 1])
    }
    var nodes = (0..<122).map { Node.feature(layer: $0 / 2, index: $0, position: 0) }
    nodes[121] = .logit(token: 0, position: 0)
    let graph = AttributionGraph.ofNodes(nodes, effects)
    let answer = try graph.paths(PathQuestion(from: [0, 1], to: 121, count: 1000))
    #expect(answer.paths.count == 1000)
    #expect(Set(answer.paths.map(\.places)).count == 1000)
    #expect(answer.all.absolute == 1)
    #expect(abs(answer.share - 1000 * 0x1p-60) < 1e-25)
  }

  @Test func `a path of a hundred thousand steps is no trouble`() throws {
    let count = 100_000
    var effects = DirectEffects(nodeCount: count)
    for place in 1..<count {
      effects.rows[place] = .init(
        sources: place > 1 ? [Int32(place - 2), Int32(place - 1)] : [0], weights: place > 1 ? [1e-9, 1] : [1])
    }
    var nodes = (0..<count).map { Node.feature(layer: $0, index: 0, position: 0) }
    nodes[count - 1] = .logit(token: 0, position: 0)
    let graph = AttributionGraph.ofNodes(nodes, effects)
    let answer = try graph.paths(PathQuestion(from: [0], to: count - 1, count: 3))
    #expect(answer.paths.map(\.places.count) == [count, count - 1, count - 1])
  }

  @Test func `an even number of edges against their target works for the end`() throws {
    let graph = InfluenceTests.byHand
    let answer = try graph.paths(PathQuestion(from: [3], to: 4, minimumSteps: 2))
    // Worked by hand: feature 1 gets 1/4 from 0 and 1/2 from the embedding, the logit -1/4 from 0 and 3/4 from 1.
    #expect(answer.paths.map(\.places) == [[3, 1, 4], [3, 0, 4], [3, 0, 1, 4]])
    #expect(answer.paths.map(\.strength) == [0.375, -0.25, 0.1875])
    #expect(answer.paths.map(\.shares) == [[0.5, 0.75], [1, -0.25], [1, 0.25, 0.75]])
    #expect(answer.paths.map(\.isSupporting) == [true, false, true])
    #expect(answer.all == answer.allowed)
    #expect(abs(answer.all.signed - 0.3125) < 1e-15 && abs(answer.all.absolute - 0.8125) < 1e-15)
    #expect(abs(answer.share - 1) < 1e-15)
  }

  @Test func `questions that cannot be answered are refused`() {
    let graph = InfluenceTests.byHand
    #expect(throws: GraphError.noSuchPlace(5, nodeCount: 5)) {
      try graph.paths(PathQuestion(from: [5], to: 4))
    }
    #expect(throws: GraphError.noSuchPlace(-1, nodeCount: 5)) {
      try graph.paths(PathQuestion(from: [3], to: -1))
    }
    #expect(throws: GraphError.outOfRange(name: "number of paths", value: 0, range: 1...1000)) {
      try graph.paths(PathQuestion(from: [3], to: 4, count: 0))
    }
    #expect(throws: GraphError.outOfRange(name: "least number of steps", value: 101, range: 1...100)) {
      try graph.paths(PathQuestion(from: [3], to: 4, minimumSteps: 101))
    }
    var broken = graph
    broken.effects.rows[1].weights[0] = .nan
    #expect(throws: GraphError.self) { try broken.paths(PathQuestion(from: [3], to: 4)) }
  }

  @Test func `nothing is told of where no path leads`() throws {
    let graph = InfluenceTests.byHand
    for question in [
      PathQuestion(from: [4], to: 3), PathQuestion(from: [4], to: 4), PathQuestion(from: [], to: 4),
      PathQuestion(from: [3], to: 4, minimumSteps: 5), PathQuestion(from: [3], to: 4, through: []),
    ] {
      #expect(try graph.paths(question).paths.isEmpty)
      #expect(graph.strongestPath(from: Set(question.starts), through: [], to: question.end) == nil)
    }
  }

  @Test func `a skipped row lets no path through`() throws {
    let graph = InfluenceTests.byHand.skipping([1])
    #expect(try graph.paths(PathQuestion(from: [3], to: 4)).paths.map(\.places) == [[3, 0, 4]])
  }

  /// Measured: 0.11 s for 50 paths of at least 10 steps.
  @Test func `a million edges are searched at once`() throws {
    let graph = AttributionGraph.large(seed: 1)
    let starts = graph.nodes.indices.filter { graph.isEmbedding($0) }
    let (answer, seconds) = try processorSeconds {
      try graph.paths(PathQuestion(from: starts, to: graph.nodes.count - 1, count: 50, minimumSteps: 10))
    }
    #expect(answer.paths.count == 50)
    #expect(answer.paths.allSatisfy { $0.places.count > 10 })
    #expect(zip(answer.paths, answer.paths.dropFirst()).allSatisfy { abs($0.strength) >= abs($1.strength) })
    // Many times what it takes.
    #expect(seconds < 5)
  }
}

/// Changes followed forwards, against linear effects followed backwards and sums over paths.
struct LinearChangeTests {
  private static let seeds: [UInt64] = [1, 2, 3, 4, 5, 6]

  private static func graph(_ seed: UInt64) -> AttributionGraph {
    .random(seed: seed, layers: 4, featuresPerLayer: 5)
  }

  @Test(arguments: seeds)
  func `one feature's change does to every node what its linear effects say`(seed: UInt64) throws {
    let graph = Self.graph(seed)
    for source in graph.features {
      let activation = Double(try #require(graph.nodes[source].activation))
      let changes = graph.linearChanges(holding: [source: 0.3])
      for target in graph.nodes.indices where target != source && !graph.isEmbedding(target) {
        let effect = graph.linearEffects(on: target)[source] * 0.3 / activation
        #expect(abs(changes.values[target] - effect) <= 1e-9 * max(1, abs(effect)))
        // Random weights cancel nowhere, so what is reached is what changes.
        #expect(changes.isReached[target] == (effect != 0))
      }
    }
  }

  @Test(arguments: seeds)
  func `features held together change others by paths that pass no other held one`(seed: UInt64) throws {
    let graph = Self.graph(seed)
    let held = Dictionary(
      uniqueKeysWithValues: graph.features.enumerated().filter { $0.offset % 3 == 0 }.map {
        ($0.element, Double($0.offset) - 4)
      })
    let changes = graph.linearChanges(holding: held)
    for target in graph.features + [graph.nodes.count - 1] {
      var sum = 0.0
      for (source, change) in held where source != target {
        let free = graph.paths(from: source, to: target).filter {
          !$0.dropFirst().dropLast().contains { held[$0] != nil }
        }
        let activation = Double(try #require(graph.nodes[source].activation))
        sum += free.reduce(0) { $0 + graph.effect($1, end: target) } * change / activation
      }
      #expect(abs(changes.values[target] - sum) <= 1e-9 * max(1, abs(sum)), "\(target)")
    }
  }

  @Test(arguments: seeds)
  func `where nothing passes on, changes are the edges and what is added`(seed: UInt64) throws {
    let graph = Self.graph(seed)
    let source = graph.features[1]
    let activation = Double(try #require(graph.nodes[source].activation))
    let other = graph.features[12]
    let changes = graph.linearChanges(holding: [source: -activation], adding: [other: 0.25]) { _ in false }
    let dense = graph.denseAdjacency()
    for target in graph.nodes.indices {
      let edge = Double(dense[target * graph.nodes.count + source])
      #expect(abs(changes.values[target] - (target == other ? 0.25 : 0) + edge) < 1e-12)
      #expect(changes.isReached[target] == (edge != 0 || target == other))
    }
  }

  @Test func `a feature held where it is changes nothing and lets nothing through`() {
    let graph = Self.graph(1)
    let all = Dictionary(uniqueKeysWithValues: graph.features.map { ($0, 0.0) })
    let changes = graph.linearChanges(holding: all)
    #expect(changes.values.allSatisfy { $0 == 0 } && !changes.isReached.contains(true))
  }
}

extension AttributionGraph {
  /// Compares an answer with a list of all paths.
  fileprivate func expectAnswer(
    to question: PathQuestion, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let answer = try paths(question)
    let every = question.starts.flatMap { paths(from: $0, to: question.end) }.filter {
      $0.count > 1 && !$0.dropFirst().contains(where: question.starts.contains)
    }
    let shares = { (path: [Int]) in
      zip(path, path.dropFirst()).map { source, target in
        Double(self.weight(target, source))
          / self.effects.rows[target].weights.reduce(0) { $0 + Double(abs($1)) }
      }
    }
    let allowed = every.filter { path in
      path.count > question.minimumSteps
        && question.waypoints.map { path.dropFirst().contains(where: $0.contains) } ?? true
        && (!question.isPositiveOnly || shares(path).allSatisfy { $0 > 0 })
    }
    let strengths = allowed.map { abs(shares($0).reduce(1, *)) }.sorted(by: >)
    #expect(answer.paths.count == min(question.count, allowed.count), sourceLocation: sourceLocation)
    for (path, strength) in zip(answer.paths, strengths) {
      #expect(allowed.contains(path.places), sourceLocation: sourceLocation)
      // The same product in another order.
      #expect(abs(abs(path.strength) - strength) <= 1e-12 * strength, sourceLocation: sourceLocation)
      #expect(path.shares.count == path.places.count - 1, sourceLocation: sourceLocation)
      for (share, wanted) in zip(path.shares, shares(path.places)) {
        #expect(abs(share - wanted) <= 1e-12, sourceLocation: sourceLocation)
      }
      #expect(abs(path.share - strength / answer.all.absolute) <= 1e-12, sourceLocation: sourceLocation)
    }
    #expect(Set(answer.paths.map(\.places)).count == answer.paths.count, sourceLocation: sourceLocation)
    for (sums, list) in [(answer.all, every), (answer.allowed, allowed)] {
      let strengths = list.map { shares($0).reduce(1, *) }
      #expect(abs(sums.signed - strengths.reduce(0, +)) <= 1e-12, sourceLocation: sourceLocation)
      #expect(
        abs(sums.absolute - strengths.reduce(0) { $0 + abs($1) }) <= 1e-12, sourceLocation: sourceLocation)
    }
  }

  fileprivate func isEmbedding(_ place: Int) -> Bool {
    if case .embedding = nodes[place].node { true } else { false }
  }

  private func weight(_ target: Int, _ source: Int) -> Double {
    let row = effects.rows[target]
    return row.sources.firstIndex(of: Int32(source)).map { Double(row.weights[$0]) } ?? 0
  }

  /// All paths whose inner nodes are features.
  fileprivate func paths(from source: Int, to target: Int) -> [[Int]] {
    if source == target { return [[source]] }
    switch nodes[target].node {
    case .error, .embedding: return []
    case .feature, .logit: break
    }
    return effects.rows[target].sources.flatMap { before in
      paths(from: source, to: Int(before)).map { $0 + [target] }
    }
  }

  fileprivate func strength(_ path: [Int]) -> Double {
    zip(path, path.dropFirst()).reduce(1) { product, edge in
      let total = effects.rows[edge.1].weights.reduce(0) { $0 + Double(abs($1)) }
      return product * max(0, weight(edge.1, edge.0)) / total
    }
  }

  fileprivate func effect(_ path: [Int], end: Int? = nil) -> Double {
    zip(path, path.dropFirst()).reduce(1) { product, edge in
      let isEnd = edge.1 == (end ?? nodes.count - 1)
      return product * weight(edge.1, edge.0) / (isEnd ? 1 : Double(nodes[edge.1].activation ?? 0))
    }
  }
}
