/// Looks for a small set of candidates without which an answer falls as far as asked.
struct CutSearch {
  /// A node or a group that may be taken away.
  struct Candidate {
    /// The numbers of its nodes in the model, ascending.
    var numbers: [Int]
    /// The place of the group in the question; `nil` for a node.
    var group: Int?
  }

  let model: LinearModel
  /// Nodes in the order of their places, then groups.
  let candidates: [Candidate]
  /// What the answer is to lose.
  let goal: Double
  private let maximumCount: Int

  init(_ model: LinearModel, _ question: CutQuestion, in graph: AttributionGraph) {
    self.model = model
    maximumCount = question.maximumCount
    goal = question.part * model.value
    func number(_ place: Int) -> Int? {
      let number = Int(model.numbers[place])
      return number >= 0 && model.rootWeights[number] == 0 ? number : nil
    }
    var isFree = graph.nodes.map { vertex in
      switch vertex.node {
      case .feature: question.includesFeatures
      case .error: question.includesErrors
      case .embedding: question.includesEmbeddings
      case .logit: false
      }
    }
    var groups: [Candidate] = []
    for (group, places) in question.groups.enumerated() {
      for place in places { isFree[place] = false }
      let numbers = places.compactMap(number).sorted()
      if !numbers.isEmpty { groups.append(Candidate(numbers: numbers, group: group)) }
    }
    let single = graph.nodes.indices.filter { isFree[$0] }.compactMap(number)
    candidates = single.map { Candidate(numbers: [$0], group: nil) } + groups
  }

  /// The set found, which may not go far enough, as places in ``candidates``.
  struct Found {
    var set: [Int]
    var isReached: Bool
  }

  /// Takes away what lowers the answer most until it is low enough, then does without what is needless.
  func greedy() -> Found {
    var chosen: [Int] = []
    var isReached = false
    while chosen.count < maximumCount, let best = bestStep(after: chosen, from: 0), best.gain > 0 {
      chosen.append(best.candidate)
      isReached = isEnough(best.drop)
      if isReached { break }
    }
    guard isReached else { return Found(set: chosen, isReached: false) }
    // The last one taken was needed, and the first ones were the strongest.
    for candidate in chosen.dropLast().reversed() {
      let others = chosen.filter { $0 != candidate }
      if isEnough(drop(without: others)) { chosen = others }
    }
    return Found(set: chosen, isReached: true)
  }

  /// Tries all sets, the smallest first.
  /// - Parameters:
  ///   - bound: Sets of this many candidates and more are of no interest.
  ///   - budget: How many edges may be visited.
  /// - Returns: The best of the smallest sets that go far enough, if one has fewer than `bound` candidates, and how many
  ///   candidates every set that does is proved to have.
  func exhaustive(below bound: Int, budget: Int) -> (set: [Int]?, leastCount: Int) {
    let passes = 2 + candidates.count { $0.group != nil }
    var left = Double(budget)
    var prefixCount = 1.0  // How many sets with one candidate fewer there are.
    var size = 1
    while size < bound, size <= candidates.count {
      left -= prefixCount * Double(passes) * Double(max(model.edgeCount, 1))
      guard left >= 0 else { return (nil, size) }
      if let set = best(ofSize: size) { return (set, size) }
      prefixCount *= Double(candidates.count - size + 1) / Double(size)
      size += 1
    }
    return (nil, size)
  }

  /// The candidates in the order in which they lower the answer most.
  func ordered(_ set: [Int]) -> [Int] {
    var order: [Int] = []
    while order.count < set.count {
      let drops = set.map { order.contains($0) ? -Double.infinity : drop(without: order + [$0]) }
      guard let next = drops.indices.max(by: { drops[$0] < drops[$1] }) else { break }
      order.append(set[next])
    }
    return order
  }

  /// What the answer loses without some candidates.
  func drop(without set: [Int]) -> Double { model.drop(without: mask(set)) }

  /// How many nodes have less than nothing left without some candidates.
  func belowZeroCount(without set: [Int]) -> Int {
    // What is taken away has nothing left; sums may end below 0 by rounding.
    model.remaining(without: mask(set)).parts.count { $0 < -1e-9 }
  }

  // MARK: Steps

  /// The candidate that lowers the answer most after others; of equals the first.
  /// - Parameter first: Candidates before this place are left out.
  private func bestStep(after set: [Int], from first: Int) -> (candidate: Int, drop: Double, gain: Double)? {
    var isRemoved = mask(set)
    let (drop, parts) = model.remaining(without: isRemoved)
    let effects = model.effects(without: isRemoved)
    let chosen = Set(set)
    var best: (candidate: Int, gain: Double)?
    for candidate in candidates.indices[first...] where !chosen.contains(candidate) {
      let numbers = candidates[candidate].numbers
      let gain: Double
      if numbers.count == 1 {
        gain = parts[numbers[0]] * effects[numbers[0]]
      } else {
        for number in numbers { isRemoved[number] = true }
        gain = model.drop(without: isRemoved) - drop
        for number in numbers { isRemoved[number] = false }
      }
      if best.map({ gain > $0.gain }) ?? true { best = (candidate, gain) }
    }
    return best.map { ($0.candidate, drop + $0.gain, $0.gain) }
  }

  /// The set of one size that lowers the answer most, if that is enough.
  private func best(ofSize size: Int) -> [Int]? {
    var best: (set: [Int], drop: Double)?
    var prefix = Array(0..<size - 1)
    while true {
      if let step = bestStep(after: prefix, from: (prefix.last ?? -1) + 1), isEnough(step.drop),
        best.map({ step.drop > $0.drop }) ?? true
      {
        best = (prefix + [step.candidate], step.drop)
      }
      // The next prefix: the last place that can still move does, and those behind it follow.
      guard let moved = prefix.indices.last(where: { prefix[$0] < candidates.count - size + $0 }) else {
        return best?.set
      }
      let start = prefix[moved] + 1
      for place in moved..<prefix.count { prefix[place] = start + place - moved }
    }
  }

  /// Whether a loss reaches the goal; sums in another order may differ in their last digits.
  private func isEnough(_ drop: Double) -> Bool { drop >= goal - 1e-12 * abs(goal) }

  private func mask(_ set: [Int]) -> [Bool] {
    var isRemoved = Array(repeating: false, count: model.places.count)
    for candidate in set { for number in candidates[candidate].numbers { isRemoved[number] = true } }
    return isRemoved
  }
}
