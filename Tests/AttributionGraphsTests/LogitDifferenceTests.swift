import AttributionGraphs
import Foundation
import TestSupport
import Testing

/// An answer against another: it has a weight and a difference, and no probability.
struct LogitDifferenceTests {
  private static func graph(_ first: Int = 9, _ second: Int = 4) -> AttributionGraph {
    var graph = AttributionGraph.random(seed: 1, layers: 3, positions: 2, featuresPerLayer: 2, logits: 1)
    let place = graph.nodes.count - 1
    let difference = LogitDifference(
      tokens: [first, second], texts: [" Austin", " Dallas"], logits: 3.2144, logProbabilities: 3.1)
    graph.nodes[place].probability = nil
    graph.nodes[place].difference = difference
    graph.nodes[place].label = difference.label
    graph.rootWeights[place] = 0.9
    return graph
  }

  @Test func `a file gives the difference back, its weight, and no probability`() throws {
    let graph = Self.graph()
    let bytes = try graph.json()
    let again = try GraphReading(json: bytes).graph
    let (node, weight) = (try #require(again.nodes.last), try #require(again.rootWeights.last))
    #expect(node.difference == graph.nodes.last?.difference && node.difference != nil)
    #expect(node.probability == nil && weight == 0.9 && node.label == graph.nodes.last?.label)
    // What was read is written, read and written alike.
    let once = try again.json()
    #expect(try GraphReading(json: once).graph.json() == once)
  }

  @Test func `viewers find no number where they look for a probability`() throws {
    let file = try #require(JSON(parsing: Self.graph().json()).object)
    let node = try #require(file["nodes"]?.array?.last?.object)
    #expect(node["token_prob"] == 0 && node["root_weight"] == 0.9)
    let label = try #require(node["clerp"]?.string)
    #expect(label == #"Output " Austin" − " Dallas" (p=n/a, logits +3.214)"#)
    // As the public viewers do it: the text after the first mark, up to the first bracket.
    let mark = label.components(separatedBy: "(p=")
    #expect(mark.count == 2 && Double(mark[1].components(separatedBy: ")")[0]) == nil)
  }

  @Test func `a logit of no known probability is written as such`() throws {
    var graph = Self.graph()
    let place = graph.nodes.count - 1
    graph.nodes[place].difference = nil
    graph.nodes[place].label = "Output \"x\""
    let file = try #require(JSON(parsing: graph.json()).object)
    #expect(file["nodes"]?.array?.last?.object?["clerp"] == "Output \"x\" (p=n/a)")
  }

  @Test(
    arguments: [
      (0.43949, "(p=0.439)"), (1, "(p=1.000)"), (0, "(p=0.000)"), (0.9996, "(p=0.9996)"), (3e-6, "(p=3e-06)"),
    ] as [(Double, String)])
  func `labels say neither 1 nor 0 of what is close to it`(probability: Double, mark: String) {
    #expect(GraphNode.logitLabel(token: "x", probability: probability) == "Output \"x\" \(mark)")
  }

  @Test(
    arguments: [
      (#"Output " Austin" (p=0.439)"#, " Austin"),
      (#"[Output "big" or "large"] Output "large" (p=0.420)"#, "large"),
      (#"output: "Austin" (p=0.984)"#, "Austin"), (#"Logit "a" (p=0.02)"#, "a"),
      (#"Output """ (p=1.000)"#, "\""),
      (#"Output "(p=0.9)" (p=0.02)"#, "(p=0.9)"), ("something else", "something else"), (#"Output "x""#, "x"),
    ])
  func `an answer is called by its token`(label: String, token: String) {
    let node = GraphNode(node: .logit(token: 1, position: 0), id: "5_1_0", label: label)
    #expect(node.answerText == token)
  }

  @Test func `a difference is called by both tokens`() throws {
    #expect(try #require(Self.graph().nodes.last).answerText == "Austin − Dallas")
  }

  @Test func `differences of other tokens are other answers, whatever their number`() throws {
    let comparison = try Self.graph(9, 4).compared(with: Self.graph(9, 5))
    #expect(
      comparison.nodes.count { $0.change == .gone } == 1
        && comparison.nodes.count { $0.change == .added } == 1)
    #expect(try Self.graph(9, 4).compared(with: Self.graph(9, 4)).isUnchanged)
  }

  @Test func `what is no difference is read as an answer`() throws {
    var graph = Self.graph()
    let place = graph.nodes.count - 1
    for value in [
      JSON.null, 3, ["logits": 1], ["logits": 1, "log_probabilities": 1, "tokens": [1], "texts": ["a"]],
    ] {
      graph.nodes[place].difference = nil
      graph.nodes[place].probability = 0.25
      graph.nodes[place].label = #"Output "x" (p=0.250)"#
      graph.nodes[place].extra["difference"] = value
      let again = try GraphReading(json: graph.json()).graph
      #expect(again.nodes[place].difference == nil && again.nodes[place].probability == 0.25)
      #expect(again.nodes[place].extra["difference"] == value)
    }
  }
}
