/// The part of a chart that is the same for all kinds: title, legend, axes, grid; and where numbers lie.
struct ChartFrame {
  /// A series' mark in the legend, or its label at the right end of a line.
  struct Label {
    let text: String
    let color: String
    /// The height it would like to stand at; `nil` for a legend above the plot.
    var y: Double?
  }

  let heading: ChartHeading
  let x: AxisScale
  let y: AxisScale
  let left: Double
  let right: Double
  let top: Double
  let bottom: Double
  private let legend: [[Label]]
  private static let metrics = TextMetrics(fontSize: 10.5)
  private static let titles = TextMetrics(fontSize: 13)

  /// - Parameters:
  ///   - categories: Names of equal places instead of a scale of numbers on the x axis.
  ///   - legend: What the series are called, above the plot.
  ///   - endLabels: What they are called at the right of the plot.
  init(
    _ heading: ChartHeading, x: AxisScale, y: AxisScale, legend: [Label] = [], endLabels: [String] = []
  ) {
    self.heading = heading
    self.x = x
    self.y = y
    let widest = y.ticks.map { Self.metrics.width(of: $0.text) }.max() ?? 0
    left = widest + 16
    let labelWidth = endLabels.map { Self.metrics.width(of: DisplayText.visible($0)) }.max() ?? 0
    let room = endLabels.isEmpty ? 0 : min(labelWidth, heading.width / 3) + 12
    let lastTick = x.ticks.last.map { Self.metrics.width(of: $0.text) / 2 } ?? 0
    right = heading.width - max(room, lastTick + 4, 10)
    self.legend = Self.lines(legend, width: heading.width - 12)
    let head = 24.0 + (heading.subtitle.isEmpty ? 0 : 15) + Double(self.legend.count) * 16
    top = head + (heading.y.label.isEmpty ? 8 : 20)
    bottom = heading.height - (heading.x.label.isEmpty ? 20 : 36)
  }

  func placeX(_ value: Double) -> Double? { x.place(value).map { left + $0 * (right - left) } }
  func placeY(_ value: Double) -> Double? { y.place(value).map { bottom - $0 * (bottom - top) } }

  // MARK: Drawing

  /// The whole picture around what `body` draws.
  func svg(_ place: ChartPlace, body: (inout SVGText) -> Void) -> String {
    var out = SVGText()
    let (width, height) = (ChartNumber.place(heading.width), ChartNumber.place(heading.height))
    out.open(
      "svg",
      [
        ("xmlns", "http://www.w3.org/2000/svg"), ("viewBox", "0 0 \(width) \(height)"), ("width", width),
        ("height", height), ("role", "img"), ("class", "chart"),
        ("font-family", "Helvetica,Arial,Liberation Sans,Nimbus Sans,DejaVu Sans Condensed,sans-serif"),
        ("font-size", "10.5"),
      ] + (place == .page ? [("fill", "currentColor")] : []))
    out.add("title", [], content: heading.title)
    if place == .file {
      out.add(
        "style", [],
        content: ".chart{color:#1f2328;fill:currentColor}.paper{fill:#fff}"
          + "@media screen and (prefers-color-scheme:dark){.chart{color:#dde1e6}.paper{fill:#16181b}}")
      out.add("rect", [("width", width), ("height", height), ("class", "paper")])
    }
    drawHead(&out)
    drawAxes(&out)
    body(&out)
    out.close("svg")
    return out.text
  }

  private func drawHead(_ out: inout SVGText) {
    let title = Self.titles.shortened(DisplayText.visible(heading.title), to: heading.width - 12)
    out.add(
      "text", [("x", "4"), ("y", "16"), ("font-size", "13"), ("font-weight", "600")], content: title)
    var y = 16.0
    if !heading.subtitle.isEmpty {
      y += 15
      let line = Self.metrics.shortened(DisplayText.visible(heading.subtitle), to: heading.width - 12)
      out.add(
        "text", [("x", "4"), ("y", ChartNumber.place(y)), ("fill-opacity", "0.72")], content: line)
    }
    for line in legend {
      y += 16
      var x = 4.0
      for label in line {
        out.add(
          "rect",
          [
            ("x", ChartNumber.place(x)), ("y", ChartNumber.place(y - 8)), ("width", "14"), ("height", "8"),
            ("rx", "1.5"), ("fill", label.color),
          ])
        out.add("text", [("x", ChartNumber.place(x + 18)), ("y", ChartNumber.place(y))], content: label.text)
        x += Self.step(label)
      }
    }
  }

  private func drawAxes(_ out: inout SVGText) {
    let (l, r) = (ChartNumber.place(left), ChartNumber.place(right))
    for tick in y.ticks {
      guard let place = placeY(tick.value) else { continue }
      let height = ChartNumber.place(place)
      out.add(
        "line",
        [
          ("x1", l), ("x2", r), ("y1", height), ("y2", height), ("stroke", "currentColor"),
          ("stroke-opacity", tick.value == 0 ? "0.45" : "0.13"),
        ])
      out.add(
        "text",
        [
          ("x", ChartNumber.place(left - 6)), ("y", ChartNumber.place(place + 3.6)), ("text-anchor", "end"),
          ("fill-opacity", "0.8"),
        ], content: tick.text)
    }
    let base = ChartNumber.place(bottom)
    out.add(
      "line",
      [
        ("x1", l), ("x2", r), ("y1", base), ("y2", base), ("stroke", "currentColor"),
        ("stroke-opacity", "0.45"),
      ])
    var free = -Double.infinity
    for tick in x.ticks {
      guard let place = placeX(tick.value) else { continue }
      out.add(
        "line",
        [
          ("x1", ChartNumber.place(place)), ("x2", ChartNumber.place(place)), ("y1", base),
          ("y2", ChartNumber.place(bottom + 4)), ("stroke", "currentColor"), ("stroke-opacity", "0.45"),
        ])
      // A tick whose text would touch its neighbour's stands without one.
      let half = Self.metrics.width(of: tick.text) / 2
      guard place - half > free else { continue }
      free = place + half + 5
      out.add(
        "text",
        [
          ("x", ChartNumber.place(place)), ("y", ChartNumber.place(bottom + 15)), ("text-anchor", "middle"),
          ("fill-opacity", "0.8"),
        ], content: tick.text)
    }
    drawNames(&out)
  }

  private func drawNames(_ out: inout SVGText) {
    if !heading.x.label.isEmpty {
      let name = Self.metrics.shortened(DisplayText.visible(heading.x.label), to: heading.width - 12)
      let half = Self.metrics.width(of: name) / 2
      let middle = min(max((left + right) / 2, half + 4), heading.width - half - 4)
      out.add(
        "text",
        [
          ("x", ChartNumber.place(middle)), ("y", ChartNumber.place(heading.height - 6)),
          ("text-anchor", "middle"),
        ], content: name)
    }
    if !heading.y.label.isEmpty {
      let name = Self.metrics.shortened(DisplayText.visible(heading.y.label), to: heading.width - 12)
      out.add("text", [("x", "4"), ("y", ChartNumber.place(top - 9))], content: name)
    }
  }

  /// Labels at the right of the plot, moved apart where they would cover each other.
  func drawEndLabels(_ labels: [Label], _ out: inout SVGText) {
    let gap = 12.0
    var placed = labels.enumerated().compactMap { index, label in label.y.map { (index, $0) } }
      .sorted { ($0.1, $0.0) < ($1.1, $1.0) }
    for i in placed.indices.dropFirst() { placed[i].1 = max(placed[i].1, placed[i - 1].1 + gap) }
    if var limit = placed.last.map({ min($0.1, bottom) }) {
      for i in placed.indices.reversed() {
        placed[i].1 = min(placed[i].1, limit)
        limit = placed[i].1 - gap
      }
    }
    for (index, height) in placed {
      let text = Self.metrics.shortened(
        DisplayText.visible(labels[index].text), to: heading.width - right - 9)
      out.add(
        "text",
        [
          ("x", ChartNumber.place(right + 7)), ("y", ChartNumber.place(height + 3.6)),
          ("fill", labels[index].color), ("font-weight", "600"),
        ], content: text)
    }
  }

  // MARK: The legend

  private static func step(_ label: Label) -> Double { 18 + metrics.width(of: label.text) + 14 }

  private static func lines(_ labels: [Label], width: Double) -> [[Label]] {
    var lines: [[Label]] = []
    var used = Double.infinity
    for label in labels {
      let text = metrics.shortened(DisplayText.visible(label.text), to: width / 2)
      let label = Label(text: text, color: label.color)
      if used + step(label) > width {
        lines.append([])
        used = 0
      }
      lines[lines.count - 1].append(label)
      used += step(label)
    }
    return lines
  }
}
