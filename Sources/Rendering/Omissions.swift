internal import AttributionGraphs

/// What a figure leaves out, in numbers and in words.
struct Omissions {
  var shownInner = 0
  var allInner = 0
  var shownLogits = 0
  var allLogits = 0
  var shownEdges = 0
  var allEdges = 0
  /// What the drawn edges carry of the influence that all edges carry, from 0 to 1.
  var edgeShare = 0.0
  var unreadableCount = 0
  var notUpwardCount = 0
  var hidesErrors = false
  var hidesFirstToken = false
  /// Positions whose columns did not fit.
  var droppedColumns = 0
  /// What a small graph shows, in words of its own.
  var words: String?
  /// The scores of all edges together.
  private let scoreSum: Double

  /// What a small graph of pinned nodes leaves out.
  init(words: String) {
    self.words = words
    scoreSum = 0
  }

  init(
    of graph: AttributionGraph, nodes: [Int], edges: [FigureContent.Edge], survey: EdgeSurvey,
    style: FigureStyle
  ) {
    (allInner, allLogits) = Self.counts(of: graph.nodes)
    (shownInner, shownLogits) = Self.counts(of: nodes.map { graph.nodes[$0] })
    allEdges = survey.edgeCount
    scoreSum = survey.scoreSum
    unreadableCount = survey.unreadableCount
    notUpwardCount = survey.notUpwardCount
    (hidesErrors, hidesFirstToken) = (style.hidesErrors, style.hidesFirstToken)
    count(drawn: edges)
  }

  /// Counts the edges that are drawn.
  mutating func count(drawn edges: [FigureContent.Edge]) {
    shownEdges = edges.count
    edgeShare = scoreSum > 0 ? edges.reduce(0) { $0 + $1.score } / scoreSum : 0
  }

  private static func counts(of nodes: [GraphNode]) -> (inner: Int, logits: Int) {
    let inner = nodes.count { $0.node.layer != nil }
    let logits = nodes.count { $0.node.level == .max }
    return (inner, logits)
  }

  /// One paragraph, such as "Drawn: 50 of 812 features and errors, 5 of 10 outputs, 180 of 40,249 edges …".
  var sentence: String {
    if let words { return ([words] + reasons).joined(separator: " ") }
    if allInner == 0, allLogits == 0, allEdges == 0 { return "The graph has no nodes to draw." }
    var parts: [String] = []
    if allInner > 0 { parts.append(Self.ratio(shownInner, allInner, "features and errors")) }
    if allLogits > 0 { parts.append(Self.ratio(shownLogits, allLogits, "outputs")) }
    parts.append(Self.ratio(shownEdges, allEdges, "edges"))
    var text = "Drawn: " + parts.joined(separator: ", ")
    if shownEdges > 0, shownEdges < allEdges {
      text += "; these edges carry \(NumberText.percent(edgeShare)) of the influence along edges"
    }
    return ([text + "."] + reasons).joined(separator: " ")
  }

  private var reasons: [String] {
    var sentences: [String] = []
    if hidesErrors { sentences.append("Errors are hidden.") }
    if hidesFirstToken { sentences.append("The first token is hidden.") }
    if droppedColumns > 0 {
      let what = words == nil ? "without a drawn feature, left out with their edges" : "without a box"
      sentences.append("⋯ stands for \(Self.many(droppedColumns, "token")) \(what).")
    }
    if unreadableCount > 0 {
      sentences.append("\(Self.many(unreadableCount, "weight")) not a number or infinite: skipped.")
    }
    if notUpwardCount > 0 {
      sentences.append("\(Self.many(notUpwardCount, "edge")) not leading to a higher layer: skipped.")
    }
    return sentences
  }

  static func ratio(_ shown: Int, _ all: Int, _ things: String) -> String {
    shown == all && all != 1
      ? "all \(DisplayText.count(all)) \(things)"
      : "\(DisplayText.count(shown)) of \(DisplayText.count(all)) \(things)"
  }

  static func many(_ count: Int, _ thing: String) -> String {
    "\(DisplayText.count(count)) \(thing)\(count == 1 ? "" : "s")"
  }
}
