internal import AttributionGraphs

/// What stands behind a picture as rows of text: nodes, edges, and what the picture leaves out.
public struct FigureTable: Sendable, Equatable {
  /// Rows of one kind.
  public struct Part: Sendable, Equatable {
    public var title: String
    public var header: [String]
    public var rows: [[String]]
  }

  public var parts: [Part]

  /// What heads a column of shares. Files of pruned graphs hold a part of the edges, so a share in them differs from that in
  /// the whole graph.
  static let shareTitle = "share of the answer in the graph drawn"

  /// The table with tabs between columns; each part has its title in the first column of every row.
  public var tsv: String {
    parts.flatMap { part in
      ([part.header] + part.rows).enumerated().map { number, row in
        ([number == 0 ? "part" : part.title] + row).map(Self.cell).joined(separator: "\t") + "\n"
      }
    }.joined()
  }

  /// The table as Markdown, a heading and a table for each part.
  public var markdown: String {
    parts.map { part in
      var text = "## \(part.title)\n\n"
      if part.rows.isEmpty { return text + "None.\n" }
      text += Self.line(part.header) + Self.line(part.header.map { _ in "---" })
      return text + part.rows.map(Self.line).joined()
    }.joined(separator: "\n")
  }

  private static func line(_ cells: [String]) -> String {
    "| "
      + cells.map { Self.cell($0).escaping(Self.marks) }.joined(separator: " | ") + " |\n"
  }

  /// What Markdown would read as its own.
  private static let marks = Dictionary(
    uniqueKeysWithValues: "\\|*_`<[]".unicodeScalars.map { ($0, "\\\($0)") })

  /// A cell in full: ids in it can be looked up.
  private static func cell(_ text: String) -> String { DisplayText.visible(text, longest: .max) }
}

extension FigureTable {
  /// The rows behind the figure of a graph as a whole.
  init(of layout: FigureLayout, in graph: AttributionGraph, importance: NodeImportance) {
    let shown = layout.boxes.map(\.place).sorted()
    let inner = graph.nodes.indices.filter { graph.nodes[$0].node.layer != nil }
    let shares = importance.answerShares(of: graph)
    let isShown = Set(shown)
    let others = inner.filter { !isShown.contains($0) }.sorted {
      (-importance.values[$0], $0) < (-importance.values[$1], $1)
    }
    let row = { (place: Int) in
      [graph.nodes[place].id, graph.nodes[place].label, SubgraphTable.share(shares[place])]
    }
    let header = ["id", "label", FigureTable.shareTitle]
    parts = [
      Part(title: "nodes", header: header, rows: shown.map(row)),
      Part(
        title: "edges drawn", header: ["from", "to", "share of input", "weight"],
        rows: layout.curves.map(\.edge).sorted { $0.share > $1.share }.map { edge in
          [
            graph.nodes[edge.source].id, graph.nodes[edge.target].id,
            SubgraphTable.share(edge.weight < 0 ? -edge.share : edge.share), "\(edge.weight)",
          ]
        }),
      Part(
        title: SubgraphTable.leftOutTitle(others.count),
        header: header, rows: others.prefix(20).map(row)),
      Part(
        title: "figures", header: ["what", "picture", "graph"],
        rows: [
          [
            "features and errors", "\(layout.omissions.shownInner)", "\(layout.omissions.allInner)",
          ], ["outputs", "\(layout.omissions.shownLogits)", "\(layout.omissions.allLogits)"],
          ["edges", "\(layout.omissions.shownEdges)", "\(layout.omissions.allEdges)"],
          ["influence along edges", SubgraphTable.share(layout.omissions.edgeShare), "1"],
        ]),
    ]
  }
}
