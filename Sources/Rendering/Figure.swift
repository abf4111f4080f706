public import AttributionGraphs

/// A picture of an attribution graph, fit for a paper.
///
/// Layers are rows, from the prompt's tokens at the bottom to the outputs on top, and positions are columns, as
/// in Lindsey et al. 2025, "On the Biology of a Large Language Model". Positive edges are solid arrows and
/// negative ones dashed with a bar at the end, so that the sign survives a black and white print.
/// ```swift
/// var style = FigureStyle.singleColumn
/// style.title = "Dallas is in Texas"
/// let bytes = try Figure(of: graph, style: style).svg()
/// ```
public struct Figure: Sendable {
  /// How wide the picture is, in points.
  public var width: Double { layout.width }
  /// How high the picture is, in points.
  public var height: Double { layout.height }
  /// What the picture leaves out, in sentences; it's also written below the picture if the style says so.
  public var caption: String { layout.omissions.sentence }

  /// A caption for a paper, in whole sentences: the prompt, what the picture shows of what, and how to read it.
  public let paperCaption: String
  /// The nodes and edges of the picture with their shares, and what it leaves out.
  public let table: FigureTable

  let layout: FigureLayout
  let style: FigureStyle
  let name: String
  /// Names and tooltips of the drawn nodes, by place in the graph.
  let names: [Int: NodeNames]

  /// What a drawn node is called.
  struct NodeNames {
    /// Its id as Graphviz sees it, unique.
    var title: String
    /// Its id made an XML identifier, unique.
    var identifier: String
    /// Its own id, or the key of the group.
    var key: String
    var tooltip: String
  }

  /// Chooses what to draw and where; ``svg()`` draws it.
  ///
  /// - Parameters:
  ///   - graph: The graph, pruned; a whole one works too, for only its most important part is drawn.
  ///   - style: How large the figure is and how much it shows.
  ///   - influence: How much of the answer flows through each node, `[node]`, which decides what is drawn; it
  ///     is worked out from the graph's edges when `nil`.
  public init(of graph: AttributionGraph, style: FigureStyle = .default, influence: [Double]? = nil) {
    let importance = NodeImportance(of: graph, given: influence)
    let content = FigureContent(of: graph, style: style, importance: importance)
    let labels = NodeLabels(content: content)
    var titles = UniqueNames()
    var identifiers = UniqueNames()
    var names: [Int: NodeNames] = [:]
    for place in content.nodes.sorted() {
      let node = graph.nodes[place]
      names[place] = NodeNames(
        title: titles.next(DisplayText.name(node.id)),
        identifier: identifiers.next("node-" + DisplayText.identifier(node.id)),
        key: node.id, tooltip: labels.tooltip(of: place))
    }
    let layout = FigureLayout(content: content, style: style)
    let prompt = DisplayText.visible(
      graph.metadata.prompt.isEmpty ? graph.metadata.promptTokens.joined() : graph.metadata.prompt,
      longest: .max)
    self.init(
      layout: layout, style: style, name: DisplayText.name(graph.metadata.slug), names: names,
      paperCaption: "Attribution graph of the prompt “\(prompt)”. \(layout.omissions.sentence)",
      table: FigureTable(of: layout, in: graph, importance: importance))
  }

  init(
    layout: FigureLayout, style: FigureStyle, name: String, names: [Int: NodeNames], paperCaption: String,
    table: FigureTable
  ) {
    (self.layout, self.style, self.name, self.names) = (layout, style, name, names)
    (self.paperCaption, self.table) = (paperCaption, table)
  }

  /// The picture as a document of SVG 1.1, in UTF-8, drawn by libgraphviz.
  ///
  /// The same figure has the same bytes on every run. Elements carry stable ids and the classes `feature`,
  /// `error`, `embedding`, `logit`, `positive` and `negative`.
  ///
  /// - Throws: ``RenderingError`` if libgraphviz is missing or complains about anything.
  public func svg() throws(RenderingError) -> [UInt8] {
    try Graphviz.withGraph(named: name.isEmpty ? "figure" : name) { graph throws(RenderingError) in
      var drawing = FigureDrawing(figure: self)
      try drawing.draw(into: graph)
      return try graph.rendered(engine: "nop2", format: "svg")
    }
  }

  /// The picture as a PDF of one page; text is text, in the reader's Helvetica. The same figure has the same bytes on
  /// every run.
  public func pdf() -> [UInt8] { PDFWriter.pdf(of: scene) }

  /// The picture as TikZ, for documents that load `tikz`; labels are set in the document's sans serif.
  public func tikz() -> [UInt8] { TikZWriter.tikz(of: scene) }
}
