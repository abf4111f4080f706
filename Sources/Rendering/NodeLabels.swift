internal import AttributionGraphs

/// The words in the boxes.
struct NodeLabels {
  private let content: FigureContent
  /// Features that share their label with another one in the same layer and position.
  private let ambiguous: Set<Int>
  /// The words of each drawn node, by place: many ways to set a figure ask for them again.
  private let texts: [Int: String]

  init(content: FigureContent) {
    self.content = content
    var first: [String: Int] = [:]
    var ambiguous: Set<Int> = []
    var texts: [Int: String] = [:]
    for place in content.nodes {
      let node = content.graphNodes[place]
      let text = Self.text(of: node, tokens: content.tokens)
      texts[place] = text
      guard case .feature(let layer, _, let position) = node.node else { continue }
      let key = "\(layer) \(position) \(text)"
      if let other = first[key] { ambiguous.formUnion([other, place]) } else { first[key] = place }
    }
    self.ambiguous = ambiguous
    self.texts = texts
  }

  /// The words of a node, in one line of any width; empty for a feature without a label.
  private static func text(of node: GraphNode, tokens: [String]) -> String {
    switch node.node {
    case .feature: DisplayText.visible(node.label)
    case .error: "error"
    // A file that lists too few tokens has the text in its embedding node.
    case .embedding(let position) where tokens.indices.contains(position): DisplayText.token(tokens[position])
    case .embedding:
      DisplayText.token(quotedPart(of: node.label, after: "Emb: \"", before: "\"") ?? node.label)
    case .logit: outputToken(in: node)
    }
  }

  /// A node's label in at most `maximum` lines of at most `width` points.
  func lines(of place: Int, width: Double, maximum: Int, metrics: TextMetrics) -> [String] {
    let node = content.graphNodes[place]
    if let caption = content.captions[place] {
      let maximum = caption.glyph == .embedding ? 1 : maximum
      let lines = metrics.wrapped(caption.label, to: width, maximum: maximum)
      return lines + (caption.detail.map { [$0] } ?? [])
    }
    let label = texts[place] ?? ""
    switch node.node {
    case .feature(_, let index, _):
      if label.isEmpty { return [metrics.shortened("#\(index)", to: width)] }
      guard ambiguous.contains(place) else { return metrics.wrapped(label, to: width, maximum: maximum) }
      let number = "#\(index)"
      if maximum > 1 { return [metrics.shortened(label, to: width), metrics.shortened(number, to: width)] }
      return [metrics.shortened(label, to: width - metrics.width(of: " " + number)) + " " + number]
    case .error: return [label]
    case .embedding: return [metrics.shortened(label, to: width)]
    case .logit:
      // Of a difference both tokens must be seen.
      let lines =
        node.difference != nil && metrics.width(of: label) > width
        ? metrics.wrapped(label, to: width, maximum: 2) : [metrics.shortened(label, to: width)]
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
  private static func quotedPart(
    of text: String, after prefix: StaticString, before suffix: StaticString
  ) -> String? {
    guard let start = text.range(ofLast: prefix)?.upperBound,
      let end = text.range(ofLast: suffix)?.lowerBound, start <= end
    else { return nil }
    return String(text[start..<end])
  }
}
