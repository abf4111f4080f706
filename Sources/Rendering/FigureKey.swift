internal import AttributionGraphs

/// The line below a picture that says what its shapes and lines mean; only what occurs is named.
struct FigureKey {
  /// What is explained.
  enum Sample: Hashable { case node(Glyph, isDot: Bool), edge(isPositive: Bool), words }

  /// A sample beside its words.
  struct Entry {
    var sample: Sample
    var words: String
    var sampleBox: Box
    var text: Point
  }

  private(set) var entries: [Entry]
  private(set) var fontSize = 0.0

  init(grid: FigureGrid, edges: [FigureContent.Edge]) {
    let kinds = Set(grid.cells.joined().joined().map { Sample.node($0.glyph, isDot: $0.lines.isEmpty) })
    let words: [Glyph: String] = [
      .feature: "feature", .error: "error (unexplained)", .embedding: "token", .logit: "output",
      .group: "group",
    ]
    var samples: [(Sample, String)] = []
    for glyph in Glyph.allCases {
      let name = words[glyph] ?? glyph.rawValue
      let (box, dot) = (Sample.node(glyph, isDot: false), Sample.node(glyph, isDot: true))
      if kinds.contains(box) { samples.append((box, name)) }
      if kinds.contains(dot) { samples.append((dot, kinds.contains(box) ? "less influential" : name)) }
    }
    if edges.contains(where: { $0.weight > 0 }) { samples.append((.edge(isPositive: true), "excites")) }
    if edges.contains(where: { $0.weight < 0 }) { samples.append((.edge(isPositive: false), "inhibits")) }
    if !edges.isEmpty { samples.append((.words, "width: share of input")) }
    let lines = grid.cells.joined().joined().flatMap(\.lines)
    if lines.contains(where: { $0.hasPrefix(FigureContent.BoxCaption.activationMark) }) {
      samples.append((.words, "a: activation"))
    }
    let nowhere = Box(center: Point(x: 0, y: 0), width: 0, height: 0)
    entries = samples.map {
      Entry(sample: $0.0, words: $0.1, sampleBox: nowhere, text: Point(x: 0, y: 0))
    }
  }

  /// Sets the entries in lines above a height, and returns the new height.
  mutating func place(width: Double, above bottom: Double, fontSize: Double) -> Double {
    self.fontSize = fontSize
    let metrics = TextMetrics(fontSize: fontSize)
    let lineHeight = 1.6 * fontSize
    var lines: [[Int]] = [[]]
    var left = 0.0
    for place in entries.indices {
      let size = Self.sampleWidth(entries[place].sample) * fontSize
      let space = size > 0 ? 0.5 * fontSize : 0
      let total = size + space + metrics.width(of: entries[place].words) * 1.03
      if left > 0, left + total > width {
        lines.append([])
        left = 0
      }
      // Half a point, so that the page does not cut the first border.
      entries[place].sampleBox = Box(
        center: Point(x: left + size / 2 + 0.5, y: 0), width: size, height: 0.85 * fontSize)
      entries[place].text.x = left + size + space
      lines[lines.count - 1].append(place)
      left += total + 1.6 * fontSize
    }
    guard !entries.isEmpty else { return bottom }
    for (number, line) in lines.reversed().enumerated() {
      for place in line {
        let middle = bottom + (Double(number) + 0.5) * lineHeight
        entries[place].sampleBox.center.y = middle
        entries[place].text.y = middle
      }
    }
    return bottom + Double(lines.count) * lineHeight
  }

  /// In font sizes.
  private static func sampleWidth(_ sample: Sample) -> Double {
    switch sample {
    case .node(_, let isDot): isDot ? 0.85 : 1.5
    case .edge: 3.4
    case .words: 0
    }
  }

  static func * (key: FigureKey, factor: Double) -> FigureKey {
    var scaled = key
    scaled.fontSize *= factor
    for place in key.entries.indices {
      scaled.entries[place].sampleBox = key.entries[place].sampleBox * factor
      scaled.entries[place].text = key.entries[place].text * factor
    }
    return scaled
  }
}

extension Node {
  /// What the node looks like.
  var glyph: Glyph {
    switch self {
    case .feature: .feature
    case .error: .error
    case .embedding: .embedding
    case .logit: .logit
    }
  }
}
