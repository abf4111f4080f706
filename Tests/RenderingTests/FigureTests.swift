import AttributionGraphs
import Foundation
import FoundationXML
import Testing

@testable import Rendering

@Suite struct FigureTests {
  @Test func `two runs give the same bytes`() throws {
    let graph = AttributionGraph.random(seed: 11, nodeCount: 60)
    let first = try Figure(of: graph).svg()
    #expect(try Figure(of: graph).svg() == first)
    #expect(first.count > 10_000)
  }

  @Test func `tasks that draw at once each get their own picture`() async throws {
    let graphs = (0..<8).map { AttributionGraph.random(seed: UInt64($0), nodeCount: 12) }
    let expected = try graphs.map { try Figure(of: $0).svg() }
    try await withThrowingTaskGroup(of: (Int, [UInt8]).self) { group in
      for round in 0..<32 {
        group.addTask { (round % 8, try Figure(of: graphs[round % 8]).svg()) }
      }
      for try await (place, bytes) in group { #expect(bytes == expected[place]) }
    }
  }

  @Test(arguments: [FigureStyle.default, .singleColumn, .natural])
  func `hostile texts make a well-formed document`(style: FigureStyle) throws {
    var style = style
    style.title = hostileLabels.joined(separator: " ")
    let document = try SVGDocument(Figure(of: hostileGraph(), style: style).svg())
    #expect(document.ids.count == Set(document.ids).count)
    #expect(document.text.contains("<b>bold</b>"))
    #expect(document.text.contains(#"say "hi""#))
    #expect(document.text.contains("a & b &amp; &#0; &lt;"))
  }

  @Test func `every drawn node and edge is an element with its class`() throws {
    let graph = AttributionGraph.random(seed: 3, nodeCount: 30)
    let figure = Figure(of: graph)
    let document = try SVGDocument(figure.svg())
    for glyph in Glyph.allCases {
      let count = figure.layout.boxes.count { $0.glyph == glyph }
      #expect(
        document.classes.count { $0.split(separator: " ").contains(Substring(glyph.rawValue)) } == count)
    }
    let negative = figure.layout.curves.count { !$0.isPositive }
    #expect(document.classes.count { $0 == "edge negative" } == negative)
    #expect(document.classes.count { $0 == "edge positive" } == figure.layout.curves.count - negative)
  }

  @Test func `negative edges are dashed and end in a bar, so the sign needs no colour`() throws {
    let feature = GraphNode(node: .feature(layer: 0, index: 1, position: 0), id: "f", label: "f")
    let logit = GraphNode(node: .logit(token: 0, position: 0), id: "l", label: "l", probability: 1)
    var style = FigureStyle.default
    style.showsKey = false
    let svg = { (weight: Float) in
      String(
        decoding: try Figure(of: .of([feature, logit], [(0, 1, weight)]), style: style).svg(), as: UTF8.self)
    }
    #expect(try svg(-1).contains("stroke-dasharray") && !svg(1).contains("stroke-dasharray"))
    #expect(try svg(-1).contains("<polyline"), "a bar has a stem")
  }

  @Test func `graphs without nodes, without edges or of one node are drawn`() throws {
    let node = GraphNode(node: .feature(layer: 3, index: 1, position: 1), id: "f", label: "alone")
    for graph in [AttributionGraph.of([]), .of([], tokens: []), .of([node]), .of([node], tokens: [])] {
      let figure = Figure(of: graph)
      #expect(figure.width.isFinite && figure.height > 0)
      _ = try SVGDocument(figure.svg())
    }
    #expect(Figure(of: .of([])).caption == "The graph has no nodes to draw.")
  }

  @Test func `weights that are no numbers are skipped, and the caption says so`() throws {
    let features = (0..<3).map {
      GraphNode(node: .feature(layer: 0, index: $0, position: 1), id: "f\($0)", label: "f\($0)")
    }
    let logit = GraphNode(node: .logit(token: 0, position: 1), id: "l", label: "l", probability: 1)
    let graph = AttributionGraph.of(features + [logit], [(0, 3, .nan), (1, 3, .infinity), (2, 3, -2)])
    let figure = Figure(of: graph)
    #expect(figure.caption.contains("2 weights not a number or infinite: skipped."))
    #expect(figure.layout.curves.map(\.edge.source) == [2])
    #expect(figure.layout.curves.first?.edge.share == 1)
    _ = try SVGDocument(figure.svg())
  }

  @Test func `a long prompt drops tokens without features before its labels, and the caption says so`() throws
  {
    let tokens = (0..<60).map { " token\($0)" }
    var nodes = tokens.indices.map { GraphNode(node: .embedding(position: $0), id: "E\($0)") }
    nodes += [7, 31].map {
      GraphNode(node: .feature(layer: 1, index: $0, position: $0), id: "f\($0)", label: "places in Texas")
    }
    nodes.append(GraphNode(node: .logit(token: 0, position: 59), id: "l", label: "l", probability: 1))
    let edges: [(Int, Int, Float)] = [(7, 60, 1), (31, 61, 1), (60, 62, 1), (61, 62, 2), (3, 62, 1)]
    let figure = Figure(of: .of(nodes, edges, tokens: tokens), style: .singleColumn)
    #expect(figure.layout.boxes.allSatisfy { !$0.isDot } && figure.layout.fontSize == 6)
    #expect(figure.caption.contains("⋯ stands for 56 tokens"))
    _ = try SVGDocument(figure.svg())
  }

  @Test func `edges to tokens that find no place make room for others`() throws {
    let tokens = (0..<60).map { " token\($0)" }
    var nodes = tokens.indices.map { GraphNode(node: .embedding(position: $0), id: "E\($0)") }
    nodes += [7, 31].map {
      GraphNode(node: .feature(layer: 1, index: $0, position: $0), id: "f\($0)", label: "places in Texas")
    }
    nodes.append(GraphNode(node: .logit(token: 0, position: 59), id: "l", label: "l", probability: 1))
    // The strongest edges come from tokens of no feature.
    var edges: [(Int, Int, Float)] = [
      (7, 60, 1), (31, 61, 1), (60, 62, 2), (61, 62, 2), (7, 62, 0.1), (31, 62, 0.1),
    ]
    edges += (8..<50).filter { $0 != 31 }.map { ($0, 62, 1) }
    var style = FigureStyle.singleColumn
    for budget in [nil, 40] {
      style.edgeBudget = budget
      let figure = Figure(of: .of(nodes, edges, tokens: tokens), style: style)
      #expect(figure.caption.contains("⋯ stands for 57 tokens"))
      #expect(figure.layout.curves.count == 6)
      // What the picture itself says is what it draws.
      let picture = try SVGDocument(figure.svg())
      #expect(picture.text.contains("6 of 47 edges"))
    }
  }

  @Test func `settings out of range still give a figure`() throws {
    let graph = AttributionGraph.random(seed: 9, nodeCount: 20)
    for width in [FigureStyle.Width.points(-5), .points(.nan), .points(10), .natural] {
      let style = FigureStyle(
        width: width, maximumHeight: .nan, maximumNodes: -1, maximumLabels: -3, edgeBudget: -1, fontSize: .nan
      )
      let figure = Figure(of: graph, style: style)
      #expect(figure.width.isFinite && figure.layout.curves.isEmpty)
      _ = try SVGDocument(figure.svg())
    }
  }
}

/// What a parser of XML finds in an SVG; making one fails if the text is ill-formed.
final class SVGDocument: NSObject, XMLParserDelegate {
  private(set) var ids: [String] = []
  private(set) var classes: [String] = []
  private(set) var text = ""

  init(_ bytes: [UInt8]) throws {
    super.init()
    let parser = XMLParser(data: Data(bytes))
    parser.delegate = self
    if !parser.parse() { throw parser.parserError ?? CocoaError(.fileReadCorruptFile) }
  }

  func parser(
    _ parser: XMLParser, didStartElement elementName: String, namespaceURI: String?,
    qualifiedName: String?, attributes: [String: String]
  ) {
    if let id = attributes["id"] { ids.append(id) }
    if let name = attributes["class"] { classes.append(name) }
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }
}
