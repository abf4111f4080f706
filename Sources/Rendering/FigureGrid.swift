internal import AttributionGraphs

/// The nodes sorted into layers and positions, with the size that each will have.
struct FigureGrid {
  /// How large things are in one try.
  struct Sizes: Hashable {
    /// How many features have labels; errors have them only if all features and errors do.
    var labelCount: Int
    /// The widest label, and the widest token of the prompt, in points.
    var labelWidth: Double
    var tokenWidth: Double
    /// How many lines a label may have.
    var lineCount: Int
    var columns: Columns
  }

  /// Which positions of the prompt have a column.
  enum Columns: Int, CaseIterable {
    /// All of them.
    case all
    /// Those with a drawn node.
    case occupied
    /// Those with a feature, an error or an output: embeddings elsewhere go, with their edges.
    case computing
  }

  /// A node with its size, yet without a place.
  struct Item {
    var place: Int
    var glyph: Glyph
    var lines: [String]
    var width: Double
    var height: Double
  }

  /// One position of the prompt, or a run of positions left out.
  struct Column {
    /// The first position that the column stands for.
    var position: Int
    /// The token in words, drawn unless the column has a box for its embedding.
    var token: String
    /// How many positions are left out here.
    var droppedCount = 0
  }

  let fontSize: Double
  let columns: [Column]
  /// Levels from bottom to top; the first is the row of tokens.
  let levels: [Int]
  /// `[level][column]`, the most important first.
  let cells: [[[Item]]]

  /// The space between neighbours, in points.
  var itemGap: Double { 0.55 * fontSize }
  var subrowGap: Double { 1.1 * fontSize }
  var gutter: Double { 1.3 * fontSize }

  init(content: FigureContent, labels: NodeLabels, sizes: Sizes, fontSize: Double) {
    let metrics = TextMetrics(fontSize: fontSize)
    let columns = Self.columns(of: content, sizes: sizes, metrics: metrics)
    let levels = Set(content.nodes.map { content.graphNodes[$0].node.level }).union([.min]).sorted()
    let rowOf = Dictionary(uniqueKeysWithValues: levels.enumerated().map { ($1, $0) })
    var columnOf: [Int: Int] = [:]
    for (place, column) in columns.enumerated() where column.droppedCount == 0 {
      columnOf[column.position] = place
    }
    var cells = Array(repeating: Array(repeating: [Item](), count: columns.count), count: levels.count)
    var labelsLeft = sizes.labelCount
    // An error says the same in a dot as in a box, so errors are the first to give up their labels.
    let labelsErrors = sizes.labelCount >= content.nodes.count { content.graphNodes[$0].node.layer != nil }
    for place in content.nodes {
      let node = content.graphNodes[place].node
      guard let row = rowOf[node.level], let column = columnOf[node.position] else { continue }
      let hasLabel =
        switch node {
        case .embedding, .logit: true
        case _ where content.captions[place] != nil: true
        case .feature: labelsLeft > 0
        case .error: labelsErrors
        }
      if case .feature = node { labelsLeft -= 1 }
      let width = node.level == .min ? sizes.tokenWidth : sizes.labelWidth
      let lines =
        hasLabel ? labels.lines(of: place, width: width, maximum: sizes.lineCount, metrics: metrics) : []
      cells[row][column].append(
        Self.item(
          place: place, glyph: content.captions[place]?.glyph ?? node.glyph, lines: lines, metrics: metrics))
    }
    (self.fontSize, self.columns, self.levels, self.cells) = (fontSize, columns, levels, cells)
    let top = levels.last == .max ? cells.last ?? [] : []
    let used = top.indices.filter { !top[$0].isEmpty }
    outputColumn = used.count == 1 ? used.first : nil
  }

  /// Where all outputs are, if it's one position: their row may then be wider than its column, for there is
  /// nothing else in it.
  let outputColumn: Int?

  /// Whether a cell is the row of outputs, see ``outputColumn``.
  func isFree(row: Int, column: Int) -> Bool { row == levels.count - 1 && outputColumn == column }

  /// How many labels stand in the fullest cell of a column: what more width is good for.
  func labelCount(column: Int) -> Int {
    cells.map { row in row[column].count { !$0.lines.isEmpty } }.max() ?? 0
  }

  /// The width that the token of a column needs.
  func tokenWidth(_ column: Int) -> Double {
    TextMetrics(fontSize: fontSize).width(of: columns[column].token)
  }

  private static func item(place: Int, glyph: Glyph, lines: [String], metrics: TextMetrics) -> Item {
    let size = metrics.fontSize
    guard !lines.isEmpty else {
      return Item(place: place, glyph: glyph, lines: [], width: 0.8 * size, height: 0.8 * size)
    }
    let textWidth = lines.map(metrics.room).max() ?? 0
    // Graphviz rounds a high box so much that its corners would cut a long last line.
    let corners = lines.count > 2 ? 0.25 * Double(lines.count - 2) : 0
    let padding = ((glyph == .error ? 1.3 : 0.8) + corners) * size
    return Item(
      place: place, glyph: glyph, lines: lines, width: max(textWidth + padding, 2 * size),
      height: Double(lines.count) * metrics.lineHeight + 0.5 * size)
  }

  /// The positions of the prompt and of the nodes in order; idle ones become one column per run, if asked.
  private static func columns(of content: FigureContent, sizes: Sizes, metrics: TextMetrics) -> [Column] {
    let nodes = content.nodes.map { content.graphNodes[$0].node }
    let occupied = Set(
      nodes.filter { sizes.columns != .computing || $0.level != .min || !content.captions.isEmpty }
        .map(\.position))
    let positions = occupied.union(content.tokens.indices).subtracting(content.hiddenPositions)
      .union(occupied).sorted()
    var columns: [Column] = []
    for position in positions {
      if sizes.columns != .all, !occupied.contains(position) {
        if let last = columns.last, last.droppedCount > 0 {
          columns[columns.count - 1].droppedCount += 1
        } else {
          columns.append(Column(position: position, token: "⋯", droppedCount: 1))
        }
        continue
      }
      let token = content.tokens.indices.contains(position) ? DisplayText.token(content.tokens[position]) : ""
      columns.append(Column(position: position, token: metrics.shortened(token, to: sizes.tokenWidth)))
    }
    return columns
  }
}
