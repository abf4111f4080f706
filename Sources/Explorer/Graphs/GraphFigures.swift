package import AttributionGraphs
internal import Foundation
internal import Rendering

/// The figure of what a reader pinned: as data for the page to draw, and as the files that `clew render` makes.
package struct GraphFigures {
  /// What a figure is asked as.
  package enum Format: String, CaseIterable {
    case svg, pdf, tikz, caption, table

    var type: String {
      switch self {
      case .svg: "image/svg+xml"
      case .pdf: "application/pdf"
      case .tikz: "application/x-tex; charset=utf-8"
      case .caption: "text/plain; charset=utf-8"
      case .table: "text/tab-separated-values; charset=utf-8"
      }
    }

    var fileEnding: String {
      switch self {
      case .svg, .pdf, .tikz: rawValue
      case .caption: "txt"
      case .table: "tsv"
      }
    }
  }

  private let graph: AttributionGraph
  private let view: SavedView
  private let subgraph: Subgraph

  package init(of graph: AttributionGraph, view: SavedView) {
    (self.graph, self.view) = (graph, view)
    subgraph = Subgraph(of: graph, view: view)
  }

  /// The picture's parts and what they stand for.
  package func json(width: String?) throws(ExplorerError) -> JSON {
    let figure = try figure(width: width)
    return [
      "scene": figure.scene.json, "caption": .string(figure.paperCaption),
      "boxes": .array(subgraph.boxes.map(json)),
      "edges": .array(
        subgraph.edges.map { edge in
          [
            "source": .string(subgraph.boxes[edge.source].key),
            "target": .string(subgraph.boxes[edge.target].key),
            "share": JSON(edge.share), "grossShare": JSON(edge.grossShare),
          ]
        }),
      "replacement": JSON(subgraph.scores.replacement), "completeness": JSON(subgraph.scores.completeness),
      "influence": JSON(subgraph.extent.influence), "edgeInfluence": JSON(subgraph.extent.edgeInfluence),
      "isFree": .bool(isFree), "missing": JSON(subgraph.missingIDs), "knownInput": JSON(subgraph.knownInput),
    ]
  }

  private func json(_ box: Subgraph.Box) -> JSON {
    [
      "key": .string(box.key), "label": .string(box.label), "isSupernode": .bool(box.isSupernode),
      "members": .array(box.members.map { JSON($0) }), "influence": JSON(box.influence),
      "answerShare": JSON(box.answerShare),
      "inputs": [
        "shown": JSON(box.inputs.shown), "features": JSON(box.inputs.features),
        "errors": JSON(box.inputs.errors), "embeddings": JSON(box.inputs.embeddings),
        "unseen": JSON(box.inputs.unseen),
      ],
    ]
  }

  /// The bytes of a file.
  package func file(_ format: Format, width: String?) throws -> [UInt8] {
    let figure = try figure(width: width)
    switch format {
    case .svg: return try figure.svg()
    case .pdf: return figure.pdf()
    case .tikz: return figure.tikz()
    case .caption: return Array((figure.paperCaption + "\n").utf8)
    case .table: return Array(figure.table.tsv.utf8)
    }
  }

  private func figure(width: String?) throws(ExplorerError) -> Figure {
    Figure(
      of: subgraph, in: graph, positions: view.positions, keepsRows: view.keepsRows,
      style: try Self.style(width: width))
  }

  /// Whether only the places of boxes to each other count, as in files of other viewers.
  private var isFree: Bool {
    !view.keepsRows && !subgraph.boxes.isEmpty && subgraph.boxes.allSatisfy { view.positions[$0.key] != nil }
  }

  private static func style(width: String?) throws(ExplorerError) -> FigureStyle {
    switch width {
    case nil, "double": return .doubleColumn
    case "single": return .singleColumn
    case let text?:
      guard let points = Double(text), points >= 72, points <= 10_000 else {
        throw .badRequest(reason: "a width is 'single', 'double' or a number of points")
      }
      var style = FigureStyle.doubleColumn
      style.width = .points(points)
      return style
    }
  }
}
