import AttributionGraphs
import Testing

@testable import Rendering

/// The geometry that a reader relies on, in graphs from a handful of nodes to hundreds.
@Suite struct FigureLayoutTests {
  struct Sample: CustomTestStringConvertible, Sendable {
    var style: FigureStyle
    var graph: AttributionGraph
    var figure: Figure
    var testDescription: String { "\(graph.metadata.slug), \(graph.nodes.count) nodes, \(style.width)" }

    init(seed: UInt64, nodeCount: Int, style: FigureStyle) {
      self.style = style
      graph = .random(seed: seed, nodeCount: nodeCount)
      figure = Figure(of: graph, style: style)
    }
  }

  static let samples: [Sample] = {
    var everything = FigureStyle.doubleColumn
    everything.maximumNodes = nil
    return [
      Sample(seed: 1, nodeCount: 6, style: .default), Sample(seed: 2, nodeCount: 40, style: .singleColumn),
      Sample(seed: 3, nodeCount: 40, style: .natural), Sample(seed: 4, nodeCount: 120, style: everything),
      Sample(seed: 5, nodeCount: 420, style: everything),
    ]
  }()

  @Test(arguments: samples)
  func `no two nodes overlap`(sample: Sample) {
    let boxes = sample.figure.layout.boxes.map(\.box)
    for (place, box) in boxes.enumerated() {
      #expect(!boxes[..<place].contains { $0.overlaps(box) })
    }
  }

  @Test(arguments: samples)
  func `every layer is above the layers below it`(sample: Sample) {
    let graph = sample.graph
    let rows = Dictionary(grouping: sample.figure.layout.boxes) { graph.nodes[$0.place].node.level }
      .sorted { $0.key < $1.key }.map(\.value)
    for (lower, upper) in zip(rows, rows.dropFirst()) {
      let top = lower.map(\.box.maxY).max() ?? 0
      #expect(upper.allSatisfy { $0.box.minY > top })
    }
  }

  @Test(arguments: samples)
  func `columns stand in the order of the prompt`(sample: Sample) {
    let graph = sample.graph
    let inColumns = sample.figure.layout.boxes.filter { graph.nodes[$0.place].node.level != .max }
    let columns = Dictionary(grouping: inColumns) { graph.nodes[$0.place].node.position }
      .sorted { $0.key < $1.key }.map(\.value)
    for (left, right) in zip(columns, columns.dropFirst()) {
      let end = left.map(\.box.maxX).max() ?? 0
      #expect(right.allSatisfy { $0.box.minX > end })
    }
  }

  @Test(arguments: samples)
  func `every edge leaves the top of its source and ends at the bottom of its target`(sample: Sample) throws {
    let layout = sample.figure.layout
    let boxOf = Dictionary(uniqueKeysWithValues: layout.boxes.map { ($0.place, $0.box) })
    #expect(!layout.curves.isEmpty)
    for curve in layout.curves {
      let source = try #require(boxOf[curve.edge.source])
      let target = try #require(boxOf[curve.edge.target])
      let start = try #require(curve.points.first)
      let end = try #require(curve.points.last)
      #expect(abs(start.y - source.maxY) < 1e-9 && abs(start.x - source.center.x) <= source.width / 2)
      // The tip stops short of the box by its own thickness.
      #expect(curve.tip.y < target.minY && curve.tip.y > target.minY - 2)
      #expect(abs(curve.tip.x - target.center.x) <= target.width / 2)
      #expect(abs(end.x - curve.tip.x) < 1e-9 && end.y < curve.tip.y)
      #expect(curve.points.count % 3 == 1 && curve.points.count >= 4)
    }
  }

  @Test(arguments: samples)
  func `edges begin and end upright`(sample: Sample) throws {
    for curve in sample.figure.layout.curves {
      let points = curve.points
      #expect(points[0].x == points[1].x && points[points.count - 1].x == points[points.count - 2].x)
    }
  }

  @Test(arguments: samples)
  func `everything is on the page and every label in its box`(sample: Sample) {
    let layout = sample.figure.layout
    let metrics = TextMetrics(fontSize: layout.fontSize)
    for box in layout.boxes {
      #expect(box.box.minX >= 0 && box.box.maxX <= layout.width)
      #expect(box.box.minY >= 0 && box.box.maxY <= layout.height)
      #expect(box.lines.allSatisfy { metrics.width(of: $0) < box.box.width })
      #expect(Double(box.lines.count) * metrics.lineHeight < box.box.height)
    }
    for curve in layout.curves {
      #expect(curve.points.allSatisfy { $0.x >= 0 && $0.x <= layout.width && $0.y <= layout.height })
    }
    if case .points(let width) = sample.style.width { #expect(abs(layout.width - width) < 0.02) }
  }

  @Test func `more influential nodes come first in a cell`() {
    let features = (0..<3).map {
      GraphNode(node: .feature(layer: 0, index: $0, position: 1), id: "f\($0)", label: "f\($0)")
    }
    let logit = GraphNode(node: .logit(token: 0, position: 1), id: "l", probability: 1)
    let graph = AttributionGraph.of(features + [logit], [(0, 3, 1), (1, 3, 5), (2, 3, 1)])
    let boxes = Figure(of: graph, style: .natural).layout.boxes.filter { $0.glyph == .feature }
    #expect(boxes.sorted { $0.box.minX < $1.box.minX }.map(\.place) == [1, 0, 2])
  }
}
