/// What some features read and write, and how alike two of them are in that.
///
/// The profile of a feature is the share that each source has of its input, and the share that it has of the input of
/// each target. Two features are compared on the nodes that both can be joined to: sources below the lower one, targets
/// above the higher one.
/// ```
/// inputs(a, b)     = cos(share[a, s], share[b, s])      s below both
/// outputs(a, b)    = cos(share[t, a], share[t, b])      t above both
/// similarity(a, b) = √(max(0, inputs) · max(0, outputs))
/// ```
/// What is not alike becomes half if both have one label, and a quarter if they are one feature at two positions. Other
/// features are not compared unless their positions are the same or neighbours.
struct EdgeProfiles {
  /// A sparse vector over the nodes, in the order of some rank of theirs.
  private struct Profile {
    let places: [Int32]
    let shares: [Double]
    let ranks: [Int]
    /// The sum of the squares of the shares before each, and of all.
    let squares: [Double]

    init(_ entries: [(place: Int32, share: Double)], rank: (Int) -> Int) {
      let sorted = entries.map { (rank: rank(Int($0.place)), place: $0.place, share: $0.share) }
        .sorted { ($0.rank, $0.place) < ($1.rank, $1.place) }
      places = sorted.map(\.place)
      shares = sorted.map(\.share)
      ranks = sorted.map(\.rank)
      var squares = [0.0]
      for entry in sorted { squares.append((squares.last ?? 0) + entry.share * entry.share) }
      self.squares = squares
    }

    /// How many entries have a rank below another; these come first.
    func count(below rank: Int) -> Int {
      var range = 0..<ranks.count
      while !range.isEmpty {
        let middle = (range.lowerBound + range.upperBound) / 2
        range = ranks[middle] < rank ? middle + 1..<range.upperBound : range.lowerBound..<middle
      }
      return range.lowerBound
    }

    /// The cosine with another profile over the nodes of a rank below one.
    /// - Parameter dense: The other profile written out, `[node]`.
    func cosine(with other: Profile, _ dense: [Double], below rank: Int) -> Double {
      let count = count(below: rank)
      let length = (squares[count] * other.squares[other.count(below: rank)]).squareRoot()
      guard length > 0 else { return 0 }
      let (places, shares, dense) = (places.span, shares.span, dense.span)
      var product = 0.0
      for entry in 0..<count { product += shares[entry] * dense[Int(places[entry])] }
      return product / length
    }
  }

  /// What tells one feature from another, wherever it is active.
  private struct Identity: Hashable {
    var node: Node
    var kind: String?
  }

  private let nodeCount: Int
  // All by number of the candidate.
  private let inputs: [Profile]
  private let outputs: [Profile]
  private let levels: [Int]
  private let positions: [Int]
  /// Equal for one feature at several positions.
  private let features: [Int]
  /// Equal for one label; `nil` without a label.
  private let labels: [Int?]

  init(of candidates: [Int], in graph: AttributionGraph) {
    nodeCount = graph.nodes.count
    positions = candidates.map { graph.nodes[$0].node.position }
    var identities: [Identity: Int] = [:]
    features = candidates.enumerated().map { number, place in
      let vertex = graph.nodes[place]
      guard case .feature(let layer, let index, _) = vertex.node else { return -1 - number }
      let identity = Identity(node: .feature(layer: layer, index: index, position: 0), kind: vertex.kind)
      identities[identity] = identities[identity] ?? identities.count
      return identities[identity] ?? 0
    }
    var names: [String: Int] = [:]
    labels = candidates.map { place in
      let label = graph.nodes[place].comparableLabel
      guard !label.isEmpty else { return nil }
      names[label] = names[label] ?? names.count
      return names[label]
    }
    var numbers = Array(repeating: -1, count: graph.nodes.count)
    for (number, place) in candidates.enumerated() { numbers[place] = number }
    var inputs = Array(repeating: [(place: Int32, share: Double)](), count: candidates.count)
    var outputs = inputs
    for target in graph.nodes.indices where !graph.effects.isSkipped[target] {
      let row = graph.effects.rows[target]
      let total = row.absoluteSum
      guard total > 0, total.isFinite else { continue }
      for (source, weight) in zip(row.sources, row.weights) {
        let share = Double(weight) / total
        if numbers[target] >= 0 { inputs[numbers[target]].append((source, share)) }
        if numbers[Int(source)] >= 0 { outputs[numbers[Int(source)]].append((Int32(target), share)) }
      }
    }
    // Sources are compared up to some level, targets down to one: either way those that count come first.
    let levels = graph.nodes.map(\.level)
    self.levels = candidates.map { levels[$0] }
    self.inputs = inputs.map { Profile($0) { levels[$0] } }
    self.outputs = outputs.map { Profile($0) { ~levels[$0] } }
  }

  /// Whether two candidates are one feature at two positions.
  func isSameFeature(_ a: Int, _ b: Int) -> Bool { features[a] == features[b] }

  /// Whether two candidates have one label.
  func isSameLabel(_ a: Int, _ b: Int) -> Bool { labels[a] != nil && labels[a] == labels[b] }

  /// How alike a candidate and each one after it are, from 0 to 1, in the order of the candidates.
  func similarities(of a: Int) -> [Double] {
    var denseInputs = Array(repeating: 0.0, count: nodeCount)
    var denseOutputs = denseInputs
    for (place, share) in zip(inputs[a].places, inputs[a].shares) { denseInputs[Int(place)] = share }
    for (place, share) in zip(outputs[a].places, outputs[a].shares) { denseOutputs[Int(place)] = share }
    return (a + 1..<max(inputs.count, a + 1)).map { b in
      let isSame = isSameFeature(a, b)
      guard isSame || abs(positions[a] - positions[b]) <= 1 else { return 0 }
      let lower = min(levels[a], levels[b])
      let upper = max(levels[a], levels[b])
      let input = inputs[b].cosine(with: inputs[a], denseInputs, below: lower)
      let output = outputs[b].cosine(with: outputs[a], denseOutputs, below: ~upper)
      let similarity = min(1, (max(0, input) * max(0, output)).squareRoot())
      return 1 - (1 - similarity) * (isSame ? 0.25 : isSameLabel(a, b) ? 0.5 : 1)
    }
  }
}

extension GraphNode {
  /// The label as labels are compared: without spaces around it, small letters; empty for one without a letter.
  var comparableLabel: String {
    let words = label.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return words.contains(where: \.isLetter) ? words : ""
  }
}
