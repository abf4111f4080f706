/// Bars over named places, side by side where there are several series.
public struct BarChart: Chart {
  /// One set of bars, a value for each category; what is not finite has no bar.
  public struct Series: Sendable {
    public var name: String
    public var values: [Double]

    public init(_ name: String, _ values: [Double]) {
      self.name = name
      self.values = values
    }
  }

  public var heading: ChartHeading
  public var categories: [String]
  public var series: [Series]
  /// Whether each bar has its value above it, where there is room.
  public var showsValues: Bool

  public init(
    _ heading: ChartHeading, categories: [String], series: [Series], showsValues: Bool = true
  ) {
    self.heading = heading
    self.categories = categories
    self.series = series
    self.showsValues = showsValues
  }

  public func svg(_ place: ChartPlace) -> String {
    var axis = heading.y
    axis.includesZero = true
    let y = AxisScale(axis, values: series.flatMap(\.values), tickCount: max(2, Int(heading.height / 50)))
    let x = AxisScale(categories: categories.map { DisplayText.visible($0) })
    let colors = series.indices.map { ChartColors.color($0, of: series.count, isOrdered: false) }
    let frame = ChartFrame(
      heading, x: x, y: y,
      legend: series.count > 1 ? zip(series, colors).map { .init(text: $0.name, color: $1) } : [])
    return frame.svg(place) { out in
      let slot = (frame.right - frame.left) / Double(max(1, categories.count))
      let width = min(46, slot * 0.76 / Double(max(1, series.count)))
      for (number, (set, color)) in zip(series, colors).enumerated() {
        for (category, value) in zip(categories.indices, set.values) {
          let middle = frame.left + (Double(category) + 0.5) * slot
          let start = middle + (Double(number) - Double(series.count) / 2) * width
          draw(value, at: start, width: width, name: categories[category], set.name, color, frame, &out)
        }
      }
    }
  }

  private func draw(
    _ value: Double, at start: Double, width: Double, name: String, _ set: String, _ color: String,
    _ frame: ChartFrame, _ out: inout SVGText
  ) {
    // On a logarithmic axis bars stand on its lowest number.
    guard let end = frame.placeY(value) else { return }
    let base = frame.y.isLogarithmic ? frame.bottom : frame.placeY(0) ?? frame.bottom
    let text = ChartNumber.short(value, format: heading.y.format)
    out.add(
      "rect",
      [
        ("x", ChartNumber.place(start + width * 0.04)), ("y", ChartNumber.place(min(end, base))),
        ("width", ChartNumber.place(width * 0.92)),
        ("height", ChartNumber.place(max(abs(base - end), 0.5))), ("fill", color),
      ], tooltip: "\(name)\(set.isEmpty ? "" : ", \(set)"): \(text)")
    let metrics = TextMetrics(fontSize: 9)
    guard showsValues, metrics.width(of: text) < width - 1 else { return }
    out.add(
      "text",
      [
        ("x", ChartNumber.place(start + width / 2)),
        ("y", ChartNumber.place(value < 0 ? end + 10 : end - 3)),
        ("text-anchor", "middle"), ("font-size", "9"),
      ], content: text)
  }
}

extension AxisScale {
  /// Equal places with names instead of numbers.
  init(categories: [String]) {
    isLogarithmic = false
    lowest = -0.5
    highest = max(0.5, Double(categories.count) - 0.5)
    ticks = categories.enumerated().map { Tick(value: Double($0), text: $1) }
  }
}
