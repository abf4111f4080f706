import AttributionGraphs
import Testing

@testable import Rendering

@Suite struct FigureContentTests {
  /// Two tokens, three features and an error below one output; worked by hand below.
  static let graph = AttributionGraph.of(
    [
      GraphNode(node: .embedding(position: 0), id: "E0"), GraphNode(node: .embedding(position: 1), id: "E1"),
      GraphNode(node: .feature(layer: 0, index: 1, position: 1), id: "a", label: "a"),
      GraphNode(node: .feature(layer: 1, index: 2, position: 1), id: "b", label: "b"),
      GraphNode(node: .error(layer: 1, position: 1), id: "e"),
      GraphNode(node: .logit(token: 9, position: 1), id: "l", label: "l", probability: 0.5),
    ],
    [(0, 2, 1), (1, 2, 3), (2, 3, -2), (1, 3, 2), (3, 5, 6), (4, 5, -2)], tokens: ["x", "y"])

  static func content(_ style: FigureStyle) -> FigureContent {
    FigureContent(of: graph, style: style, importance: NodeImportance(of: graph, given: nil))
  }

  @Test func `importance follows shares of absolute input down from the outputs`() {
    // b: 0.5 · 6/8; error: 0.5 · 2/8; a: b · 2/4; E0: a · 1/4; E1: a · 3/4 + b · 2/4.
    let expected = [0.046875, 0.328125, 0.1875, 0.375, 0.125, 0.5]
    let values = NodeImportance(of: Self.graph, given: nil).values
    #expect(zip(values, expected).allSatisfy { abs($0 - $1) < 1e-12 })
  }

  @Test func `an edge's score is its target's importance times its share`() throws {
    let edges = Self.content(.natural).edges
    let edge = try #require(edges.first { $0.source == 4 })
    #expect(edge.share == 0.25 && edge.score == 0.125 && edge.weight == -2)
    #expect(edges.map(\.share) == edges.map(\.share).sorted())
  }

  @Test(arguments: [0, 1, 3, 6, 100])
  func `the budget bounds the edges`(budget: Int) {
    var style = FigureStyle.natural
    style.edgeBudget = budget
    #expect(Self.content(style).edges.count == min(budget, 6))
  }

  @Test func `embeddings without a drawn edge are not drawn`() {
    var style = FigureStyle.natural
    style.edgeBudget = 2
    #expect(!Self.content(style).nodes.contains(0))
  }

  @Test func `hidden errors and a hidden first token take their edges along, and the caption tells`() {
    var style = FigureStyle.natural
    (style.hidesErrors, style.hidesFirstToken) = (true, true)
    #expect(Set(Self.content(style).nodes) == [1, 2, 3, 5])
    let caption = Figure(of: Self.graph, style: style).caption
    #expect(caption.contains("2 of 3 features and errors") && caption.contains("4 of 6 edges"))
    // Kept: 0.375 + 0.1875 + 0.1875 + 0.140625 of 1.0625 in all edges.
    #expect(caption.contains("84 %"))
    #expect(caption.contains("Errors are hidden.") && caption.contains("The first token is hidden."))
  }

  @Test func `the most influential nodes stay when only some may`() {
    var style = FigureStyle.natural
    style.maximumNodes = 1
    #expect(Set(Self.content(style).nodes).isSuperset(of: [3, 5]))
    #expect(Set(Self.content(style).nodes).isDisjoint(with: [2, 4]))
  }

  @Test func `every feature keeps its strongest way in and out`() {
    let graph = AttributionGraph.random(seed: 21, nodeCount: 80)
    let importance = NodeImportance(of: graph, given: nil)
    var style = FigureStyle.natural
    let all = FigureContent(of: graph, style: style, importance: importance)
    let survey = EdgeSurvey(of: graph, importance: importance, among: Set(graph.nodes.indices))
    let (targets, sources) = (Set(all.edges.map(\.target)), Set(all.edges.map(\.source)))
    for edge in survey.drawable.map(survey.edge) {
      #expect(targets.contains(edge.target))
      if graph.nodes[edge.source].node.layer != nil { #expect(sources.contains(edge.source)) }
    }
    style.edgeBudget = survey.drawable.count
    #expect(
      FigureContent(of: graph, style: style, importance: importance).edges.count == survey.drawable.count)
  }

  @Test func `cycles and edges that lead downward do no harm`() throws {
    var graph = Self.graph
    graph.effects.rows[2].sources = [0, 1, 2, 3]
    graph.effects.rows[2].weights = [1, 3, 5, 7]
    let figure = Figure(of: graph)
    #expect(figure.caption.contains("2 edges not leading to a higher layer: skipped."))
    _ = try SVGDocument(figure.svg())
  }
}
