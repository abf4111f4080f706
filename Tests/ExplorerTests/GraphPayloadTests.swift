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

  @Test func `scores are those of the library`() throws {
    let graph = smallGraph()
    let payload = try GraphPayload(id: "one", of: OpenGraph(graph: graph, isWhole: false), features: nil)
    let scores = try #require(try JSON(parsing: Array(payload.head)).object?["scores"]?.object)
    #expect(scores["replacement"]?.double == graph.scores().replacement)
    #expect(scores["completeness"]?.double == graph.scores().completeness)
  }
}
