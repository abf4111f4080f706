internal import AttributionGraphs

/// Where everything in a figure is.
///
/// Layers are rows and positions are columns, so the picture reads like the model: the prompt from left to
/// right, the computation from bottom to top. The same graph and style give the same layout everywhere.
struct FigureLayout {
  private(set) var width: Double
  private(set) var height = 0.0
  private(set) var boxes: [NodeBox] = []
  private(set) var curves: [EdgeCurve] = []
  private(set) var texts: [TextLine] = []
  /// The heights of the faint lines through the rows of layers, and where they begin and end.
  private(set) var guides: [Double] = []
  private(set) var guideSpan = 0.0...0.0
  private(set) var key: FigureKey
  private(set) var omissions: Omissions
  /// The size of the labels after all has been made to fit, in points.
  private(set) var fontSize: Double
  /// The middles of the gaps between columns, where edges can pass.
  private var lanes: [Double] = []

  /// - Parameters:
  ///   - positions: Where a reader put boxes, by place; those without one stand where they would anyway, and if all have
  ///     one only their places to each other count.
  ///   - keepsRows: Whether the rows stay even then, and places are those in the picture.
  init(content: FigureContent, style: FigureStyle, positions: [Int: Point] = [:], keepsRows: Bool = false) {
    let fit = GridFit(content: content, style: style)
    let placement = FreePlacement(of: fit.grid, positions: keepsRows ? [:] : positions)
    fontSize = style.usableFontSize
    omissions = content.omissions
    omissions.droppedColumns = fit.grid.columns.reduce(0) { $0 + $1.droppedCount }
    let edges = content.edges(among: Set(fit.grid.cells.joined().joined().map(\.place)))
    omissions.count(drawn: edges)
    key = FigureKey(grid: fit.grid, edges: edges)
    let needed = placement.isComplete ? placement.size.width + 2 * fontSize : fit.width
    width = style.targetWidth.map { max($0, needed) } ?? max(needed, 30 * fontSize)
    let factor = style.targetWidth.map { width > $0 + 0.01 ? $0 / width : 1 } ?? 1
    let foot = placeFoot(style: style, factor: factor)
    if placement.isComplete {
      boxes = placement.boxes(width: width, above: foot)
      height = foot + placement.size.height + fontSize
    } else {
      placeRows(of: fit, above: foot)
      place(at: positions.mapValues { $0 * (1 / factor) }, above: foot)
    }
    placeTitle(style.title, factor: factor)
    curves = EdgeRouter(boxes: boxes, lanes: lanes, width: width, fontSize: fontSize)
      .curves(for: edges)
    // Half of the topmost box's border is outside the box.
    height += 1
    if factor < 1 { scale(by: factor) }
  }

  // MARK: Parts, from the bottom up

  /// The caption and the key. They keep their size when the rest is made smaller.
  private mutating func placeFoot(style: FigureStyle, factor: Double) -> Double {
    let size = 0.9 * fontSize / factor
    let metrics = TextMetrics(fontSize: size)
    var top = 0.0
    // No box's padding makes room for wider letters here; see `TextMetrics`.
    let caption = style.showsCaption ? metrics.wrapped(omissions.sentence, to: width * 0.86, maximum: 12) : []
    for line in caption.reversed() {
      let position = Point(x: 0, y: top + metrics.lineHeight / 2)
      texts.append(TextLine(text: line, role: .caption, position: position, anchor: .left, fontSize: size))
      top += metrics.lineHeight
    }
    if style.showsKey {
      if !caption.isEmpty { top += 0.5 * size }
      top = key.place(width: width, above: top, fontSize: size)
    }
    return top > 0 ? top + 0.9 * size : 0
  }

  private mutating func placeRows(of fit: GridFit, above foot: Double) {
    let grid = fit.grid
    var left = fit.axisWidth
    var centers: [Double] = []
    lanes = [left - grid.gutter / 2]
    for columnWidth in fit.columns.columnWidths {
      centers.append(left + columnWidth / 2)
      left += columnWidth + grid.gutter
      lanes.append(left - grid.gutter / 2)
    }
    guideSpan = fit.axisWidth...max(width, fit.axisWidth)
    var bottom = foot
    for (row, level) in grid.levels.enumerated() {
      let rowHeight = fit.columns.rowHeights[row]
      let middle = bottom + rowHeight / 2
      for (column, items) in grid.cells[row].enumerated() {
        let columnWidth = fit.columns.columnWidths[column]
        let isFree = grid.isFree(row: row, column: column)
        place(
          items, in: isFree ? fit.width - fit.axisWidth - fit.rightMargin : columnWidth,
          center: Point(x: centers[column], y: middle), stagger: isFree || row == 0 ? 0 : row, grid)
        if row == 0, items.isEmpty { placeToken(of: grid, column: column, x: centers[column], y: middle) }
      }
      placeAxis(level: level, x: fit.axisWidth - 0.8 * fontSize, y: middle)
      bottom += rowHeight + fit.rowGaps[row]
    }
    height = bottom
  }

  /// Moves some boxes to where a reader put them, and out of their way what they would lie on; all else stays.
  private mutating func place(at positions: [Int: Point], above foot: Double) {
    let isMoved = boxes.map { positions[$0.place] != nil }
    for place in boxes.indices {
      guard let center = positions[boxes[place].place] else { continue }
      let box = boxes[place].box
      boxes[place].box.center = Point(
        x: min(max(center.x, box.width / 2 + 1), max(width - box.width / 2 - 1, box.width / 2 + 1)),
        y: max(center.y, foot + box.height / 2))
    }
    guard isMoved.contains(true) else { return }
    let moved = boxes.indices.filter { isMoved[$0] }.map { boxes[$0].box }
    let isCovered = boxes.map { one in moved.contains { $0.overlaps(one.box) } }
    var settled = boxes.indices.filter { isMoved[$0] || !isCovered[$0] }.map { boxes[$0].box }
    for place in boxes.indices where !isMoved[place] && isCovered[place] {
      boxes[place].box = FreePlacement.nearest(
        to: boxes[place].box, avoiding: settled, width: width, above: foot, step: 0.5 * fontSize)
      settled.append(boxes[place].box)
    }
    height = max(height, boxes.reduce(0) { max($0, $1.box.maxY) })
  }

  private mutating func place(
    _ items: [FigureGrid.Item], in width: Double, center: Point, stagger: Int, _ grid: FigureGrid
  ) {
    let flow = CellFlow(of: items, width: width, grid: grid)
    var top = center.y + flow.height / 2
    for (number, (line, lineHeight)) in zip(flow.lines, flow.lineHeights).enumerated() {
      let lineItems = items[line]
      let boxWidth = lineItems.reduce(0) { $0 + $1.width }
      let gapCount = Double(lineItems.count - 1)
      let gap = min(max((width - boxWidth) / (gapCount + 1), grid.itemGap), 2 * fontSize)
      let total = boxWidth + gap * gapCount
      // Neighbouring lines are shifted, or an edge from below would run into all nodes above at once.
      let shift = [0, 1, -1][(stagger + number) % 3] * min(max(width - total, 0) / 2, 1.2 * fontSize)
      let leftmost = guideSpan.lowerBound
      var left = min(
        max(center.x + (stagger == 0 ? 0 : shift) - total / 2, leftmost), self.width - fontSize - total)
      for item in lineItems {
        let middle = Point(x: left + item.width / 2, y: top - lineHeight / 2)
        let box = Box(center: middle, width: item.width, height: item.height)
        boxes.append(NodeBox(place: item.place, glyph: item.glyph, lines: item.lines, box: box))
        left += item.width + gap
      }
      top -= lineHeight + CellFlow.gap(below: lineItems, grid: grid)
    }
  }

  /// The token of a position whose embedding isn't drawn, so that the bottom row still reads as the prompt.
  private mutating func placeToken(of grid: FigureGrid, column: Int, x: Double, y: Double) {
    let text = grid.columns[column].token
    if text.isEmpty { return }
    texts.append(
      TextLine(text: text, role: .token, position: Point(x: x, y: y), anchor: .center, fontSize: fontSize))
  }

  private mutating func placeAxis(level: Int, x: Double, y: Double) {
    let text = level == .min ? "prompt" : level == .max ? "output" : "L\(level)"
    if level != .min, level != .max { guides.append(y) }
    texts.append(
      TextLine(
        text: text, role: .axis, position: Point(x: x, y: y), anchor: .right, fontSize: 0.85 * fontSize))
  }

  private mutating func placeTitle(_ title: String?, factor: Double) {
    guard let title else { return }
    let size = 1.25 * fontSize / factor
    let metrics = TextMetrics(fontSize: size)
    let lines = metrics.wrapped(DisplayText.visible(title), to: width * 0.96, maximum: 3)
    if !lines.isEmpty { height += 0.8 * size }
    for line in lines.reversed() {
      let position = Point(x: 0, y: height + metrics.lineHeight / 2)
      texts.append(TextLine(text: line, role: .title, position: position, anchor: .left, fontSize: size))
      height += metrics.lineHeight
    }
  }

  /// Makes everything smaller, text included.
  private mutating func scale(by factor: Double) {
    width *= factor
    height *= factor
    fontSize *= factor
    guides = guides.map { $0 * factor }
    guideSpan = guideSpan.lowerBound * factor...guideSpan.upperBound * factor
    for place in boxes.indices { boxes[place].box = boxes[place].box * factor }
    for place in curves.indices { curves[place] = curves[place] * factor }
    for place in texts.indices {
      texts[place].position = texts[place].position * factor
      texts[place].fontSize *= factor
    }
    key = key * factor
  }
}
