internal import AttributionGraphs

/// The rows behind the figure of a small graph.
struct SubgraphTable {
  private let content: SubgraphContent
  private var graph: AttributionGraph { content.graph }
  private var subgraph: Subgraph { content.subgraph }

  init(of content: SubgraphContent) { self.content = content }

  var table: FigureTable {
    FigureTable(parts: [boxes, members, edges(areDrawn: true), edges(areDrawn: false), leftOut, figures])
  }

  /// What stands above the most influential nodes that are not in the picture.
  static func leftOutTitle(_ count: Int) -> String {
    "nodes left out" + (count > 20 ? ", the 20 most influential of \(DisplayText.count(count))" : "")
  }

  private var boxes: FigureTable.Part {
    .init(
      title: "boxes",
      header: [
        "key", "label", "nodes", FigureTable.shareTitle, "input from boxes", "other features", "errors",
        "tokens",
        "unseen", "cohesion",
      ],
      rows: subgraph.boxes.map { box in
        let inputs = box.inputs
        return [box.key, box.label, "\(box.members.count)", Self.share(box.answerShare)]
          + [inputs.shown, inputs.features, inputs.errors, inputs.embeddings, inputs.unseen].map(Self.share)
          + [box.cohesion.map(Self.share) ?? ""]
      })
  }

  private var members: FigureTable.Part {
    let shares = graph.answerShares()
    return .init(
      title: "nodes",
      header: [
        "box", "id", "label", "layer", "position", "activation", "probability", FigureTable.shareTitle,
      ],
      rows: subgraph.boxes.flatMap { box in
        box.members.map { place in
          let node = graph.nodes[place]
          return [
            box.key, node.id, node.label, node.node.layer.map { "\($0)" } ?? "", "\(node.node.position)",
            node.activation.map { "\($0)" } ?? "", node.probability.map { "\($0)" } ?? "",
            Self.share(shares[place]),
          ]
        }
      })
  }

  private func edges(areDrawn: Bool) -> FigureTable.Part {
    let drawn = Set(content.edges.map { [$0.source, $0.target] })
    let wanted = subgraph.edges.filter { drawn.contains([$0.source, $0.target]) == areDrawn }
    return .init(
      title: areDrawn ? "edges drawn" : "edges not drawn",
      header: ["from", "to", "share of input", "without signs"],
      rows: wanted.sorted { $0.share.magnitude > $1.share.magnitude }.map { edge in
        [
          subgraph.boxes[edge.source].key, subgraph.boxes[edge.target].key, Self.share(edge.share),
          Self.share(edge.grossShare),
        ]
      })
  }

  /// The most influential nodes that are not in the picture.
  private var leftOut: FigureTable.Part {
    let shares = graph.answerShares()
    let shown = Set(subgraph.boxes.flatMap(\.members))
    let inner = graph.nodes.indices.filter { graph.nodes[$0].node.layer != nil }
    let others = inner.filter { !shown.contains($0) }.sorted { (-shares[$0], $0) < (-shares[$1], $1) }
    return .init(
      title: SubgraphTable.leftOutTitle(others.count),
      header: ["id", "label", FigureTable.shareTitle],
      rows: others.prefix(20).map { place in
        let node = graph.nodes[place]
        return [node.id, node.label, Self.share(shares[place])]
      })
  }

  private var figures: FigureTable.Part {
    let extent = subgraph.extent
    let whole = graph.scores()
    var rows = [
      ["features shown", "\(extent.shownFeatures)", "\(extent.features)"],
      ["errors shown", "\(extent.shownErrors)", "\(extent.errors)"],
      ["outputs shown", "\(extent.shownLogits)", "\(extent.logits)"],
      ["edges between shown boxes", "\(extent.shownEdges)", "\(extent.edges)"],
      ["influence shown, of all features' and errors'", Self.share(extent.influence), "1"],
      ["flow along edges shown", Self.share(extent.edgeInfluence), "1"],
      ["least share of an edge drawn", Self.share(content.edgeCut), ""],
      ["replacement score", Self.share(subgraph.scores.replacement), Self.share(whole.replacement)],
      ["completeness score", Self.share(subgraph.scores.completeness), Self.share(whole.completeness)],
      ["input of shown nodes that the graph knows", Self.share(subgraph.knownInput), "1"],
    ]
    rows += subgraph.missingIDs.map { ["chosen but not in the graph", $0, ""] }
    return .init(title: "figures", header: ["what", "picture", "graph"], rows: rows)
  }

  /// Five digits that count, as rounding to pictures needs no more.
  static func share(_ value: Double) -> String { NumberText.significant(value) }
}
