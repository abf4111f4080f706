/// One sweep from the starts of a ``PathQuestion`` to its end: the best path and the sums of all.
///
/// A node is reached in several states, told apart by how many edges lie behind it and whether a waypoint does:
/// ```
/// state = steps                        steps = 0 … n, where n stands for n or more
///       + (n + 1) · passed             passed = 0 or 1, where waypoints are asked for
/// ```
/// A path that the question allows reaches the end in the last state. The best way to each state, and the sums over all
/// ways to it, follow from those of the states before, as each node comes after its sources.
struct PathSearch {
  let graph: AttributionGraph
  let question: PathQuestion
  /// How many states a node has.
  let stateCount: Int
  /// Places of the nodes that lie on some way from a start to the end, sources first.
  let places: [Int]
  /// The place of each node in ``places``, -1 where it has none, `[node]`.
  let numbers: [Int32]
  /// `Σ_s |A[t, s]|` of each of ``places``.
  private(set) var totals: [Double]
  /// The strength of the best way to each state, 0 where there is none, `[number of the node][state]`.
  private(set) var strengths: [Double]
  /// The state before on that way, -1 where it starts.
  private(set) var previous: [Int32]
  /// All paths, and those that the question allows.
  private(set) var all = PathSums(signed: 0, absolute: 0)
  private(set) var allowed = PathSums(signed: 0, absolute: 0)
  let cyclicNodeCount: Int

  /// Which nodes are starts, and which are waypoints, by number.
  private let isStart: [Bool]
  private let isWaypoint: [Bool]
  /// The number of the end; `nil` if no way leads there.
  private let end: Int?

  init(of graph: AttributionGraph, _ question: PathQuestion) {
    self.graph = graph
    self.question = question
    stateCount = (question.minimumSteps + 1) * (question.waypoints == nil ? 1 : 2)
    let order = EvaluationOrder(of: graph.effects)
    cyclicNodeCount = order.cyclicNodes.count
    let starts = Set(question.starts).subtracting([question.end])
    places = Self.between(starts, question.end, in: graph, order)
    var numbers = Array(repeating: Int32(-1), count: graph.nodes.count)
    for (number, place) in places.enumerated() { numbers[place] = Int32(number) }
    self.numbers = numbers
    isStart = places.map(starts.contains)
    isWaypoint = places.map { question.waypoints?.contains($0) == true }
    end = numbers[question.end] < 0 ? nil : Int(numbers[question.end])
    totals = places.map { graph.effects.rows[$0].absoluteSum }
    strengths = Array(repeating: 0, count: places.count * stateCount)
    previous = Array(repeating: -1, count: places.count * stateCount)
    sweep()
  }

  /// The state in which the paths asked for reach the end; `nil` if none does.
  var lastState: Int? {
    guard let end, strengths[(end + 1) * stateCount - 1] > 0 else { return nil }
    return (end + 1) * stateCount - 1
  }

  /// A state from which another is reached at once.
  struct Step {
    /// Which state: the number of its node times ``stateCount`` and what it is told apart by.
    var source: Int
    /// The absolute share of the edge.
    var share: Double
  }

  /// The states from which one is reached at once, in the order of their nodes.
  func steps(to state: Int) -> [Step] {
    let (number, ways) = (state / stateCount, state % stateCount)
    guard !isStart[number] else { return [] }
    let row = graph.effects.rows[places[number]]
    var steps: [Step] = []
    for (source, weight) in zip(row.sources, row.weights) where isOpen(weight) && numbers[Int(source)] >= 0 {
      let first = Int(numbers[Int(source)]) * stateCount
      for before in 0..<stateCount
      where next(before, isWaypoint[number]) == ways && strengths[first + before] > 0 {
        steps.append(Step(source: first + before, share: Double(weight.magnitude) / totals[number]))
      }
    }
    return steps
  }

  // MARK: The sweep

  private mutating func sweep() {
    // Sums of all ways to a node, and of those to a state.
    var everySigned = Array(repeating: 0.0, count: places.count)
    var everyAbsolute = everySigned
    var signed = Array(repeating: 0.0, count: places.count * stateCount)
    var absolute = signed
    let after = [false, true].map { isWaypoint in (0..<stateCount).map { next($0, isWaypoint) } }
    for number in places.indices {
      if isStart[number] {
        (everySigned[number], everyAbsolute[number]) = (1, 1)
        strengths[number * stateCount] = 1
        (signed[number * stateCount], absolute[number * stateCount]) = (1, 1)
        continue
      }
      let row = graph.effects.rows[places[number]]
      let after = after[isWaypoint[number] ? 1 : 0]
      let first = number * stateCount
      for edge in row.sources.indices {
        let source = Int(numbers[Int(row.sources[edge])])
        guard source >= 0 else { continue }
        let share = Double(row.weights[edge]) / totals[number]
        everySigned[number] += everySigned[source] * share
        everyAbsolute[number] += everyAbsolute[source] * abs(share)
        guard isOpen(row.weights[edge]) else { continue }
        for before in 0..<stateCount where strengths[source * stateCount + before] > 0 {
          let from = source * stateCount + before
          let to = first + after[before]
          signed[to] += signed[from] * share
          absolute[to] += absolute[from] * abs(share)
          let candidate = strengths[from] * abs(share)
          if candidate > strengths[to] { (strengths[to], previous[to]) = (candidate, Int32(from)) }
        }
      }
    }
    guard let end else { return }
    all = PathSums(signed: everySigned[end], absolute: everyAbsolute[end])
    let last = (end + 1) * stateCount - 1
    allowed = PathSums(signed: signed[last], absolute: absolute[last])
  }

  /// How a state goes on over an edge into a node.
  private func next(_ state: Int, _ isWaypoint: Bool) -> Int {
    let width = question.minimumSteps + 1
    let (passed, steps) = (state / width, state % width)
    let isPassed = question.waypoints != nil && (passed == 1 || isWaypoint)
    return min(steps + 1, question.minimumSteps) + (isPassed ? width : 0)
  }

  private func isOpen(_ weight: Float) -> Bool { question.isPositiveOnly ? weight > 0 : weight != 0 }

  /// The nodes on ways between, sources first.
  private static func between(
    _ starts: Set<Int>, _ end: Int, in graph: AttributionGraph, _ order: EvaluationOrder
  ) -> [Int] {
    var isAbove = Array(repeating: false, count: graph.nodes.count)
    isAbove[end] = true
    func passes(_ place: Int) -> Bool {
      let total = graph.effects.rows[place].absoluteSum
      return !graph.effects.isSkipped[place] && (place == end || graph.isFeature(place))
        && total > 0 && total.isFinite
    }
    for place in order.nodes where isAbove[place] && !starts.contains(place) && passes(place) {
      for source in graph.effects.rows[place].sources { isAbove[Int(source)] = true }
    }
    var isBelow = Array(repeating: false, count: graph.nodes.count)
    for start in starts { isBelow[start] = true }
    var places: [Int] = []
    for place in order.nodes.reversed() where isAbove[place] {
      if !isBelow[place], passes(place) {
        isBelow[place] = graph.effects.rows[place].sources.contains { isBelow[Int($0)] }
      }
      if isBelow[place] { places.append(place) }
    }
    return places
  }
}
