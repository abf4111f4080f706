import Foundation
import FoundationXML
import Tensors
import Testing

@testable import Rendering

@Suite struct ChartTests {
  /// One chart of each kind with all that is hard to draw: gaps, infinities, no data, marks of XML.
  static let charts: [any Chart] = {
    let loss = ChartAxis("loss <&>", scale: .logarithmic)
    let layer = ChartAxis("layer", isWhole: true)
    let hard = [0.5, .nan, 0.2, -.infinity, 0, -1, 1e-7, 1e300, .greatestFiniteMagnitude]
    return [
      LineChart(
        .init("Hard \"numbers\" & <b>", x: layer, y: loss), series: [.init("a<b>", hard), .init("", [])]),
      LineChart(.init("", x: layer, y: ChartAxis("")), series: []),
      LineChart(
        .init("Twelve", x: layer, y: ChartAxis("FVU", includesZero: true)),
        series: (0..<12).map { .init("layer \($0)", [Double($0), 1, 3]) }, isOrdered: true),
      LineChart(
        .init("Long", x: ChartAxis("step"), y: loss),
        series: [.init("loss", (1...20_000).map { 1 / Double($0) })]),
      BarChart(
        .init("Bars", x: ChartAxis("layer"), y: ChartAxis("share", format: .percent)),
        categories: ["0\u{1}", "1", "2"],
        series: [.init("new", [0.1, .nan, -0.2]), .init("old", [0.3, 0.4])]),
      BarChart(.init("No bars", x: ChartAxis(""), y: ChartAxis("")), categories: [], series: []),
      Histogram(
        .init("Density", x: ChartAxis("share", scale: .logarithmic), y: ChartAxis("features")),
        edges: (-5...0).map { pow(10, Double($0)) }, series: [.init("layer 0", [0, 5, 12, 3, 0])]),
      Histogram(
        .init("Empty", x: ChartAxis("share"), y: ChartAxis("features")), edges: [],
        series: [.init("a", []), .init("b", [])]),
    ]
  }()

  @Test(arguments: charts.indices)
  func `every chart is well-formed, of finite places, and the same twice`(index: Int) throws {
    let chart = Self.charts[index]
    for place in [ChartPlace.file, .page] {
      let text = chart.svg(place)
      #expect(text == chart.svg(place))
      let parser = XMLParser(data: Data(text.utf8))
      #expect(parser.parse(), "\(parser.parserError.debugDescription)\n\(text)")
      #expect(!text.contains("nan") && !text.contains("inf"))
      #expect(text.utf8.count < 60_000)
    }
  }

  /// Numbers at the ends of what numbers can be.
  static let extremes: [[Double]] = [
    [0, .leastNonzeroMagnitude], [-.greatestFiniteMagnitude, .greatestFiniteMagnitude], [1e15, 1e15 + 2],
    [1e299, -1e299], [.leastNormalMagnitude / 1e12, .leastNormalMagnitude / 4], [.leastNormalMagnitude, 1],
    [1e308, 1e307], [9.3e18, -9.3e18],
    [.nan, .infinity],
    [1e-300, 1e300],
  ]

  @Test(arguments: extremes, [false, true])
  func `numbers of any size are drawn`(values: [Double], isLogarithmic: Bool) {
    let scale = isLogarithmic ? ChartAxis.Scale.logarithmic : .linear
    for format in [ChartAxis.Format.plain, .percent] {
      let axis = ChartAxis("y", scale: scale, format: format)
      let range = ChartAxis("x", scale: scale, format: format, isWhole: true)
      let charts: [any Chart] = [
        LineChart(.init("a", x: range, y: axis), series: [.init("b", x: values, y: values)]),
        BarChart(
          .init("c", x: range, y: axis), categories: ["d", "e"],
          series: [.init("f", values), .init("g", values)]),
        Histogram(.init("h", x: range, y: axis), edges: values.sorted(), series: [.init("i", values)]),
      ]
      for chart in charts { #expect(XMLParser(data: Data(chart.svg(.file).utf8)).parse()) }
      for value in values {
        #expect(ChartNumber.short(value, format: format).utf8.count < 30)
        #expect(ChartNumber.short(-value, format: format).utf8.count < 30)
      }
    }
  }

  @Test func `text of a chart cannot become markup`() {
    let text = Self.charts[0].svg(.page)
    #expect(text.contains("a&lt;b&gt;") && text.contains("loss &lt;&amp;&gt;"))
    #expect(!text.contains("<b>"))
  }

  @Test(arguments: [
    (0.0, 0.19, ["0", "0.05", "0.10", "0.15", "0.20"]), (0, 4, ["0", "1", "2", "3", "4"]),
    (0, 9_011_200, ["0", "2M", "4M", "6M", "8M", "10M"]), (-1, 1, ["−1.0", "−0.5", "0", "0.5", "1.0"]),
    (3, 3, ["2.6", "2.8", "3.0", "3.2", "3.4"]),
  ])
  func `ticks are round numbers that span the data`(low: Double, high: Double, expected: [String]) {
    let scale = AxisScale(ChartAxis(""), values: [low, high], tickCount: 5)
    #expect(scale.ticks.map(\.text) == expected)
    #expect(scale.place(low).map { $0 >= -1e-9 } == true && scale.place(high).map { $0 <= 1 + 1e-9 } == true)
  }

  @Test func `a logarithmic axis puts powers of ten equally far apart`() throws {
    let scale = AxisScale(ChartAxis("", scale: .logarithmic), values: [0, 1e-5, 1, .nan], tickCount: 6)
    #expect(
      scale.ticks.map(\.text) == ["0.00001", "0.0001", "0.001", "0.01", "0.1", "1"])
    let places = try scale.ticks.map { try #require(scale.place($0.value)) }
    for (a, b) in zip(places, places.dropFirst()) { #expect(abs(b - a - 0.2) < 1e-9) }
    #expect(scale.place(0) == nil && scale.place(-1) == nil)
  }

  @Test func `a point of a line lies where the axes say`() throws {
    let chart = LineChart(
      .init("", x: ChartAxis("x", range: 0...10), y: ChartAxis("y", range: 0...1)),
      series: [.init("", x: [0, 10], y: [0, 1])])
    let text = chart.svg(.page)
    let path = try #require(text.firstMatch(of: /d="M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)"/))
    let grid = text.matches(of: /<line x1="([\d.]+)" x2="([\d.]+)" y1="([\d.]+)" y2="([\d.]+)"/)
      .filter { $0.3 == $0.4 }
    #expect(grid.contains { $0.1 == path.1 && $0.3 == path.2 })
    #expect(grid.contains { $0.2 == path.3 && $0.3 == path.4 })
  }

  @Test(arguments: [1, 2, 6, 7, 40])
  func `series have colours that stand against white and against a dark page`(count: Int) {
    let colors = (0..<count).map { ChartColors.color($0, of: count, isOrdered: count > 2) }
    #expect(Set(colors).count == count)
    for color in colors {
      let light = luminance(color)
      #expect((1.05) / (light + 0.05) > 3 && (light + 0.05) / (luminance("#16181b") + 0.05) > 3, "\(color)")
    }
  }

  /// Relative luminance as the guidelines for web content define it.
  private func luminance(_ color: String) -> Double {
    let digits = Array(color.dropFirst())
    let parts = [0, 2, 4].map { place -> Double in
      let value = Double(Int(String(digits[place...place + 1]), radix: 16) ?? 0) / 255
      return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4)
    }
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
  }
}
