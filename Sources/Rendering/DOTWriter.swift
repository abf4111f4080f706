public import AttributionGraphs

/// Writes a graph as DOT text, for users who want Graphviz to lay it out.
///
/// Layers are ranks, from the tokens at the bottom upward, and invisible edges keep each rank in prompt order.
/// `dot -Tsvg graph.dot` takes a second up to about 100 nodes and 250 edges; beyond, `nslimit=0.1` and
/// `mclimit=0.05` keep it bearable. ``Figure`` needs neither.
public enum DOTWriter {
  /// The graph as DOT text, with all its nodes, in the order of layers, positions and ids.
  ///
  /// - Parameters:
  ///   - graph: The graph; weights that aren't numbers, and edges that lead to no higher layer, are left out.
  ///   - title: A line above the picture.
  ///   - edgeBudget: How many edges to write at most, those of most influence; `nil` writes all.
  public static func dot(
    of graph: AttributionGraph, title: String? = nil, edgeBudget: Int? = nil
  ) -> String {
    var text: [UInt8] = []
    write(graph, title: title, edgeBudget: edgeBudget) {
      text += $0
      return true
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The same piece by piece: of millions of edges the text is long.
  /// - Parameter handOn: Takes the text in UTF-8, in its order, and says whether more is wanted.
  public static func write(
    _ graph: AttributionGraph, title: String? = nil, edgeBudget: Int? = nil, to handOn: ([UInt8]) -> Bool
  ) {
    let names = uniqueNames(of: graph)
    var lines = ["digraph \(quoted(DisplayText.visible(graph.metadata.slug))) {"]
    lines += header(title: title)
    lines += ranks(of: graph, names: names)
    guard handOn(Array((lines.joined(separator: "\n") + "\n").utf8)) else { return }
    var piece: [UInt8] = []
    let importance = NodeImportance(of: graph, given: nil)
    let survey = EdgeSurvey(of: graph, importance: importance, among: Set(graph.nodes.indices))
    for edge in survey.drawable.prefix(max(edgeBudget ?? .max, 0)) {
      piece += line(of: survey.edge(edge), names: names).utf8
      if piece.count >= 1 << 16 {
        guard handOn(piece) else { return }
        piece.removeAll(keepingCapacity: true)
      }
    }
    _ = handOn(piece + Array("}\n".utf8))
  }

  // MARK: Parts

  static func header(title: String?) -> [String] {
    var graphAttributes = "rankdir=BT, newrank=true, splines=true, charset=\"UTF-8\""
    if let title { graphAttributes += ", labelloc=t, label=\(label([title]))" }
    return [
      "  graph [\(graphAttributes)];",
      "  node [fontname=\"Helvetica\", fontsize=10, shape=box, style=\"rounded,filled\", fillcolor=white];",
      "  edge [color=\"#1b7837\", arrowsize=0.6];",
    ]
  }

  /// The nodes by level, each level at one height and in order, and a first node above the first below.
  private static func ranks(of graph: AttributionGraph, names: [String]) -> [String] {
    let inOrder = graph.nodes.indices.sorted { left, right in
      let (a, b) = (graph.nodes[left], graph.nodes[right])
      return (a.node.level, a.node.position, a.id, left) < (b.node.level, b.node.position, b.id, right)
    }
    let ranks = runs(of: inOrder, in: graph)
    var lines: [String] = []
    for rank in ranks {
      lines.append("  {")
      lines.append("    rank=same;")
      lines += rank.map { "    \(names[$0]) [\(attributes(of: graph.nodes[$0], in: graph))];" }
      if rank.count > 1 {
        lines.append("    \(rank.map { names[$0] }.joined(separator: " -> ")) [style=invis];")
      }
      lines.append("  }")
    }
    for (lower, upper) in zip(ranks, ranks.dropFirst()) {
      guard let tail = lower.first, let head = upper.first else { continue }
      lines.append("  \(names[tail]) -> \(names[head]) [style=invis];")
    }
    return lines
  }

  /// Runs of nodes at one level.
  private static func runs(of nodes: [Int], in graph: AttributionGraph) -> [[Int]] {
    var runs: [[Int]] = []
    for node in nodes {
      if let last = runs.last?.first, graph.nodes[last].node.level == graph.nodes[node].node.level {
        runs[runs.count - 1].append(node)
      } else {
        runs.append([node])
      }
    }
    return runs
  }

  private static func attributes(of node: GraphNode, in graph: AttributionGraph) -> String {
    let text = DisplayText.visible(node.label)
    var attributes = ["class=\(node.node.glyph.rawValue)"]
    switch node.node {
    case .feature(_, let index, _): attributes.append("label=\(label([text.isEmpty ? "#\(index)" : text]))")
    case .error:
      attributes += ["label=\"error\"", "shape=hexagon", "style=filled", "fillcolor=\"#ececec\""]
    case .embedding(let position):
      let tokens = graph.metadata.promptTokens
      let token = tokens.indices.contains(position) ? DisplayText.token(tokens[position]) : text
      attributes += ["label=\(label([token]))", "style=filled", "fillcolor=\"#f3f3f3\""]
    case .logit:
      let detail = NodeLabels.outputDetail(of: node).map { [$0] } ?? []
      attributes += ["label=\(label([NodeLabels.outputToken(in: node)] + detail))", "style=bold"]
    }
    return attributes.joined(separator: ", ")
  }

  private static func line(of edge: FigureContent.Edge, names: [String]) -> String {
    let width = FigureDrawing.number(0.25 + 3.4 * edge.share.squareRoot())
    let sign = edge.weight > 0 ? "class=positive" : negative
    return "  \(names[edge.source]) -> \(names[edge.target]) "
      + "[penwidth=\(width), tooltip=\"\(edge.weight)\", \(sign)];\n"
  }

  static let negative = "class=negative, style=dashed, arrowhead=tee, color=\"#762a83\""

  // MARK: Text

  private static func uniqueNames(of graph: AttributionGraph) -> [String] {
    var names = UniqueNames()
    return graph.nodes.map { quoted(names.next(DisplayText.visible($0.id))) }
  }

  /// A name in quotes; Graphviz takes `\"` for a quote and keeps both of `\\`.
  static func quoted(_ name: String) -> String {
    "\"" + name.escaping(["\\": "\\\\", "\"": "\\\""]) + "\""
  }

  /// A label in quotes, which shows exactly these lines.
  static func label(_ lines: [String]) -> String {
    let text = DisplayText.label(lines: lines.map { DisplayText.visible($0) })
    return "\"" + text.escaping(["\"": "\\\""]) + "\""
  }
}
