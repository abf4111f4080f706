/// Hands a layout to Graphviz, whose engine `nop2` draws it where it is.
struct FigureDrawing {
  private let figure: Figure
  private var titles = UniqueNames()
  private var layout: FigureLayout { figure.layout }

  init(figure: Figure) {
    self.figure = figure
    // A node's id may be any text; what the figure adds gets other names.
    for names in figure.names.values { _ = titles.next(names.title) }
  }

  mutating func draw(into graph: borrowing GraphvizGraph) throws(RenderingError) {
    try graph.setGraph([
      "outputorder": "edgesfirst", "bgcolor": "transparent", "pad": "0", "margin": "0", "splines": "line",
      "fontname": figure.style.fontFamily,
    ])
    try graph.setNodes(["fontname": figure.style.fontFamily, "fixedsize": "shape", "margin": "0"])
    try graph.setEdges(["dir": "forward"])
    try drawPage(graph)
    try drawGuides(graph)
    for text in layout.texts { try draw(text, graph) }
    try drawKey(graph)
    try drawNodesAndEdges(graph)
  }

  // MARK: Nodes and edges

  /// Nodes with the strongest outgoing edges come last: Graphviz draws edges in the order of their sources.
  private func drawNodesAndEdges(_ graph: borrowing GraphvizGraph) throws(RenderingError) {
    var strongest: [Int: Double] = [:]
    for curve in layout.curves {
      strongest[curve.edge.source] = max(strongest[curve.edge.source] ?? 0, curve.edge.share)
    }
    let boxes = layout.boxes.sorted {
      (strongest[$0.place] ?? 0, $0.place) < (strongest[$1.place] ?? 0, $1.place)
    }
    var nodeOf: [Int: Int] = [:]
    for box in boxes { nodeOf[box.place] = try draw(box, graph) }
    for curve in layout.curves {
      guard let tail = nodeOf[curve.edge.source], let head = nodeOf[curve.edge.target] else { continue }
      try draw(curve, from: tail, to: head, graph)
    }
  }

  private func draw(_ node: NodeBox, _ graph: borrowing GraphvizGraph) throws(RenderingError) -> Int {
    let names = figure.names[node.place]
    let look = Look(of: node)
    return try graph.addNode(
      names?.title ?? "node \(node.place)",
      [
        "id": names?.identifier ?? "node-\(node.place)",
        "class": node.glyph.rawValue + (node.isDot ? " dot" : ""),
        "tooltip": DisplayText.escapedLine(names?.tooltip ?? ""),
        "label": DisplayText.label(lines: node.lines),
        "shape": look.shape, "style": look.style, "fillcolor": look.fill, "color": look.border,
        "fontcolor": look.text, "penwidth": Self.number(look.lineWidth * layout.fontSize / 7),
        "fontsize": Self.number(layout.fontSize), "pos": Self.point(node.box.center),
        "width": Self.inches(node.box.width), "height": Self.inches(node.box.height),
      ])
  }

  private func draw(
    _ curve: EdgeCurve, from tail: Int, to head: Int, _ graph: borrowing GraphvizGraph
  ) throws(RenderingError) {
    let source = figure.names[curve.edge.source]?.identifier ?? "\(curve.edge.source)"
    let target = figure.names[curve.edge.target]?.identifier ?? "\(curve.edge.target)"
    let look = EdgeLook(isPositive: curve.isPositive, share: curve.edge.share, edgeCount: layout.curves.count)
    try graph.addEdge(
      from: tail, to: head,
      [
        "id": "edge-\(source)-\(target)", "class": curve.isPositive ? "positive" : "negative",
        "pos": Self.spline(tip: curve.tip, points: curve.points), "color": look.color, "style": look.style,
        "penwidth": Self.number(curve.lineWidth), "arrowhead": look.head,
        "arrowsize": Self.number(look.headSize(length: curve.headLength)),
      ])
  }

  // MARK: What stands around them

  /// Two marks in opposite corners, so that the picture is exactly as large as the layout says.
  private mutating func drawPage(_ graph: borrowing GraphvizGraph) throws(RenderingError) {
    for corner in [Point(x: 0, y: 0), Point(x: layout.width, y: layout.height)] {
      try mark(at: corner, graph)
    }
  }

  @discardableResult
  private mutating func mark(
    at point: Point, _ graph: borrowing GraphvizGraph
  ) throws(RenderingError) -> Int {
    try graph.addNode(
      titles.next("mark"),
      [
        "shape": "point", "style": "invis", "label": "", "pos": Self.point(point), "width": "0.001",
        "height": "0.001",
      ])
  }

  private mutating func drawGuides(_ graph: borrowing GraphvizGraph) throws(RenderingError) {
    for y in layout.guides {
      let left = Point(x: layout.guideSpan.lowerBound, y: y)
      let right = Point(x: layout.guideSpan.upperBound, y: y)
      try drawLine(
        from: left, to: right, graph,
        ["class": "guide", "color": "#e4e4e4", "penwidth": "0.4", "arrowhead": "none"])
    }
  }

  private mutating func drawLine(
    from start: Point, to end: Point, tip: Point? = nil, _ graph: borrowing GraphvizGraph,
    _ attributes: KeyValuePairs<String, String>
  ) throws(RenderingError) {
    let third = (end.x - start.x) / 3
    let points = [
      start, Point(x: start.x + third, y: start.y), Point(x: end.x - third, y: end.y), end,
    ]
    let tail = try mark(at: start, graph)
    let head = try mark(at: end, graph)
    try graph.addEdge(from: tail, to: head, attributes, also: ["pos": Self.spline(tip: tip, points: points)])
  }

  private mutating func draw(
    _ line: TextLine, _ graph: borrowing GraphvizGraph
  ) throws(RenderingError) {
    let metrics = TextMetrics(fontSize: line.fontSize)
    let textWidth = metrics.width(of: line.text)
    // Graphviz aligns text within its node: the node reaches from the anchor as far as the page does.
    let (center, width, end): (Double, Double, String) =
      switch line.anchor {
      case .left: ((line.position.x + layout.width) / 2, layout.width - line.position.x, "\\l")
      case .center: (line.position.x, textWidth, "")
      case .right: (line.position.x / 2, line.position.x, "\\r")
      }
    try graph.addNode(
      titles.next("text"),
      [
        "class": "\(line.role)", "shape": "plaintext", "label": DisplayText.escapedLine(line.text) + end,
        "fontsize": Self.number(line.fontSize), "fontcolor": line.role.color,
        "pos": Self.point(Point(x: center, y: line.position.y)), "width": Self.inches(width),
        "height": Self.inches(line.fontSize),
      ])
  }

  private mutating func drawKey(_ graph: borrowing GraphvizGraph) throws(RenderingError) {
    for entry in layout.key.entries {
      let box = entry.sampleBox
      switch entry.sample {
      case .node(let glyph, let isDot):
        let look = Look(of: NodeBox(place: 0, glyph: glyph, lines: isDot ? [] : [""], box: box))
        try graph.addNode(
          titles.next("sample"),
          [
            "class": "key", "label": "", "shape": look.shape, "style": look.style, "fillcolor": look.fill,
            "color": look.border, "penwidth": Self.number(look.lineWidth * layout.fontSize / 7),
            "fontsize": "1", "pos": Self.point(box.center), "width": Self.inches(box.width),
            "height": Self.inches(box.height),
          ])
      case .edge(let isPositive):
        let look = EdgeLook(isPositive: isPositive, share: 0.3, edgeCount: 1)
        let length = 0.6 * layout.key.fontSize
        let start = Point(x: box.minX, y: box.center.y)
        try drawLine(
          from: start, to: Point(x: box.maxX - length, y: box.center.y),
          tip: Point(x: box.maxX, y: box.center.y), graph,
          [
            "class": isPositive ? "key positive" : "key negative", "color": look.color, "style": look.style,
            "penwidth": "1", "arrowhead": look.head, "arrowsize": Self.number(look.headSize(length: length)),
          ])
      case .words: break
      }
      let position = entry.text
      let line = TextLine(
        text: entry.words, role: .key, position: position, anchor: .left, fontSize: layout.key.fontSize)
      try draw(line, graph)
    }
  }
}
