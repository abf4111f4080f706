import AttributionGraphs
import Foundation
import TestSupport
import Testing

@Suite(.enabled(if: SharedFiles.areAvailable, Comment(rawValue: SharedFiles.reason)))
struct RealGraphTests {
  static let names = ["gemma-small-big-en", "dollar", "gemma-clt-fact-dallas-austin"]

  static func read(_ name: String, _ idRule: GraphReading.IDRule = .resolved) throws -> GraphReading {
    try GraphReading(contentsOfFile: SharedFiles.url("graphs/\(name).json").path, idRule: idRule)
  }

  @Test(arguments: [
    ("gemma-small-big-en", 0.602536, 0.875386, [71, 175, 360, 693, 694]),
    ("gemma-clt-fact-dallas-austin", 0.693670, 0.892275, [33, 63, 125, 228, 414]),
    ("dollar", 0.489874, 0.847663, [100, 233, 463, 828, 829]),
  ])
  func `scores and shown nodes are the recorded ones`(
    name: String, replacement: Double, completeness: Double, shown: [Int]
  ) throws {
    // Where ids are shared, the recorded scores give every link to the first node, as Neuronpedia does.
    let reading = try Self.read(name, .first)
    let scores = reading.graph.scores()
    #expect(abs(scores.replacement - replacement) < 1e-5)
    #expect(abs(scores.completeness - completeness) < 1e-5)
    for (threshold, count) in zip([0.4, 0.5, 0.6, 0.7, 0.8], shown) {
      #expect(reading.graph.nodes.count { ($0.influence ?? 0) <= threshold } == count)
    }
  }

  @Test func `the links of a shared id are given to the node that they mean`() throws {
    let reading = try Self.read("dollar")
    let graph = reading.graph
    let feature = try #require(
      graph.nodes.firstIndex { $0.node == .feature(layer: 0, index: 2, position: 1) })
    let error = try #require(graph.nodes.firstIndex { $0.node == .error(layer: 2, position: 1) })
    func readers(of place: Int) -> Int { graph.effects.rows.count { $0.sources.contains(Int32(place)) } }
    #expect(graph.effects.rows[feature].sources.count == 2)
    #expect(graph.effects.rows[error].sources.isEmpty)
    #expect(readers(of: feature) == 18)
    #expect(readers(of: error) == 61)
    #expect(graph.effects.edgeCount == 40_249)
    #expect(graph.nodes[feature].id == "0_2_1")
    #expect(graph.nodes[error].id == "2_-1_1")
    #expect(reading.count(of: .settledByLegality) + reading.count(of: .settledByOrder) == 81)
    for kind in [Finding.Kind.unsettled, .repeatedLink, .backwardLink, .linkIntoLeaf, .unknownEnd] {
      #expect(reading.count(of: kind) == 0)
    }
    let scores = graph.scores()
    // Worked out apart, with NumPy, on the links as resolved here.
    #expect(abs(scores.replacement - 0.4887887) < 1e-6)
    #expect(abs(scores.completeness - 0.8472843) < 1e-6)
  }

  @Test(arguments: names)
  func `reading, writing and reading again loses nothing`(name: String) throws {
    let first = try Self.read(name)
    let bytes = try first.graph.json()
    let second = try GraphReading(json: bytes)
    #expect(try second.graph.json() == bytes)
    #expect(second.graph.metadata == first.graph.metadata)
    #expect(second.graph.savedView == first.graph.savedView)
    #expect(second.graph.effects.rows.map(\.sources) == first.graph.effects.rows.map(\.sources))
    #expect(second.graph.effects.rows.map(\.weights) == first.graph.effects.rows.map(\.weights))
    #expect(second.graph.rootWeights == first.graph.rootWeights)
    #expect(second.graph.nodes.map(\.extra) == first.graph.nodes.map(\.extra))
    #expect(!second.findings.contains { $0.kind == .sharedID })
  }

  /// The file as others read it must still say the same: only the shared id, and digits beyond single
  /// precision, differ.
  @Test(arguments: names)
  func `other readers find in the written file what was in the first`(name: String) throws {
    let old = try JSON(parsing: [UInt8](Data(contentsOf: SharedFiles.url("graphs/\(name).json"))))
    let new = try JSON(parsing: try Self.read(name).graph.json())
    for key in ["metadata", "qParams"] {
      #expect(old.object?[key]?.isAlike(new.object?[key]) == true)
    }
    let oldNodes = try #require(old.object?["nodes"]?.array)
    let newNodes = try #require(new.object?["nodes"]?.array)
    #expect(oldNodes.count == newNodes.count)
    #expect(zip(oldNodes, newNodes).count { !$0.isAlike($1) } == (name == "dollar" ? 1 : 0))
    let oldLinks = try #require(old.object?["links"]?.array)
    let newLinks = try #require(new.object?["links"]?.array)
    #expect(oldLinks.count == newLinks.count)
    #expect(zip(oldLinks, newLinks).count { !$0.isAlike($1) } == (name == "dollar" ? 61 : 0))
  }

  @Test(arguments: names)
  func `a real graph can be pruned further`(name: String) throws {
    let graph = try Self.read(name).graph
    let pruned = try graph.pruned(nodeShare: 0.6, edgeShare: 0.9).graph
    #expect(pruned.nodes.count < graph.nodes.count)
    #expect(try GraphReading(json: pruned.json()).graph.nodes.count == pruned.nodes.count)
  }
}

extension JSON {
  /// Whether two values say the same, numbers as far as single precision tells them apart.
  fileprivate func isAlike(_ other: JSON?) -> Bool {
    switch (self, other) {
    case (.number(let text), .number(let otherText)):
      Double(text) == Double(otherText) || Float(text) == Float(otherText)
    case (.array(let values), .array(let others)):
      values.count == others.count && zip(values, others).allSatisfy { $0.isAlike($1) }
    case (.object(let object), .object(let otherObject)):
      object.members.count == otherObject.members.count
        && object.members.allSatisfy { $0.value.isAlike(otherObject[$0.key]) }
    default: self == other
    }
  }
}
