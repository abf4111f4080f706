internal import AttributionGraphs

/// The words in the boxes.
struct NodeLabels {
  private let content: FigureContent
  /// Features that share their label with another one in the same layer and position.
  private let ambiguous: Set<Int>

  init(content: FigureContent) {
    self.content = content
    var first: [String: Int] = [:]
    var ambiguous: Set<Int> = []
    for place in content.nodes {
      let node = content.graphNodes[place]
      guard case .feature(let layer, _, let position) = node.node else { continue }
      let key = "\(layer) \(position) \(DisplayText.visible(node.label))"
      if let other = first[key] { ambiguous.formUnion([other, place]) } else { first[key] = place }
    }
    self.ambiguous = ambiguous
  }

  /// A node's label in at most `maximum` lines of at most `width` points.
  func lines(of place: Int, width: Double, maximum: Int, metrics: TextMetrics) -> [String] {
    let node = content.graphNodes[place]
    if let caption = content.captions[place] {
      let maximum = caption.glyph == .embedding ? 1 : maximum
      let lines = metrics.wrapped(caption.label, to: width, maximum: maximum)
      return lines + (caption.detail.map { [$0] } ?? [])
    }
    switch node.node {
    case .feature(_, let index, _):
      let label = DisplayText.visible(node.label)
      if label.isEmpty { return [metrics.shortened("#\(index)", to: width)] }
      guard ambiguous.contains(place) else { return metrics.wrapped(label, to: width, maximum: maximum) }
      let number = "#\(index)"
      if maximum > 1 { return [metrics.shortened(label, to: width), metrics.shortened(number, to: width)] }
      return [metrics.shortened(label, to: width - metrics.width(of: " " + number)) + " " + number]
    case .error: return ["error"]
    case .embedding(let position): return [metrics.shortened(token(at: position, of: node), to: width)]
    case .logit:
      let text = Self.outputToken(in: node)
      // Of a difference both tokens must be seen.
      let lines =
        node.difference != nil && metrics.width(of: text) > width
        ? metrics.wrapped(text, to: width, maximum: 2) : [metrics.shortened(text, to: width)]
      return lines + (Self.outputDetail(of: node).map { [$0] } ?? [])
    }
  }

  /// Everything known of a node, for a reader who points at it.
  func tooltip(of place: Int) -> String {
    let node = content.graphNodes[place]
    var parts = [DisplayText.visible(node.label), DisplayText.visible(node.id)]
    if case .feature(let layer, let index, _) = node.node { parts.append("layer \(layer), feature \(index)") }
    if let activation = node.activation, activation.isFinite { parts.append("activation \(activation)") }
    return parts.filter { !$0.isEmpty }.joined(separator: "; ")
  }

  /// The prompt's token at a position; a file that lists too few tokens has the text in its embedding node.
  private func token(at position: Int, of node: GraphNode) -> String {
    if content.tokens.indices.contains(position) { return DisplayText.token(content.tokens[position]) }
    return DisplayText.token(Self.quotedPart(of: node.label, after: "Emb: \"", before: "\"") ?? node.label)
  }

  /// An answer's token, both of a difference, or the whole label if it has no such form.
  static func outputToken(in node: GraphNode) -> String {
    let token = node.answerText
    return DisplayText.token(token.isEmpty ? node.id : token)
  }

  /// What is stated of an answer: its probability, or by how much the first of two logits is greater.
  static func outputDetail(of node: GraphNode) -> String? {
    if let difference = node.difference { return NumberText.signed(difference.logits, decimals: 2) }
    return node.probability.map { NumberText.percent($0) }
  }

  /// What stands between the last `prefix` and the last `suffix`.
  private static func quotedPart(of text: String, after prefix: String, before suffix: String) -> String? {
    guard let start = text.ranges(of: prefix).last?.upperBound,
      let end = text[start...].ranges(of: suffix).last?.lowerBound
    else { return nil }
    return String(text[start..<end])
  }
}
