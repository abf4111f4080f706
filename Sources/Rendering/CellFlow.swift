/// The nodes of one layer at one position, set in lines like words in a paragraph.
struct CellFlow {
  /// Places in the cell, the first line on top.
  var lines: [Range<Int>] = []
  /// The heights of the lines, and of all with their gaps, in points.
  var lineHeights: [Double] = []
  var height = 0.0

  init(of items: [FigureGrid.Item], width: Double, grid: FigureGrid) {
    var start = 0
    var used = 0.0
    for (place, item) in items.enumerated() {
      let added = (place == start ? 0 : grid.itemGap) + item.width
      if place > start, used + added > width + 1e-6 {
        lines.append(start..<place)
        (start, used) = (place, item.width)
      } else {
        used += added
      }
    }
    if start < items.count { lines.append(start..<items.count) }
    lineHeights = lines.map { line in items[line].map(\.height).max() ?? 0 }
    height = lineHeights.reduce(0, +)
    for line in lines.dropLast() { height += Self.gap(below: items[line], grid: grid) }
  }

  /// The space under a line: edges must pass between boxes, and only around dots.
  static func gap(below line: ArraySlice<FigureGrid.Item>, grid: FigureGrid) -> Double {
    line.allSatisfy(\.lines.isEmpty) ? grid.itemGap : grid.subrowGap
  }
}
