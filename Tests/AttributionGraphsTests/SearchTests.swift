import AttributionGraphs
import Tensors
import TestSupport
import Testing

struct SearchTests {
  /// What the table of cases is asked of.
  private static let graph: AttributionGraph = {
    var graph = AttributionGraph.ofNodes(
      [
        .embedding(position: 0), .embedding(position: 1), .embedding(position: 2),
        .feature(layer: 3, index: 15589, position: 1), .feature(layer: 20, index: 7, position: 2),
        .feature(layer: 4, index: 15589, position: 2), .error(layer: 3, position: 2),
        .logit(token: 9, position: 2),
      ], DirectEffects(nodeCount: 8))
    graph.metadata.promptTokens = ["<bos>", " Dallas", " is"]
    let ids = ["E_1_0", "E_2_1", "E_3_2", "3_15589_1", "20_7_2", "4_15589_2", "3_-1_2", "21_9_2"]
    let labels = [
      "", "", "", "Texas: cities", "say \"Austin\"", "TEXAS ÉTAT", "", "Output \" Austin\" (p=0.41)",
    ]
    for place in graph.nodes.indices {
      graph.nodes[place].id = ids[place]
      graph.nodes[place].label = labels[place]
    }
    (graph.nodes[3].activation, graph.nodes[4].activation) = (2.5, 0.5)
    (graph.nodes[3].influence, graph.nodes[4].influence, graph.nodes[6].influence) = (0.25, 0.5, 0.75)
    return graph
  }()

  /// The explorer's page has the same cases.
  @Test(
    arguments: [
      ("", [0, 1, 2, 3, 4, 5, 6, 7]), ("  \t\n", [0, 1, 2, 3, 4, 5, 6, 7]), ("texas", [3, 5]),
      ("TEXAS", [3, 5]),
      ("état", [5]), ("dallas", [1]), ("token:dallas", [1, 3]), ("austin", [4, 7]), ("token:austin", [7]),
      ("token:0.41", []), ("label:austin", [4, 7]), ("label:dallas", []), ("\"texas: c\"", [3]),
      ("\"say \\\"austin\"", [4]), ("15589", [3, 5]), ("15589 texas -layer:4", [3]), ("id:20_7_2", [4]),
      ("id:20_7", []), ("id:e_1_0", []), ("layer:20", [4]), ("layer>3", [4, 5]), ("layer>=3", [3, 4, 5, 6]),
      ("layer<4", [3, 6]), ("layer<=4 kind:feature", [3, 5]), ("index:15589", [3, 5]), ("index<10", [4]),
      ("pos:0", [0]), ("pos:-1", [2, 4, 5, 6, 7]), ("pos:-2", [1, 3]), ("pos>-3 kind:embedding", [1, 2]),
      ("pos:-9", []), ("influence<0.5", [3]), ("influence<=0.5", [3, 4]),
      ("-influence<=0.5", [0, 1, 2, 5, 6, 7]),
      ("influence>0", [3, 4, 6]), ("activation>2", [3]), ("activation>=0.5", [3, 4]), ("activation<-1.5", []),
      ("kind:error", [6]), ("kind:logit", [7]), ("-kind:feature -kind:embedding", [6, 7]),
      ("--1", [0, 1, 2, 3, 4, 5, 7]),
      ("Kind:error LAYER:3", [6]), ("(p=0.41)", [7]), ("\"-1\"", [6]), ("3_-1_2", [6]), ("\"layer:3\"", []),
      ("::", []),
      ("zzz", []), ("-zzz", [0, 1, 2, 3, 4, 5, 6, 7]),
    ] as [(String, [Int])])
  func `a query matches these nodes`(text: String, places: [Int]) throws {
    #expect(try Self.graph.places(matching: NodeQuery(text)) == places)
  }

  @Test(
    arguments: [
      ("-", 2), ("texas -", 8), ("texas - dallas", 8), ("label:", 7), ("label: x", 7), ("foo:bar", 1),
      ("a foo:bar", 3),
      ("-foo<3", 2), ("http://x", 1), ("\"texas", 1), ("x \"", 3), ("\"\"", 1), ("label:\"\"", 7),
      ("\"a\"b", 4),
      ("layer:x", 7), ("layer:", 7), ("layer<", 7), ("layer:-1", 7), ("layer:3.5", 8), ("layer:3x", 8),
      ("layer=3", 0),
      ("influence:0.5", 10), ("influence<0.", 13), ("influence<.5", 11), ("influence<-1", 11),
      ("index:1234567890123456", 7),
      ("kind:token", 6), ("kind:Feature", 6), ("kind<feature", 5), ("id>3", 3), ("pos:--1", 5),
      ("activation>1e5", 13),
      ("é layer:x", 9), (String(repeating: "x", count: 1001), 1001),
    ] as [(String, Int)])
  func `a query that cannot be read is told where`(text: String, place: Int) throws {
    guard place > 0 else {
      // No condition, and so a text.
      #expect(try NodeQuery(text).terms == [.init(.text(text))])
      return
    }
    let error = #expect(throws: GraphError.self) { try NodeQuery(text) }
    guard case .badQuery(let found, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(found == place)
    #expect(error?.description.hasPrefix("The search cannot be read at character \(place): ") == true)
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
    var random = SeededGenerator(seed: seed)
    for _ in 0..<200 {
      let terms = (0..<3).map { _ in NodeQuery.Term.random(using: &random) }
      var wanted = Set(Self.graph.nodes.indices)
      for term in terms {
        let matching = Set(Self.graph.places(matching: NodeQuery(terms: [.init(term.condition)])))
        wanted = term.isNegated ? wanted.subtracting(matching) : wanted.intersection(matching)
      }
      #expect(Self.graph.places(matching: NodeQuery(terms: terms)) == wanted.sorted())
    }
  }

  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func `whatever is typed is read or refused with its place`(seed: UInt64) throws {
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
        _ = Self.graph.places(matching: query)
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
