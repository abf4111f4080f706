/// Boxes where a reader put them.
struct FreePlacement {
  /// The boxes with the reader's own coordinates, if all have such.
  private var boxes: [NodeBox] = []
  /// Whether every box has a place of the reader's.
  let isComplete: Bool
  /// How far the boxes reach, in points.
  private(set) var size = (width: 0.0, height: 0.0)
  private var corner = Point(x: 0, y: 0)

  init(of grid: FigureGrid, positions: [Int: Point]) {
    let items = grid.cells.joined().joined()
    isComplete = !items.isEmpty && items.allSatisfy { positions[$0.place] != nil }
    guard isComplete else { return }
    boxes = items.map { item in
      let center = positions[item.place] ?? Point(x: 0, y: 0)
      return NodeBox(
        place: item.place, glyph: item.glyph, lines: item.lines,
        box: Box(center: center, width: item.width, height: item.height))
    }
    let frames = boxes.map(\.box)
    let left = frames.map(\.minX).min() ?? 0
    let bottom = frames.map(\.minY).min() ?? 0
    corner = Point(x: left, y: bottom)
    size = ((frames.map(\.maxX).max() ?? left) - left, (frames.map(\.maxY).max() ?? bottom) - bottom)
  }

  /// The boxes moved into the middle of a page, above a height.
  func boxes(width: Double, above bottom: Double) -> [NodeBox] {
    boxes.map { box in
      var box = box
      box.box.center.x += (width - size.width) / 2 - corner.x
      box.box.center.y += bottom - corner.y
      return box
    }
  }

  /// The free place that is nearest to a box's own, as far as a spiral of steps finds one.
  static func nearest(
    to box: Box, avoiding others: [Box], width: Double, above bottom: Double, step: Double
  ) -> Box {
    func isFree(_ box: Box) -> Bool {
      var wider = box
      wider.width += step
      wider.height += step
      return !others.contains { $0.overlaps(wider) }
    }
    if isFree(box) { return box }
    for ring in 1...200 {
      let reach = Double(ring) * step
      for turn in [(0.0, 1.0), (1, 0), (-1, 0), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1)] {
        var moved = box
        moved.center.x += turn.0 * reach
        moved.center.y += turn.1 * reach
        guard moved.minX >= 1, moved.maxX <= width - 1, moved.minY >= bottom else { continue }
        if isFree(moved) { return moved }
      }
    }
    return box
  }
}
