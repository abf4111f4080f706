import AttributionGraphs
import Foundation
import TestSupport
import Testing

@testable import Rendering

/// What figures, their captions and DOT files call an answer.
struct AnswerLabelTests {
  private static func graph(_ answer: GraphNode) -> AttributionGraph {
    var graph = AttributionGraph.of(
      [
        GraphNode(node: .embedding(position: 0), id: "E_0", label: "Emb: \"one\""),
        GraphNode(
          node: .feature(layer: 0, index: 1, position: 1), id: "0_1_1", label: "a word", activation: 1),
        answer,
      ], [(0, 1, 1), (1, 2, 1)])
    graph.rootWeights[2] = 0.5
    return graph
  }

  private static func answer(_ label: String, _ probability: Double?) -> GraphNode {
    GraphNode(node: .logit(token: 3, position: 1), id: "2_3_1", label: label, probability: probability)
  }

  private static func difference(_ logits: Double = 3.2144) -> GraphNode {
    let difference = LogitDifference(
      tokens: [3, 4], texts: [" Sacramento", " Springfield"], logits: logits, logProbabilities: logits)
    var node = answer(difference.label, nil)
    node.difference = difference
    return node
  }

  private static func figures(_ answer: GraphNode, _ style: FigureStyle = .natural) -> [Figure] {
    let graph = graph(answer)
    let subgraph = Subgraph(of: graph, view: SavedView(pinnedIDs: graph.nodes.map(\.id)))
    return [Figure(of: graph, style: style), Figure(of: subgraph, in: graph, style: style)]
  }

  @Test(
    arguments: [
      (#"Output " Austin" (p=0.439)"#, 0.4394, ["Austin", "44 %"]),
      (#"output: "Austin" (p=0.984)"#, 0.984, ["Austin", "98 %"]),
      (#"[Output "big" or "large"] Output "large" (p=0.420)"#, 0.42, ["large", "42 %"]),
      (#"Output "x" (p=0.9987)"#, 0.9987, ["x", "99.9 %"]), (#"Output "x" (p=3e-06)"#, 3e-6, ["x", "< 1 %"]),
    ])
  func `an answer's box says its token and its probability`(
    label: String, probability: Double, lines: [String]
  )
    throws
  {
    for figure in Self.figures(Self.answer(label, probability)) {
      #expect(figure.layout.boxes.contains { $0.lines == lines }, "\(figure.layout.boxes.map(\.lines))")
    }
    let dot = DOTWriter.dot(of: Self.graph(Self.answer(label, probability)))
    #expect(dot.contains("label=\"\(lines.joined(separator: "\\n"))\""))
  }

  @Test(arguments: [(FigureStyle.natural, 3.2144, "+3.21"), (.singleColumn, -0.5, "−0.50")])
  func `a difference shows both tokens and by how much the first is greater`(
    style: FigureStyle, logits: Double, text: String
  ) throws {
    for figure in Self.figures(Self.difference(logits), style) {
      let lines = try #require(figure.layout.boxes.map(\.lines).first { $0.last == text })
      #expect(lines.dropLast().joined(separator: " ") == "Sacramento − Springfield")
      let svg = String(decoding: try figure.svg(), as: UTF8.self)
      #expect(svg.contains(text) && !lines.contains { $0.contains("%") })
    }
    let caption = try #require(Self.figures(Self.difference(logits), style).last).paperCaption
    #expect(caption.contains("Differences of two outputs' logits: “Sacramento − Springfield” (\(text))."))
    #expect(!caption.contains("Most probable outputs"))
  }

  @Test func `tables state the share of the answer on one scale`() throws {
    let graph = Self.graph(Self.answer(#"Output "x" (p=0.500)"#, 0.5))
    for figure in Self.figures(Self.answer(#"Output "x" (p=0.500)"#, 0.5)) {
      let part = try #require(figure.table.parts.first { $0.title == "nodes" })
      let column = try #require(part.header.firstIndex(of: "share of the answer in the graph drawn"))
      let names = try #require(part.header.firstIndex(of: "id"))
      let shares = graph.answerShares()
      for row in part.rows {
        let place = try #require(graph.nodes.firstIndex { $0.id == row[names] })
        #expect(Double(row[column]) == shares[place])
      }
    }
  }
}
