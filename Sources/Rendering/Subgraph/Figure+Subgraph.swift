public import AttributionGraphs

extension Figure {
  /// The picture of what a reader pinned, every group as one box.
  ///
  /// Boxes stand at the rounded mean layer of their members and in the column of the position that most members have,
  /// unless the reader put them elsewhere. Edges are drawn from ``FigureStyle/edgeCut`` upward, at most
  /// ``FigureStyle/edgeBudget`` of them (three a box if that is `nil`); of the other limits of the style only width,
  /// height (600 points at least) and type count.
  /// - Parameters:
  ///   - subgraph: The small graph.
  ///   - graph: The graph that it was cut from.
  ///   - positions: The centres of boxes by their keys, see ``SavedView/positions``. If every box has one, the origin
  ///     does not matter; else it is the lower left corner of the figure.
  ///   - keepsRows: Whether the rows of layers and the prompt stay even then, and the origin is the figure's corner: so it
  ///     is where boxes were moved one by one.
  ///   - style: How large the figure is.
  public init(
    of subgraph: Subgraph, in graph: AttributionGraph, positions: [String: SavedView.Position] = [:],
    keepsRows: Bool = false, style: FigureStyle = .default
  ) {
    var style = style
    // All boxes keep their labels, so the picture may need more height than one that turns some into dots.
    if let height = style.maximumHeight { style.maximumHeight = max(height.isNaN ? 0 : height, 600) }
    let small = SubgraphContent(of: subgraph, in: graph, style: style)
    var centers: [Int: Point] = [:]
    var titles = UniqueNames()
    var identifiers = UniqueNames()
    var names: [Int: NodeNames] = [:]
    for (place, box) in subgraph.boxes.enumerated() {
      if let position = positions[box.key], position.x.magnitude <= 1e6, position.y.magnitude <= 1e6 {
        centers[place] = Point(x: position.x, y: position.y)
      }
      let prefix = box.isSupernode ? "group-" : "node-"
      names[place] = NodeNames(
        title: titles.next(DisplayText.name(box.key)),
        identifier: identifiers.next(prefix + DisplayText.identifier(box.key)), key: box.key,
        tooltip: Self.tooltip(of: box, in: graph))
    }
    let isFree = !keepsRows && !centers.isEmpty && centers.count == subgraph.boxes.count
    let words = SubgraphWords(of: small, placing: isFree ? .freely : .inRows(moved: centers.count))
    self.init(
      layout: FigureLayout(content: small.content, style: style, positions: centers, keepsRows: keepsRows),
      style: style,
      name: DisplayText.name(graph.metadata.slug), names: names, paperCaption: words.long,
      table: SubgraphTable(of: small).table)
  }

  private static func tooltip(of box: Subgraph.Box, in graph: AttributionGraph) -> String {
    var parts = [DisplayText.visible(box.label)]
    parts += box.members.prefix(20).map { DisplayText.visible(graph.nodes[$0].id) }
    if box.members.count > 20 { parts.append("and \(box.members.count - 20) more") }
    return parts.filter { !$0.isEmpty }.joined(separator: "; ")
  }
}
