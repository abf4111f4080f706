import Foundation
import Tensors
import TestSupport
import Testing
import Tokenization

/// Templates that would not end, fill the memory or exhaust the stack, and sound ones that were damaged.
struct HostileTemplateTests {
  private static func nested(_ opening: String, _ inner: String, _ closing: String) -> String {
    String(repeating: opening, count: 5000) + inner + String(repeating: closing, count: 5000)
  }

  private static func growing(_ start: String, _ step: String) -> String {
    "{% set ns = namespace(x=\(start), y=\(start)) %}{% for i in range(100000) %}{% set ns.x = \(step) %}{% endfor %}"
  }

  static let costly = [
    "{{ 'a' * 10**9 }}", "{{ range(10**12)|list }}", "{{ 'x'|indent(10**12) }}",
    "{{ [[1]]|tojson(indent=10**9) }}",
    "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
    "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}",
    "{% macro m(a=m()) %}{{ a }}{% endmacro %}{{ m() }}",
    growing("'ab'", "ns.x ~ ns.x"), growing("[1]", "ns.x + ns.x"), growing("[]", "[ns.x]"),
    growing("[]", "[ns.x, ns.x]"),
    growing("none", "namespace(x=ns.x)") + "{{ ns.x }}", growing("''", "{'a': ns.x}.get"),
    "{% set ns = namespace() %}{% set ns.x = [ns] %}{{ ns.x }}", growing("''", "ns.x ~ '0123456789'"),
    "{% set a = 'a' * 100000 %}{% for i in range(100000) %}{{ a|replace('a', 'bb')|length }}{% endfor %}",
    "{% set a = 'a' * 1000000 %}{% for i in range(100000) %}{% if ('a' * 500000 ~ 'b') in a %}{% endif %}{% endfor %}",
    "{% set x = range(100000)|list %}{% for i in x %}{{ x|sort|length }}{% endfor %}",
    "{% set x = 'a' * 1000000 %}{% for i in range(100000) %}{{ x is lower }}{% endfor %}",
  ]

  @Test(arguments: costly)
  func `a template that takes more than it is worth is stopped`(source: String) throws {
    let template = try ChatTemplate(source)
    let (error, seconds) = processorSeconds {
      #expect(throws: TokenizationError.self) {
        try template.text(messages: [ChatMessage(role: "user", content: "Hi")])
      }
    }
    guard case .templateTooCostly = error else {
      Issue.record("\(error?.description ?? "")")
      return
    }
    #expect(seconds < 5, "\(source)")
  }

  static let deep = [
    "{{ \(nested("(", "1", ")")) }}", "{{ \(nested("[", "", "]")) }}", "{{ \(nested("not ", "1", "")) }}",
    "{{ \(nested("-", "1", "")) }}", "{{ 1\(nested("+1", "", "")) }}", "{{ 1\(nested("|abs", "", "")) }}",
    "{{ x\(nested(".a", "", "")) }}", "{{ \(nested("1 if 1 else ", "1", "")) }}",
    nested("{% if 1 %}", "", "{% endif %}"), "{{ x\(nested("[0]", "", "")) }}",
    "{{ x\(nested("()", "", "")) }}",
    "{{ \(nested("{1: ", "1", "}")) }}", "{{ x\(nested(" is y", "", "")) }}",
    "{% for \(nested("(", "a", ")")) in x %}{% endfor %}",
  ]

  @Test(arguments: deep)
  func `a template that nests without end is refused when it is read`(source: String) {
    #expect(throws: TokenizationError.self) { try ChatTemplate(source) }
  }

  @Test(arguments: [
    "{{ 2**63 }}", "{{ 10**18 * 10**18 }}", "{{ (-9223372036854775807 - 1) // -1 }}", "{{ 1e300|int }}",
    "{{ (-9223372036854775807 - 1)|abs }}", "{{ -(-9223372036854775807 - 1) }}",
    "{{ 9223372036854775807 + 1 }}",
    "{{ [9223372036854775807, 1]|sum }}", "{{ '9223372036854775808'|int }}",
    "{{ range(-9223372036854775807, 9223372036854775807) }}",
    "{{ range(9223372036854775807, -9223372036854775807, -9223372036854775807)|list }}",
  ])
  func `numbers beyond 64 bits are refused`(source: String) throws {
    #expect(throws: TokenizationError.self) {
      try ChatTemplate(source).text(messages: [ChatMessage(role: "user", content: "Hi")])
    }
  }

  @Test func `bounds at the end of all numbers are taken as they are`() throws {
    let source = """
      {% set m = -9223372036854775807 - 1 %}{{ 'abc'[9223372036854775807:] }}{{ 'abc'[::9223372036854775807] }}\
      {{ 'abc'[::m] }}{{ 'abc'[m:] }}{{ 'abc'[m] }}{{ 'abc'[:m:m] }}{{ 'abc'.find('a', m, 9223372036854775807) }}\
      {{ 'abc'.split('b', 9223372036854775807) }}{{ m % -1 }}{{ range(0, 9223372036854775807, 9223372036854775807)|list }}
      """
    let text = try ChatTemplate(source).text(messages: [ChatMessage(role: "user", content: "Hi")])
    #expect(text == "acabcc0['a', 'c']0[0]")
  }

  @Test func `a long conversation is no hostile one`() throws {
    let fixtures = try ChatFixtures()
    let long = (0..<2000).map { number in
      ChatMessage(
        role: number.isMultiple(of: 2) ? "user" : "assistant",
        content: "\(number) " + String(repeating: "word ", count: 50))
    }
    for family in ChatFixtures.families {
      let text = try fixtures.template(family).text(messages: long)
      #expect(text.contains("1999 word"), "\(family)")
    }
  }

  @Test(arguments: ChatFixtures.families)
  func `a damaged template makes a text or is refused, within its budget`(family: String) throws {
    let fixtures = try ChatFixtures()
    let source = Array(try ChatFixtures.source(family).unicodeScalars)
    let pieces: [[Unicode.Scalar]] = [
      "{{", "}}", "{%", "%}", "-", "(", ")", "[", "]", "'", "\"", "\\", "|", ".", "~", "not ", "messages",
      " 0 ", "9999999999",
      "**", "[::-1]", "{% for x in messages %}", "{% endfor %}", "|tojson", "é", "\u{0}", "loop.", "{#", "==",
      " if ", " is ",
      "|sort", "|first", "namespace(", "range(", "%}{% else %}", "e\u{301}",
    ].map { Array($0.unicodeScalars) }
    var draw = SeededGenerator(seed: 11)
    var count = (texts: 0, refused: 0)
    for _ in 0..<400 {
      var damaged = source
      for _ in 0..<Int.random(in: 1...4, using: &draw) {
        let start = Int.random(in: 0..<damaged.count, using: &draw)
        let end = min(damaged.count, start + Int.random(in: 0...12, using: &draw))
        let piece = pieces.randomElement(using: &draw) ?? []
        switch Int.random(in: 0..<4, using: &draw) {
        case 0: damaged.removeSubrange(start..<end)
        case 1: damaged.insert(contentsOf: piece, at: start)
        case 2: damaged.replaceSubrange(start..<end, with: piece)
        default:
          damaged.insert(
            contentsOf: damaged[start..<end], at: Int.random(in: 0...damaged.count, using: &draw))
        }
        if damaged.isEmpty { damaged = source }
      }
      guard let chat = fixtures.chats.randomElement(using: &draw) else { return }
      let (isText, seconds) = processorSeconds { () -> Bool in
        do throws(any Error) {
          let template = try ChatTemplate(
            String(String.UnicodeScalarView(damaged)), specialTokens: fixtures.tokens)
          _ = try chat.text(template)
          return true
        } catch {
          #expect(error is TokenizationError)
          return false
        }
      }
      if isText { count.texts += 1 } else { count.refused += 1 }
      #expect(seconds < 5)
    }
    // Damage in a comment or a branch that is not taken does nothing.
    #expect(count.texts >= 10 && count.refused >= 100, "\(count)")
  }
}
