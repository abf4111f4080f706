internal import AttributionGraphs

/// The first of many ways to set a figure that stays within its width and height.
///
/// Tried in turn: shorter labels, leaving out positions of the prompt, and fewer labels (the least
/// influential become dots). If nothing fits, the narrowest is made smaller as a whole.
struct GridFit {
  let grid: FigureGrid
  let columns: ColumnFit
  /// The room for the names of the layers, left of the columns.
  let axisWidth: Double
  /// The space above each row, in points.
  let rowGaps: [Double]

  /// The room for edges, right of the columns.
  let rightMargin: Double

  /// All columns with the axis and the margin, in points.
  var width: Double {
    let gutters = grid.gutter * Double(max(grid.columns.count - 1, 0))
    return axisWidth + columns.columnWidths.reduce(0, +) + gutters + rightMargin
  }

  init(content: FigureContent, style: FigureStyle) {
    let labels = NodeLabels(content: content)
    var best: (fit: GridFit, excess: Double)?
    for sizes in Self.tries(content: content, style: style) {
      let fit = GridFit(content: content, labels: labels, sizes: sizes, style: style)
      let excess = fit.excess(style: style)
      if best.map({ excess < $0.excess }) ?? true { best = (fit, excess) }
      if excess <= 0 { break }
    }
    self = best?.fit ?? GridFit(content: content, labels: labels, sizes: Self.smallest(style), style: style)
  }

  private init(content: FigureContent, labels: NodeLabels, sizes: FigureGrid.Sizes, style: FigureStyle) {
    let fontSize = style.usableFontSize
    let axis = 4.0 * fontSize
    grid = FigureGrid(content: content, labels: labels, sizes: sizes, fontSize: fontSize)
    let margin = 1.0 * fontSize
    columns = ColumnFit(grid: grid, width: style.targetWidth.map { $0 - axis - margin })
    (axisWidth, rightMargin) = (axis, margin)
    // Above the tokens and below the outputs, edges fan out.
    let last = grid.levels.count - 1
    let shares = grid.levels.indices.map { $0 == last ? 0 : $0 == 0 || $0 == last - 1 ? 1.5 : 1 }
    let used = columns.rowHeights.reduce(0, +) + Self.frame(style)
    let room = style.maximumHeight.map { ($0 - used) / max(shares.reduce(0, +), 1) } ?? .infinity
    let gap = min(max(room.isNaN ? 0 : room, Self.smallestGap * fontSize), 3 * fontSize)
    rowGaps = shares.map { $0 * gap }
  }

  /// The least space between rows, in font sizes: enough for an arrowhead.
  private static let smallestGap = 1.6

  /// How far a fit is beyond its limits; a thirtieth of the height is not worth losing labels for, and what's
  /// too wide counts most, for it makes the type smaller.
  private func excess(style: FigureStyle) -> Double {
    let tooWide = style.targetWidth.map { max(width - $0 - 1e-6, 0) } ?? 0
    let height = columns.rowHeights.reduce(0, +) + rowGaps.reduce(0, +) + Self.frame(style)
    let tooHigh = style.maximumHeight.map { max(height - 1.03 * $0, 0) } ?? 0
    return 1000 * tooWide + tooHigh
  }

  /// About how high the title, the key and the caption are together.
  private static func frame(_ style: FigureStyle) -> Double {
    let lines = (style.title == nil ? 0 : 2.5) + (style.showsKey ? 2 : 0) + (style.showsCaption ? 3 : 0)
    return lines * style.usableFontSize
  }

  private static func tries(content: FigureContent, style: FigureStyle) -> [FigureGrid.Sizes] {
    let size = style.usableFontSize
    let allColumns = mayFitAll(content, style) ? [FigureGrid.Columns.all] : []
    if !content.captions.isEmpty { return captionTries(fontSize: size, columns: allColumns + [.occupied]) }
    let inner = content.nodes.count { content.graphNodes[$0].node.layer != nil }
    let most = min(inner, max(style.maximumLabels ?? .max, 0))
    var counts: [Int] = []
    for share in [1, 0.8, 0.65, 0.5, 0.4, 0.3, 0.2, 0.1, 0] {
      let count = Int((Double(most) * share).rounded())
      if counts.last != count { counts.append(count) }
    }
    // Fifteen labels make a picture; below that, tokens without features go first.
    let enough = counts.filter { $0 >= min(most, 15) }
    let wide = sizes(counts: enough, columns: allColumns + [.occupied], fontSize: size)
    let narrow = sizes(counts: enough, columns: [.computing], fontSize: size)
    let rest = counts.filter { !enough.contains($0) }
    return wide + narrow + sizes(counts: rest, columns: allColumns + [.occupied, .computing], fontSize: size)
      + [smallest(style)]
  }

  /// Whether a column for each position of the prompt could stay within the width if all were as narrow as can be: of
  /// a long prompt, each try that cannot fit would take time and memory with every position and layer.
  private static func mayFitAll(_ content: FigureContent, _ style: FigureStyle) -> Bool {
    guard let width = style.targetWidth else { return true }
    let narrowest = (0.8 + 1.3) * style.usableFontSize
    return Double(content.tokens.count) * narrowest <= width + narrowest
  }

  /// All boxes of a small graph keep their labels, in more lines where there is little width.
  private static func captionTries(fontSize: Double, columns: [FigureGrid.Columns]) -> [FigureGrid.Sizes] {
    // Most words have less than 6.5 ems, and had better not be broken.
    let shapes = [(8.5, 7.0, 2), (7, 5, 3), (6.5, 3.8, 3), (6.5, 2.4, 4), (6.5, 2.4, 2)]
    return columns.flatMap { columns in
      shapes.map { label, token, lines in
        FigureGrid.Sizes(
          labelCount: 0, labelWidth: label * fontSize, tokenWidth: token * fontSize, lineCount: lines,
          columns: columns)
      }
    }
  }

  private static func sizes(
    counts: [Int], columns: [FigureGrid.Columns], fontSize: Double
  ) -> [FigureGrid.Sizes] {
    let shapes = [(8.5, 7.0, 2), (7, 5, 2), (5.8, 3.8, 2), (13, 5, 1), (8.5, 4, 1)]
    return counts.flatMap { count in
      columns.flatMap { columns in
        shapes.map { label, token, lines in
          FigureGrid.Sizes(
            labelCount: count, labelWidth: label * fontSize, tokenWidth: token * fontSize, lineCount: lines,
            columns: columns)
        }
      }
    }
  }

  private static func smallest(_ style: FigureStyle) -> FigureGrid.Sizes {
    let size = style.usableFontSize
    return FigureGrid.Sizes(
      labelCount: 0, labelWidth: 5 * size, tokenWidth: 2.4 * size, lineCount: 1, columns: .occupied)
  }
}
