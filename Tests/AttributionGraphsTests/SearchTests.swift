import AttributionGraphs
import Foundation
import Tensors
import TestSupport
import Testing

struct SearchTests {
  /// The cases that every reader of the language passes, the explorer's page too.
  private struct Cases {
    let graph: AttributionGraph
    let matching: [(query: String, places: [Int])]
    let refused: [(query: String, place: Int)]

    init() throws {
      let file = SharedFiles.packageRoot.appending(path: "Tests/Fixtures/search.json")
      let bytes = try Data(contentsOf: file)
      let object = try #require(try JSON(parsing: [UInt8](bytes)).object)
      let whole = try #require(try JSONSerialization.jsonObject(with: bytes) as? [String: Any])
      let part = try JSONSerialization.data(withJSONObject: try #require(whole["graph"]))
      graph = try GraphReading(json: [UInt8](part)).graph
      matching =
        object["matching"]?.array?.compactMap { value in
          guard let query = value.object?["query"]?.string else { return nil }
          return (query, value.object?["places"]?.array?.compactMap(\.int) ?? [])
        } ?? []
      refused =
        object["refused"]?.array?.compactMap { value in
          guard let query = value.object?["query"]?.string, let place = value.object?["place"]?.int else {
            return nil
          }
          return (query, place)
        } ?? []
    }
  }

  @Test func `queries match the nodes that they should`() throws {
    let cases = try Cases()
    #expect(cases.matching.count == 51 && cases.graph.nodes.count == 8)
    for (query, places) in cases.matching {
      #expect(try cases.graph.places(matching: NodeQuery(query)) == places, "\(query)")
    }
  }

  @Test func `a query that cannot be read is told where`() throws {
    let cases = try Cases()
    #expect(cases.refused.count == 33)
    for (query, place) in cases.refused {
      let error = #expect(throws: GraphError.self, "\(query)") { try NodeQuery(query) }
      guard case .badQuery(let found, _) = error else { continue }
      #expect(found == place, "\(query)")
      #expect(error?.description.hasPrefix("The search cannot be read at character \(place): ") == true)
    }
  }

  @Test func `terms are read as the language says`() throws {
    let query = try NodeQuery("Texas -label:\"a \\\"b\\\" \\\\c\" pos>=-3 influence<0.45")
    #expect(
      query.terms == [
        .init(.text("Texas")), .init(.label("a \"b\" \\c"), isNegated: true),
        .init(.number(.position, .atLeast, -3)), .init(.number(.influence, .less, 0.45)),
      ])
  }

  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func `random terms written as text are read back`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<500 {
      let terms = (0..<Int.random(in: 0...5, using: &random)).map { _ in NodeQuery.Term.random(using: &random)
      }
      let text = terms.map { $0.written(using: &random) }.joined(separator: " ")
      #expect(try NodeQuery(text).terms == terms, "\(text)")
    }
  }

  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func `a query of many terms matches what each of its terms matches`(seed: UInt64) throws {
    let graph = try Cases().graph
    var random = SeededGenerator(seed: seed)
    for _ in 0..<200 {
      let terms = (0..<3).map { _ in NodeQuery.Term.random(using: &random) }
      var wanted = Set(graph.nodes.indices)
      for term in terms {
        let matching = Set(graph.places(matching: NodeQuery(terms: [.init(term.condition)])))
        wanted = term.isNegated ? wanted.subtracting(matching) : wanted.intersection(matching)
      }
      #expect(graph.places(matching: NodeQuery(terms: terms)) == wanted.sorted())
    }
  }

  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func `whatever is typed is read or refused with its place`(seed: UInt64) throws {
    let graph = try Cases().graph
    let pieces = [
      "layer", "pos", "label", "kind", "influence", "x", ":", "<", ">", "=", "-", "\"", "\\", ".", " ", "\t",
      "3", "0",
      "99999999999999999999", "é", "👩‍👩‍👧", "\u{301}", "\0", "\r\n", "feature", "\u{a0}",
    ]
    var random = SeededGenerator(seed: seed)
    var (read, refused) = (0, 0)
    for _ in 0..<5000 {
      let text = (0..<Int.random(in: 1...9, using: &random)).map { _ in
        pieces[Int.random(in: 0..<pieces.count, using: &random)]
      }.joined()
      do throws(GraphError) {
        let query = try NodeQuery(text)
        _ = graph.places(matching: query)
        read += 1
      } catch .badQuery(let place, let reason) {
        #expect(1...text.unicodeScalars.count + 1 ~= place)
        #expect(!reason.isEmpty)
        refused += 1
      } catch {
        Issue.record("\(error)")
      }
    }
    #expect(read > 500 && refused > 500)
  }

  @Test(.enabled(if: SharedFiles.areAvailable, Comment(rawValue: SharedFiles.reason)))
  func `a real graph is searched`() throws {
    let graph = try RealGraphTests.read("gemma-small-big-en").graph
    let places = graph.places(matching: try NodeQuery("size layer>15 pos:-1 influence<0.4 kind:feature"))
    #expect(!places.isEmpty)
    for place in graph.nodes.indices {
      let vertex = graph.nodes[place]
      var isWanted = false
      if case .feature(let layer, _, let position) = vertex.node {
        isWanted =
          layer > 15 && position == graph.metadata.promptTokens.count - 1 && (vertex.influence ?? 1) < 0.4
          && (vertex.label.lowercased().contains("size") || vertex.id.contains("size"))
      }
      #expect(places.contains(place) == isWanted)
    }
  }
}

extension NodeQuery.Term {
  fileprivate static func random(using random: inout SeededGenerator) -> Self {
    func pick<Value>(_ values: [Value]) -> Value { values[Int.random(in: 0..<values.count, using: &random)] }
    let text = pick([
      "texas", "Austin", "a b", "say \"", "\\", "layer:3", "-x", "3", "é", "<", "\"q\"", "5589",
    ])
    let condition: NodeQuery.Condition
    switch Int.random(in: 0..<6, using: &random) {
    case 0: condition = .text(text)
    case 1: condition = .label(text)
    case 2: condition = .token(text)
    case 3: condition = .id(text)
    case 4: condition = .kind(pick(NodeQuery.Kind.allCases))
    default:
      let quantity = pick(NodeQuery.Quantity.allCases)
      switch quantity {
      case .layer, .index:
        condition = .number(quantity, pick(NodeQuery.Comparison.allCases), pick([0, 3, 20]))
      case .position:
        condition = .number(quantity, pick(NodeQuery.Comparison.allCases), pick([-2, -1, 0, 2]))
      case .influence:
        condition = .number(quantity, pick([.less, .greater, .atMost, .atLeast]), pick([0, 0.5]))
      case .activation: condition = .number(quantity, pick([.less, .greater]), pick([-1.25, 0.5, 2.5]))
      }
    }
    return Self(condition, isNegated: Bool.random(using: &random))
  }

  /// The term as a reader might type it.
  fileprivate func written(using random: inout SeededGenerator) -> String {
    func quoted(_ text: String) -> String {
      "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
    func isPlain(_ text: String) -> Bool { !text.contains { " \"".contains($0) } }
    let sign = isNegated ? "-" : ""
    switch condition {
    case .text(let text):
      let isWord = isPlain(text) && !text.hasPrefix("-") && !text.contains { ":<>".contains($0) }
      return sign + (isWord && Bool.random(using: &random) ? text : quoted(text))
    case .label(let text), .token(let text), .id(let text):
      let key =
        if case .label = condition { "label" } else if case .token = condition { "token" } else { "id" }
      return "\(sign)\(key):\(isPlain(text) && Bool.random(using: &random) ? text : quoted(text))"
    case .kind(let kind): return "\(sign)kind:\(kind.rawValue)"
    case .number(let quantity, let comparison, let value):
      let number = value.rounded() == value ? String(Int(value)) : String(value)
      return "\(sign)\(quantity.rawValue)\(comparison.rawValue)\(number)"
    }
  }
}
