/// How wide each column is, and so how high each row.
///
/// Every column starts as narrow as its widest node. Width that's left goes where it saves the most height:
/// a crowded cell then has fewer lines.
struct ColumnFit {
  private(set) var columnWidths: [Double]
  private(set) var rowHeights: [Double]

  private let grid: FigureGrid
  /// Added to a column at a time, in points.
  private let step: Double
  /// `[column][row][steps]`, the height of a cell as its column grows.
  private var cellHeights: [[[Double]]] = []
  private var steps: [Int]

  /// - Parameter width: What the columns and the gutters between them may take; `nil` lets four labels or 24
  ///   dots stand side by side.
  init(grid: FigureGrid, width: Double?) {
    self.grid = grid
    step = grid.fontSize
    steps = Array(repeating: 0, count: grid.columns.count)
    rowHeights = Array(repeating: 0, count: grid.levels.count)
    columnWidths = grid.columns.indices.map { column in
      let widest =
        grid.levels.indices.map { row in
          Self.widestItem(grid, row: row, column: column)
        }.max() ?? 0
      return max(widest, grid.tokenWidth(column), 0.8 * grid.fontSize)
    }
    if let width {
      let gutters = grid.gutter * Double(max(grid.columns.count - 1, 0))
      grow(into: width - gutters - columnWidths.reduce(0, +))
    } else {
      for column in columnWidths.indices {
        let natural =
          grid.levels.indices.map { row in
            grid.isFree(row: row, column: column) ? 0 : naturalWidth(of: grid.cells[row][column])
          }.max() ?? 0
        columnWidths[column] = max(columnWidths[column], natural)
      }
    }
    let total = columnWidths.reduce(0, +) + grid.gutter * Double(max(grid.columns.count - 1, 0))
    rowHeights = grid.levels.indices.map { row in
      columnWidths.indices.map { column in
        let width = grid.isFree(row: row, column: column) ? total : columnWidths[column]
        return CellFlow(of: grid.cells[row][column], width: width, grid: grid).height
      }.max() ?? 0
    }
    let tokens = TextMetrics(fontSize: grid.fontSize).lineHeight + 0.5 * grid.fontSize
    if !rowHeights.isEmpty { rowHeights[0] = max(rowHeights[0], tokens) }
  }

  /// The least width that a cell needs.
  private static func widestItem(_ grid: FigureGrid, row: Int, column: Int) -> Double {
    grid.isFree(row: row, column: column) ? 0 : grid.cells[row][column].map(\.width).max() ?? 0
  }

  private func naturalWidth(of items: [FigureGrid.Item]) -> Double {
    let labelled = items.prefix { !$0.lines.isEmpty }
    let widths = (labelled.isEmpty ? items.prefix(24) : labelled.prefix(4)).map(\.width)
    return widths.reduce(0, +) + grid.itemGap * Double(max(widths.count - 1, 0))
  }

  /// Gives `slack` away in steps, each time to the column where a point of width saves the most height; what
  /// saves nothing is shared by all.
  private mutating func grow(into slack: Double) {
    guard slack > 0 else { return }
    let stepCount = Int(slack / step)
    cellHeights = columnWidths.indices.map { column in heights(of: column, stepCount: stepCount) }
    var left = stepCount
    while left > 0, let (column, count) = bestGrowth(within: left) {
      steps[column] += count
      left -= count
    }
    for column in columnWidths.indices {
      columnWidths[column] += Double(steps[column]) * step
    }
    // Room between the boxes of a full column is worth more than room around a lonely one.
    let rest = slack - Double(stepCount - left) * step
    let needs = columnWidths.indices.map { 1 + 2 * Double(min(grid.labelCount(column: $0), 4)) }
    let needed = needs.reduce(0, +)
    for column in columnWidths.indices { columnWidths[column] += rest * needs[column] / needed }
  }

  private func heights(of column: Int, stepCount: Int) -> [[Double]] {
    grid.levels.indices.map { row in
      let items = grid.cells[row][column]
      guard items.count > 1, !grid.isFree(row: row, column: column) else { return [items.first?.height ?? 0] }
      return (0...stepCount).map { steps in
        CellFlow(of: items, width: columnWidths[column] + Double(steps) * step, grid: grid).height
      }
    }
  }

  private func height(row: Int, column: Int, steps: Int) -> Double {
    let heights = cellHeights[column][row]
    return heights[min(steps, heights.count - 1)]
  }

  private func bestGrowth(within left: Int) -> (column: Int, count: Int)? {
    var best: (column: Int, count: Int)?
    var bestGain = 1e-6
    let rows = grid.levels.indices
    for column in columnWidths.indices {
      let others = rows.map { row in
        columnWidths.indices.reduce(0) { highest, other in
          other == column ? highest : max(highest, height(row: row, column: other, steps: steps[other]))
        }
      }
      let total = { (count: Int) in
        rows.reduce(0) { $0 + max(others[$1], height(row: $1, column: column, steps: steps[column] + count)) }
      }
      let current = total(0)
      for count in stride(from: 1, through: left, by: 1) {
        let gain = (current - total(count)) / Double(count)
        if gain > bestGain { (best, bestGain) = ((column, count), gain) }
      }
    }
    return best
  }
}
