import AttributionGraphs
import Foundation
import Testing

@testable import Explorer

@Suite struct GraphPayloadTests {
  @Test func `the page gets every node and every edge`() throws {
    let open = OpenGraph(graph: smallGraph(), isWhole: true)
    let payload = try GraphPayload(id: "one", of: open, features: OneFeature())
    let head = try #require(try JSON(parsing: Array(payload.head)).object)
    let nodes = try #require(head["nodes"]?.object)
    #expect(nodes["id"]?.array?.map(\.string) == ["0_7_0", "1_9_1", "0_-1_0", "E_5_0", "2_3_1"])
    #expect(nodes["kind"]?.array?.map(\.string) == ["feature", "feature", "error", "embedding", "logit"])
    #expect(nodes["layer"]?.array == [0, 1, 0, nil, nil])
    #expect(nodes["density"]?.array == [nil, 0.25, nil, nil, nil])
    #expect(nodes["root"]?.array?.map(\.double) == [0, 0, 0, 0, 0.8])

    let numbers = payload.edges.withUnsafeBytes { Array($0.bindMemory(to: UInt32.self)) }
    #expect(numbers.count == 3 + 6 + 5 + 5)
    #expect(Array(numbers[0..<9]) == [GraphPayload.magic, 5, 5, 0, 1, 3, 3, 3, 5])
    #expect(Array(numbers[9..<14]) == [3, 0, 2, 1, 3])
    #expect(numbers[14...].map { Float(bitPattern: $0) } == [2, 3, -1, 4, 1])
  }

  @Test func `stored zeros are no edges of the page`() throws {
    var graph = smallGraph()
    let count = graph.effects.edgeCount
    let target = try #require(graph.effects.rows.firstIndex { $0.weights.count > 1 })
    graph.effects.rows[target].weights[0] = 0
    let payload = try GraphPayload(id: "one", of: OpenGraph(graph: graph, isWhole: true), features: nil)
    let numbers = payload.edges.withUnsafeBytes { Array($0.bindMemory(to: UInt32.self)) }
    #expect(numbers[2] == UInt32(count - 1) && numbers.count == 3 + 6 + 2 * (count - 1))
  }

  @Test
  func `a difference of answers has no probability, and how well a prompt is reconstructed comes along`()
    throws
  {
    var graph = smallGraph()
    let place = graph.nodes.count - 1
    let difference = LogitDifference(
      tokens: [3, 4], texts: ["a", "b"], logits: -1.5, logProbabilities: -1.5)
    (graph.nodes[place].probability, graph.nodes[place].difference) = (nil, difference)
    graph.metadata.extra["transcoder_fit"] = ["fvu": [0.5, 1.5], "notes": ["something"]]
    let payload = try GraphPayload(id: "one", of: OpenGraph(graph: graph, isWhole: true), features: nil)
    let head = try #require(try JSON(parsing: Array(payload.head)).object)
    #expect(head["nodes"]?.object?["probability"]?.array?.last == .null)
    #expect(head["nodes"]?.object?["difference"]?.array?.last?.object?["logits"]?.double == -1.5)
    #expect(head["scores"]?.object?["transcoderFit"]?.object?["fvu"] == [0.5, 1.5])
  }

  @Test func `scores are those of the library`() throws {
    let graph = smallGraph()
    let payload = try GraphPayload(id: "one", of: OpenGraph(graph: graph, isWhole: false), features: nil)
    let scores = try #require(try JSON(parsing: Array(payload.head)).object?["scores"]?.object)
    #expect(scores["replacement"]?.double == graph.scores().replacement)
    #expect(scores["completeness"]?.double == graph.scores().completeness)
  }
}
