/// One line of a chart.
public struct ChartSeries: Sendable {
  /// What the line is called, at its right end.
  public var name: String
  public var x: [Double]
  public var y: [Double]

  public init(_ name: String, x: [Double], y: [Double]) {
    precondition(x.count == y.count, "\(x.count) places for \(y.count) values")
    self.name = name
    self.x = x
    self.y = y
  }

  /// Values at 0, 1, 2, ….
  public init(_ name: String, _ y: [Double]) { self.init(name, x: y.indices.map(Double.init), y: y) }
}

/// Lines over a common axis, each named at its end. What is not finite, or not positive on a logarithmic axis,
/// interrupts its line.
public struct LineChart: Chart {
  public var heading: ChartHeading
  public var series: [ChartSeries]
  /// Whether the series have an order, such as layers, which their colours then follow.
  public var isOrdered: Bool
  /// Whether each point is marked; by default where there are few.
  public var marksPoints: Bool?

  public init(
    _ heading: ChartHeading, series: [ChartSeries], isOrdered: Bool = false, marksPoints: Bool? = nil
  ) {
    self.heading = heading
    self.series = series
    self.isOrdered = isOrdered
    self.marksPoints = marksPoints
  }

  public func svg(_ place: ChartPlace) -> String {
    // Lines go from edge to edge, so that their names stand at their ends.
    var axis = heading.x
    let places = series.flatMap(\.x).filter(\.isFinite)
    if axis.range == nil, let first = places.min(), let last = places.max(), first < last {
      axis.range = first...last
    }
    let x = AxisScale(axis, values: series.flatMap(\.x), tickCount: max(2, Int(heading.width / 70)))
    let y = AxisScale(heading.y, values: series.flatMap(\.y), tickCount: max(2, Int(heading.height / 50)))
    let isNamed = series.count > 1
    let fits = heading.height > 60 + Double(series.count) * 12
    let colors = series.indices.map { ChartColors.color($0, of: series.count, isOrdered: isOrdered) }
    let frame = ChartFrame(
      heading, x: x, y: y,
      legend: isNamed && !fits ? zip(series, colors).map { .init(text: $0.name, color: $1) } : [],
      endLabels: isNamed && fits ? series.map(\.name) : [])
    return frame.svg(place) { out in
      var labels: [ChartFrame.Label] = []
      for (line, color) in zip(series, colors) {
        let runs = Self.runs(line, in: frame)
        draw(runs, color, &out)
        if marksPoints ?? (line.x.count <= 40) { mark(line, color, frame, &out) }
        labels.append(.init(text: line.name, color: color, y: runs.last?.last?.y))
      }
      if isNamed, fits { frame.drawEndLabels(labels, &out) }
    }
  }

  private func draw(_ runs: [[Point]], _ color: String, _ out: inout SVGText) {
    var path = ""
    for run in runs {
      for (i, point) in run.enumerated() {
        path += (i == 0 ? "M" : "L") + ChartNumber.place(point.x) + " " + ChartNumber.place(point.y)
      }
      // A point alone has no line; a round cap makes it a dot.
      if run.count == 1 { path += "h0" }
    }
    if path.isEmpty { return }
    out.add(
      "path",
      [
        ("d", path), ("fill", "none"), ("stroke", color), ("stroke-width", "1.8"),
        ("stroke-linejoin", "round"),
        ("stroke-linecap", "round"),
      ])
  }

  private func mark(_ line: ChartSeries, _ color: String, _ frame: ChartFrame, _ out: inout SVGText) {
    for (x, y) in zip(line.x, line.y) {
      guard let px = frame.placeX(x), let py = frame.placeY(y) else { continue }
      let name = line.name.isEmpty ? "" : "\(line.name), "
      out.add(
        "circle",
        [
          ("cx", ChartNumber.place(px)), ("cy", ChartNumber.place(py)), ("r", "2.6"), ("fill", color),
        ],
        tooltip: "\(name)\(ChartNumber.short(x, format: heading.x.format)): "
          + ChartNumber.short(y, format: heading.y.format))
    }
  }

  /// The line's unbroken parts in the drawing; of many points in one column, the first, last, highest and lowest.
  private static func runs(_ line: ChartSeries, in frame: ChartFrame) -> [[Point]] {
    var runs: [[Point]] = []
    var isBroken = true
    for (x, y) in zip(line.x, line.y) {
      guard let px = frame.placeX(x), let py = frame.placeY(y) else {
        isBroken = true
        continue
      }
      if isBroken { runs.append([]) }
      isBroken = false
      runs[runs.count - 1].append(Point(x: px, y: py))
    }
    return runs.map { $0.count > 1500 ? thinned($0) : $0 }
  }

  private static func thinned(_ points: [Point]) -> [Point] {
    var result: [Point] = []
    var start = points.startIndex
    while start < points.endIndex {
      let column = Int(points[start].x)
      var end = start
      while end < points.endIndex, Int(points[end].x) == column { end += 1 }
      let inside = start..<end
      let lowest = inside.min { points[$0].y < points[$1].y } ?? start
      let highest = inside.max { points[$0].y < points[$1].y } ?? start
      result += Set([start, lowest, highest, end - 1]).sorted().map { points[$0] }
      start = end
    }
    return result
  }
}
