internal import AttributionGraphs

/// What the figure of a small graph shows: all of its boxes, and the edges worth a line.
struct SubgraphContent {
  let graph: AttributionGraph
  let subgraph: Subgraph
  let style: FigureStyle
  /// What stands for each box in rows and columns, `[box]`.
  let stands: [GraphNode]
  /// The drawn edges, the weakest first.
  let edges: [FigureContent.Edge]

  init(of subgraph: Subgraph, in graph: AttributionGraph, style: FigureStyle) {
    (self.graph, self.subgraph, self.style) = (graph, subgraph, style)
    stands = subgraph.boxes.enumerated().map { place, box in Self.stand(for: box, place: place, in: graph) }
    edges = Self.selected(subgraph, style: style)
  }

  /// The least part of a box's input that an edge must be to be drawn.
  var edgeCut: Double { style.edgeCut.isFinite ? max(style.edgeCut, 0) : 0 }

  /// What a layout is made of.
  var content: FigureContent {
    let order = subgraph.boxes.indices.sorted {
      (-subgraph.boxes[$0].influence, $0) < (-subgraph.boxes[$1].influence, $1)
    }
    var captions: [Int: FigureContent.BoxCaption] = [:]
    for (place, box) in subgraph.boxes.enumerated() { captions[place] = caption(of: box) }
    return FigureContent(
      boxes: stands, captions: captions, tokens: graph.metadata.promptTokens, order: order, edges: edges,
      omissions: Omissions(words: SubgraphWords(of: self).short))
  }

  // MARK: Boxes

  /// A node at the box's height and column: the mean layer, rounded, and the position of most members.
  private static func stand(for box: Subgraph.Box, place: Int, in graph: AttributionGraph) -> GraphNode {
    let nodes = box.members.map { graph.nodes[$0].node }
    var counts: [Int: Int] = [:]
    for node in nodes { counts[node.position, default: 0] += 1 }
    let position = counts.max { ($0.value, $0.key) < ($1.value, $1.key) }?.key ?? 0
    let layers = nodes.compactMap(\.layer)
    let node: Node
    if !layers.isEmpty {
      let mean = Double(layers.reduce(0, +)) / Double(layers.count)
      node = .feature(layer: Int(mean.rounded()), index: place, position: position)
    } else if nodes.contains(where: { $0.level == .max }) {
      node = .logit(token: place, position: position)
    } else {
      node = .embedding(position: position)
    }
    return GraphNode(node: node, id: box.key, label: box.label)
  }

  /// The words in a box.
  private func caption(of box: Subgraph.Box) -> FigureContent.BoxCaption {
    if box.isSupernode {
      let label = DisplayText.visible(box.label)
      return .init(
        glyph: .group, label: label.isEmpty ? DisplayText.visible(box.key) : label, detail: members(of: box))
    }
    let node = graph.nodes[box.members[0]]
    let isRenamed = box.label != node.label
    switch node.node {
    case .feature(let layer, let index, _):
      let label = DisplayText.visible(box.label)
      let activation = node.activation.flatMap {
        $0.isFinite ? FigureContent.BoxCaption.activationMark + Self.short(Double($0)) : nil
      }
      return .init(glyph: .feature, label: label.isEmpty ? "L\(layer) #\(index)" : label, detail: activation)
    case .error: return .init(glyph: .error, label: isRenamed ? DisplayText.visible(box.label) : "error")
    case .embedding(let position):
      let tokens = graph.metadata.promptTokens
      let token = tokens.indices.contains(position) ? tokens[position] : node.label
      return .init(
        glyph: .embedding, label: isRenamed ? DisplayText.visible(box.label) : DisplayText.token(token))
    case .logit:
      let label = isRenamed ? DisplayText.visible(box.label) : NodeLabels.outputToken(in: node)
      return .init(glyph: .logit, label: label, detail: NodeLabels.outputDetail(of: node))
    }
  }

  /// `3 features`, or for outputs also their probability together.
  func members(of box: Subgraph.Box) -> String {
    let nodes = box.members.map { graph.nodes[$0] }
    let glyphs = Set(nodes.map(\.node.glyph))
    let names: [Glyph: String] = [
      .feature: "feature", .error: "error", .embedding: "token", .logit: "output",
    ]
    let name = glyphs.count == 1 ? glyphs.first.flatMap { names[$0] } ?? "node" : "node"
    let count = Omissions.many(nodes.count, name)
    // Probabilities add up; differences have none.
    let probabilities = nodes.compactMap(\.probability)
    guard glyphs == [.logit], probabilities.count == nodes.count else { return count }
    return "\(count), \(NumberText.percent(probabilities.reduce(0, +)))"
  }

  /// Three digits of a number.
  static func short(_ value: Double) -> String {
    guard value.isFinite else { return "?" }
    let size = value.magnitude
    let unit = size >= 100 ? 1.0 : size >= 10 ? 10 : size >= 1 ? 100 : 1000
    let rounded = (value * unit).rounded() / unit
    return rounded == rounded.rounded() && rounded.magnitude < 1e9 ? "\(Int(rounded))" : "\(rounded)"
  }

  // MARK: Edges

  /// The strongest edges above the cut, after each box's strongest way in and out.
  private static func selected(_ subgraph: Subgraph, style: FigureStyle) -> [FigureContent.Edge] {
    let cut = style.edgeCut.isFinite ? max(style.edgeCut, 0) : 0
    let strong = subgraph.edges.filter { $0.share.magnitude >= cut && $0.share != 0 }
      .sorted { ($1.share.magnitude, $0.target, $0.source) < ($0.share.magnitude, $1.target, $1.source) }
    var hasInput: Set<Int> = []
    var hasOutput: Set<Int> = []
    var first: [Subgraph.Edge] = []
    var others: [Subgraph.Edge] = []
    for edge in strong {
      let opensInput = hasInput.insert(edge.target).inserted
      let opensOutput = hasOutput.insert(edge.source).inserted
      if opensInput || opensOutput { first.append(edge) } else { others.append(edge) }
    }
    let budget = style.edgeBudget.map { max($0, 0) } ?? 3 * subgraph.boxes.count
    return (first + others).prefix(budget).map { edge in
      FigureContent.Edge(
        source: edge.source, target: edge.target, weight: Float(edge.share),
        share: min(edge.share.magnitude, 1), score: edge.share.magnitude)
    }.sorted { ($0.share, $0.target, $0.source) < ($1.share, $1.target, $1.source) }
  }
}
