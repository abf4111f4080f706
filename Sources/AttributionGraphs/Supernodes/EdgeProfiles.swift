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
  /// Sparse vectors over the nodes, ascending by place.
  private struct Profile {
    var places: [Int32] = []
    var shares: [Double] = []
  }

  private let graph: AttributionGraph
  private let candidates: [Int]
  private let levels: [Int]
  private var inputs: [Profile]
  private var outputs: [Profile]
  private let labels: [String]

  init(of candidates: [Int], in graph: AttributionGraph) {
    self.graph = graph
    self.candidates = candidates
    levels = graph.nodes.map(\.level)
    labels = candidates.map { graph.nodes[$0].comparableLabel }
    inputs = Array(repeating: Profile(), count: candidates.count)
    outputs = inputs
    var numbers = Array(repeating: -1, count: graph.nodes.count)
    for (number, place) in candidates.enumerated() { numbers[place] = number }
    for target in graph.nodes.indices where !graph.effects.isSkipped[target] {
      let row = graph.effects.rows[target]
      let total = row.absoluteSum
      guard total > 0, total.isFinite else { continue }
      if numbers[target] >= 0 {
        inputs[numbers[target]] = Profile(places: row.sources, shares: row.weights.map { Double($0) / total })
      }
      for (source, weight) in zip(row.sources, row.weights) where numbers[Int(source)] >= 0 {
        outputs[numbers[Int(source)]].places.append(Int32(target))
        outputs[numbers[Int(source)]].shares.append(Double(weight) / total)
      }
    }
  }

  /// Whether two candidates are one feature at two positions.
  func isSameFeature(_ a: Int, _ b: Int) -> Bool {
    let (left, right) = (graph.nodes[candidates[a]], graph.nodes[candidates[b]])
    guard case .feature(let layer, let index, _) = left.node,
      case .feature(let otherLayer, let otherIndex, _) = right.node
    else { return false }
    return layer == otherLayer && index == otherIndex && left.kind == right.kind
  }

  /// Whether two candidates have one label.
  func isSameLabel(_ a: Int, _ b: Int) -> Bool { !labels[a].isEmpty && labels[a] == labels[b] }

  /// How alike two candidates are, from 0 to 1.
  func similarity(_ a: Int, _ b: Int) -> Double {
    let (left, right) = (candidates[a], candidates[b])
    let isSame = isSameFeature(a, b)
    let distance = abs(graph.nodes[left].node.position - graph.nodes[right].node.position)
    guard isSame || distance <= 1 else { return 0 }
    let lower = min(levels[left], levels[right])
    let upper = max(levels[left], levels[right])
    let input = cosine(inputs[a], inputs[b]) { levels[$0] < lower }
    let output = cosine(outputs[a], outputs[b]) { levels[$0] > upper }
    let similarity = min(1, (max(0, input) * max(0, output)).squareRoot())
    return 1 - (1 - similarity) * (isSame ? 0.25 : isSameLabel(a, b) ? 0.5 : 1)
  }

  private func cosine(_ a: Profile, _ b: Profile, over isCompared: (Int) -> Bool) -> Double {
    var (left, right) = (0, 0)
    var (product, leftSquare, rightSquare) = (0.0, 0.0, 0.0)
    while left < a.places.count || right < b.places.count {
      let leftPlace = left < a.places.count ? a.places[left] : .max
      let rightPlace = right < b.places.count ? b.places[right] : .max
      let isCounted = isCompared(Int(min(leftPlace, rightPlace)))
      let x = leftPlace <= rightPlace ? a.shares[left] : 0
      let y = rightPlace <= leftPlace ? b.shares[right] : 0
      if leftPlace <= rightPlace { left += 1 }
      if rightPlace <= leftPlace { right += 1 }
      guard isCounted else { continue }
      product += x * y
      leftSquare += x * x
      rightSquare += y * y
    }
    let length = (leftSquare * rightSquare).squareRoot()
    return length > 0 ? product / length : 0
  }
}

extension GraphNode {
  /// The label as labels are compared: without spaces around it, small letters; empty for one without a letter.
  var comparableLabel: String {
    let words = label.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return words.contains(where: \.isLetter) ? words : ""
  }
}
