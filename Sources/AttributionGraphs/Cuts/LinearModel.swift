/// What a graph predicts for the value of an answer when nodes are taken away.
///
/// All of a node's inputs add up, and a node that is taken away adds nothing. With `ρ[s]` what is left of node `s` as a
/// part of its activation, and `w` the weights of the answer's nodes:
/// ```
/// d[t] = Σ_s A[t, s] · (ρ[s] − 1)          the change of a target's input
/// ρ[t] = 0 if t is taken away, otherwise 1 + d[t] / a[t]
/// drop = −Σ_t w[t] · d[t]
/// ```
/// This counts several nodes jointly: what one hands to another that is gone too is not counted twice. Seen from the
/// answer, what is left of the effect of each node on it, along ways that avoid the nodes taken away, is
/// ```
/// c[s] = Σ_t (w[t] + c[t] / a[t]) · A[t, s]     without c[t] where t is taken away
/// ```
/// As all is linear, taking node `x` away as well lowers the answer by exactly `ρ[x] · c[x]` more. So two sweeps tell
/// what every possible next step does.
struct LinearModel {
  /// Places of the nodes with a way to the answer, the answer first, every target before its sources.
  let places: [Int]
  /// The number of each node in ``places``, -1 where it has none, `[node]`.
  let numbers: [Int32]
  /// What the answer's inputs sum to, `Σ_t w[t] · Σ_s A[t, s]`.
  let value: Double
  /// How many features have inputs that cannot be followed.
  let unfollowedCount: Int
  /// How many nodes of the graph lie on a cycle or below one, and so have no part in this.
  let cyclicNodeCount: Int
  /// The weights `w`, by number.
  let rootWeights: [Double]
  /// `1 / a`, by number; 0 where the activation is not known or a sweep ends anyway.
  private let reciprocals: [Double]
  /// Where the edges into each node start in ``sources`` and ``weights``, and the end of the last.
  private let starts: [Int]
  private let sources: [Int32]
  private let weights: [Float]

  /// - Parameter rootWeights: `w`, `[node]`.
  init(of graph: AttributionGraph, rootWeights: [Double]) {
    let effects = graph.effects
    let reciprocal = { (place: Int) in
      guard graph.isFeature(place), let activation = graph.nodes[place].activation, activation != 0,
        activation.isFinite
      else { return 0.0 }
      return 1 / Double(activation)
    }
    var isAbove = rootWeights.map { $0 != 0 }
    var places: [Int] = []
    var unfollowed = 0
    let order = EvaluationOrder(of: effects)
    for place in order.nodes where isAbove[place] {
      places.append(place)
      if effects.isSkipped[place] || (reciprocal(place) == 0 && rootWeights[place] == 0) {
        if graph.isFeature(place) { unfollowed += 1 }
        continue
      }
      let row = effects.rows[place]
      for (source, weight) in zip(row.sources, row.weights) where weight != 0 { isAbove[Int(source)] = true }
    }
    var numbers = Array(repeating: Int32(-1), count: graph.nodes.count)
    for (number, place) in places.enumerated() { numbers[place] = Int32(number) }

    var starts = [0]
    var sources: [Int32] = []
    var weights: [Float] = []
    var value = 0.0
    for place in places {
      let row = effects.rows[place]
      let isFollowed = !effects.isSkipped[place] && (reciprocal(place) != 0 || rootWeights[place] != 0)
      if isFollowed {
        for (source, weight) in zip(row.sources, row.weights) where weight != 0 && numbers[Int(source)] >= 0 {
          sources.append(numbers[Int(source)])
          weights.append(weight)
          value += rootWeights[place] * Double(weight)
        }
      }
      starts.append(sources.count)
    }
    self.places = places
    self.numbers = numbers
    self.value = value
    unfollowedCount = unfollowed
    cyclicNodeCount = order.cyclicNodes.count
    self.rootWeights = places.map { rootWeights[$0] }
    reciprocals = places.map(reciprocal)
    self.starts = starts
    self.sources = sources
    self.weights = weights
  }

  /// How many edges a sweep visits.
  var edgeCount: Int { sources.count }

  /// What the answer loses and what is left of each node, `ρ`, by number.
  func remaining(without isRemoved: [Bool]) -> (drop: Double, parts: [Double]) {
    var losses = Array(repeating: 0.0, count: places.count)  // 1 − ρ
    var drop = 0.0
    let (sources, weights) = (sources.span, weights.span)
    for number in places.indices.reversed() {
      var loss = 0.0  // −d
      for edge in starts[number]..<starts[number + 1] {
        loss += Double(weights[edge]) * losses[Int(sources[edge])]
      }
      drop += rootWeights[number] * loss
      losses[number] = isRemoved[number] ? 1 : loss * reciprocals[number]
    }
    return (drop, losses.map { 1 - $0 })
  }

  /// What the answer loses.
  func drop(without isRemoved: [Bool]) -> Double { remaining(without: isRemoved).drop }

  /// The effect `c` of each node on the answer that is left, by number.
  func effects(without isRemoved: [Bool]) -> [Double] {
    var effects = Array(repeating: 0.0, count: places.count)
    let (sources, weights) = (sources.span, weights.span)
    for number in places.indices {
      let flow = rootWeights[number] + (isRemoved[number] ? 0 : effects[number] * reciprocals[number])
      guard flow != 0 else { continue }
      for edge in starts[number]..<starts[number + 1] {
        effects[Int(sources[edge])] += flow * Double(weights[edge])
      }
    }
    return effects
  }
}
