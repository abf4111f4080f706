/// Line charts one below the other, in one picture.
public struct StackedCharts: Chart {
  public var charts: [LineChart]

  public init(_ charts: [LineChart]) { self.charts = charts }

  public func svg(_ place: ChartPlace) -> String {
    let width = charts.map(\.heading.width).max() ?? 0
    let height = charts.reduce(0) { $0 + $1.heading.height }
    var out =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(ChartNumber.place(width))\" "
      + "height=\"\(ChartNumber.place(height))\" viewBox=\"0 0 \(ChartNumber.place(width)) "
      + "\(ChartNumber.place(height))\">\n"
    var top = 0.0
    for chart in charts {
      out += "<g transform=\"translate(0 \(ChartNumber.place(top)))\">\n" + chart.svg(place) + "</g>\n"
      top += chart.heading.height
    }
    return out + "</svg>\n"
  }
}
