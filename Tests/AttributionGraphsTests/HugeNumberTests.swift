import TestSupport
import Testing

@testable import AttributionGraphs

/// Files whose numbers are finite but so large that sums and squares of them are not, and texts that are long.
@Suite struct HugeNumberTests {
  @Test(arguments: [
    #""token_prob":1e308"#, #""token_prob":1.7976931348623157e308"#, #""token_prob":0.5,"root_weight":1e308"#,
    #""root_weight":9e307"#, #""token_prob":-5"#,
  ])
  func `a probability or a root weight beyond reason is passed over and told of`(members: String) throws {
    var file = SmallFile()
    file.nodes[4] = SmallFile.node(
      "4_9_1", "logit", layer: #""4""#, position: 1, number: "9", more: ",\(members)")
    file.nodes.append(
      SmallFile.node("4_8_1", "logit", layer: #""4""#, position: 1, number: "8", more: ",\(members)"))
    file.links.append(SmallFile.link("2_7_1", "4_8_1", "1"))
    let reading = try file.read()
    #expect(reading.count(of: .impossibleNumber) == 2)
    #expect(
      reading.findings.map { "\($0)" }.contains {
        $0.contains("2 numbers are below 0 or too large for a probability")
      })
    #expect(reading.graph.rootWeights.allSatisfy { $0 <= 0.5 })
    #expect(reading.graph.scores().replacement.isFinite)
  }

  @Test func `a probability that no other says is that of the label`() throws {
    var file = SmallFile()
    file.nodes[4] = file.nodes[4].replacing("0.5", with: "1e300").replacing(
      "label", with: "Output x (p=0.25)")
    #expect(try file.read().graph.rootWeights == [0, 0, 0, 0, 0.25])
  }

  @Test func `a graph whose root weights have no sum has scores and can be pruned`() throws {
    var graph = try SmallFile().read().graph
    graph.rootWeights = [1.5e308, 1.5e308, 1.5e308, 0, 1.5e308]
    let scores = graph.scores()
    #expect(scores.replacementBounds.contains(scores.replacement) || scores.replacementBounds == 0...1)
    _ = try graph.pruned(nodeShare: 0.8, edgeShare: 0.98)
    _ = try graph.compared(with: graph)
  }

  @Test(arguments: ["3.4028235e38", "-3.4028235e38", "1e-45", "1e30"])
  func `weights at the ends of single precision can be reckoned with`(weight: String) throws {
    var file = SmallFile()
    file.links = file.links.map { $0.replacing("\"weight\":", with: "\"weight\":\(weight),\"was\":") }
    let graph = try file.read().graph
    #expect(graph.effects.edgeCount == 4)
    let scores = graph.scores()
    #expect((0...1).contains(scores.replacement) && (0...1).contains(scores.completeness))
    _ = try graph.paths(PathQuestion(from: [3], to: 4))
    _ = try graph.supernodeProposals()
    #expect(throws: Never.self) { try graph.pruned().graph.json() }
    _ = try? graph.cut(CutQuestion(of: .roots, loweringBy: 0.5))
  }

  @Test func `ids that many nodes share and others have taken already are found in time`() throws {
    var file = SmallFile()
    let count = 6_000
    file.nodes = (0..<count).map {
      SmallFile.node("a", "embedding", layer: #""E""#, position: $0, number: "0")
    }
    file.nodes += (0..<count).map {
      SmallFile.node("a_\($0)", "embedding", layer: #""E""#, position: count + $0, number: "0")
    }
    file.links = []
    let bytes = Array(file.text.utf8)
    let (reading, seconds) = try processorSeconds { try GraphReading(json: bytes) }
    #expect(Set(reading.graph.nodes.map(\.id)).count == 2 * count)
    #expect(seconds < 8)
  }

  @Test func `a text is found in long labels in time`() throws {
    var graph = try SmallFile().read().graph
    graph.nodes[0].label = String(repeating: "a", count: 1 << 20)
    let query = try NodeQuery(String(repeating: "a", count: 900) + "b")
    let (places, seconds) = processorSeconds { graph.places(matching: query) }
    #expect(places.isEmpty && seconds < 2)
    graph.nodes[1].label = graph.nodes[0].label + "b"
    #expect(graph.places(matching: query) == [1])
    #expect(graph.places(matching: try NodeQuery("abel")) == [2, 3, 4])
  }

  @Test func `prompts of long tokens are aligned in time`() throws {
    let tokens = (0..<1_500).map { String(repeating: "e\u{301}", count: 300) + "\($0 % 700)" }
    var (first, second) = (try SmallFile().read().graph, try SmallFile().read().graph)
    first.metadata.promptTokens = tokens
    second.metadata.promptTokens = tokens.reversed()
    let (alignment, seconds) = processorSeconds { PositionAlignment(.byTokens, first: first, second: second) }
    #expect(!alignment.columns.isEmpty && seconds < 4)
  }

  @Test(arguments: [
    ("Output \"(p=1)\" (p=0.5)", "Output \"(p=1)\" "), ("no mark", "no mark"), ("(p=", ""),
    ("a(p=\u{301}b", "a"),
  ])
  func `a label ends where its last mark begins`(label: String, text: String) {
    let node = GraphNode(node: .logit(token: 1, position: 0), id: "x", label: label)
    #expect(node.tokenText == text)
  }
}
