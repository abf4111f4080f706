public import AttributionGraphs

extension DOTWriter {
  /// A small graph as DOT text: boxes by the rounded mean layer of their members, edges wide by share.
  ///
  /// - Parameters:
  ///   - subgraph: The small graph.
  ///   - graph: The graph that it was cut from.
  ///   - style: Its title, ``FigureStyle/edgeCut`` and ``FigureStyle/edgeBudget`` count.
  public static func dot(
    of subgraph: Subgraph, in graph: AttributionGraph, style: FigureStyle = .default
  ) -> String {
    let small = SubgraphContent(of: subgraph, in: graph, style: style)
    let captions = small.content.captions
    var names = UniqueNames()
    let ids = subgraph.boxes.map { quoted(names.next(DisplayText.visible($0.key))) }
    var lines = ["digraph \(quoted(DisplayText.visible(graph.metadata.slug))) {"]
    lines += header(title: style.title)
    let levels = Dictionary(grouping: subgraph.boxes.indices) { small.stands[$0].node.level }
    for (_, row) in levels.sorted(by: { $0.key < $1.key }) {
      let inOrder = row.sorted { (small.stands[$0].node.position, $0) < (small.stands[$1].node.position, $1) }
      lines.append("  {")
      lines.append("    rank=same;")
      for place in inOrder {
        let caption = captions[place]
        let text = [caption?.label ?? "", caption?.detail ?? ""].filter { !$0.isEmpty }
        lines.append(
          "    \(ids[place]) [class=\((caption?.glyph ?? .feature).rawValue), label=\(label(text))"
            + (caption?.glyph == .group ? ", peripheries=2" : "") + "];")
      }
      if inOrder.count > 1 {
        lines.append("    \(inOrder.map { ids[$0] }.joined(separator: " -> ")) [style=invis];")
      }
      lines.append("  }")
    }
    for edge in small.edges.reversed() {
      let width = FigureDrawing.number(0.25 + 3.4 * edge.share.squareRoot())
      let sign = edge.weight > 0 ? "class=positive" : negative
      let level = { (place: Int) in small.stands[place].node.level }
      // An edge that leads down must not turn the ranks around.
      let rank = level(edge.source) < level(edge.target) ? "" : ", constraint=false"
      lines.append(
        "  \(ids[edge.source]) -> \(ids[edge.target]) "
          + "[penwidth=\(width), tooltip=\"\(SubgraphTable.share(Double(edge.weight)))\", \(sign)\(rank)];")
    }
    lines.append("}")
    return lines.joined(separator: "\n") + "\n"
  }
}
