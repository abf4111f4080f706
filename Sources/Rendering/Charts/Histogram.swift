/// How often values fall between neighbouring edges, for one or several sets of values.
public struct Histogram: Chart {
  /// One set's counts, one less than there are edges.
  public struct Series: Sendable {
    public var name: String
    public var counts: [Double]

    public init(_ name: String, _ counts: [Double]) {
      self.name = name
      self.counts = counts
    }
  }

  public var heading: ChartHeading
  /// Where bins begin and end, rising; on the scale of the x axis.
  public var edges: [Double]
  public var series: [Series]
  /// Whether the series have an order, such as layers, which their colours then follow.
  public var isOrdered: Bool

  public init(_ heading: ChartHeading, edges: [Double], series: [Series], isOrdered: Bool = false) {
    self.heading = heading
    self.edges = edges
    self.series = series
    self.isOrdered = isOrdered
  }

  public func svg(_ place: ChartPlace) -> String {
    var (axisX, axisY) = (heading.x, heading.y)
    axisY.includesZero = true
    if axisX.range == nil, let first = edges.first, let last = edges.last, first < last {
      axisX.range = first...last
    }
    let x = AxisScale(axisX, values: edges, tickCount: max(2, Int(heading.width / 60)))
    let y = AxisScale(axisY, values: series.flatMap(\.counts), tickCount: max(2, Int(heading.height / 50)))
    let colors = series.indices.map { ChartColors.color($0, of: series.count, isOrdered: isOrdered) }
    let frame = ChartFrame(
      heading, x: x, y: y,
      legend: series.count > 1 ? zip(series, colors).map { .init(text: $0.name, color: $1) } : [])
    return frame.svg(place) { out in
      for (set, color) in zip(series, colors) {
        if series.count == 1 {
          bars(set, color, frame, &out)
        } else {
          outline(set, color, frame, &out)
        }
      }
    }
  }

  private func bars(_ set: Series, _ color: String, _ frame: ChartFrame, _ out: inout SVGText) {
    let base = frame.y.isLogarithmic ? frame.bottom : frame.placeY(0) ?? frame.bottom
    for (bin, count) in zip(edges.indices.dropLast(), set.counts) where count > 0 {
      guard let left = frame.placeX(edges[bin]), let right = frame.placeX(edges[bin + 1]),
        let top = frame.placeY(count)
      else { continue }
      let range =
        "\(ChartNumber.short(edges[bin], format: heading.x.format)) to "
        + ChartNumber.short(edges[bin + 1], format: heading.x.format)
      out.add(
        "rect",
        [
          ("x", ChartNumber.place(left + 0.5)), ("y", ChartNumber.place(top)),
          ("width", ChartNumber.place(max(right - left - 1, 0.5))),
          ("height", ChartNumber.place(max(base - top, 0.5))), ("fill", color),
        ], tooltip: "\(range): \(ChartNumber.short(count, format: heading.y.format))")
    }
  }

  /// Several sets share the bins, so each is an outline with a faint filling.
  private func outline(_ set: Series, _ color: String, _ frame: ChartFrame, _ out: inout SVGText) {
    let base = frame.y.isLogarithmic ? frame.bottom : frame.placeY(0) ?? frame.bottom
    var path = ""
    for (bin, count) in zip(edges.indices.dropLast(), set.counts) {
      guard let left = frame.placeX(edges[bin]), let right = frame.placeX(edges[bin + 1]) else { continue }
      let top = ChartNumber.place(frame.placeY(count) ?? base)
      if path.isEmpty { path = "M" + ChartNumber.place(left) + " " + ChartNumber.place(base) }
      path += "L" + ChartNumber.place(left) + " " + top + "L" + ChartNumber.place(right) + " " + top
    }
    guard !path.isEmpty, let end = edges.last.flatMap(frame.placeX) else { return }
    path += "L" + ChartNumber.place(end) + " " + ChartNumber.place(base)
    out.add(
      "path",
      [
        ("d", path), ("fill", color), ("fill-opacity", "0.1"), ("stroke", color), ("stroke-width", "1.6"),
        ("stroke-linejoin", "round"),
      ])
  }
}
