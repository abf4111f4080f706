import Foundation
import TestSupport
import Testing

@testable import Tokenization

/// Regular expressions against Oniguruma, see `Fixtures/Tokenizers/patterns.py`, and those that cannot be run.
struct RegularExpressionTests {
  private struct Found: Decodable {
    let expression: String
    /// The texts with U+E000 for every match.
    let marked: [String]

    init(from decoder: any Swift.Decoder) throws {
      var fields = try decoder.unkeyedContainer()
      expression = try fields.decode(String.self)
      marked = try fields.decode([String].self)
    }
  }

  private struct Fixture: Decodable {
    let texts: [String]
    let found: [Found]
  }

  private static func pieces(_ expression: String, _ text: String) throws -> [Int] {
    let scalars = Array(text.unicodeScalars)
    let rule = SplitRule(pattern: .regex(try RegularExpression(expression)), behavior: .isolated)
    return try rule.pieces(of: scalars[...]).map(\.upperBound)
  }

  private static func marked(_ expression: String, _ text: String) throws -> String {
    let scalars = Array(text.unicodeScalars)
    var (result, place) = (String.UnicodeScalarView(), 0)
    for match in try RegularExpression(expression).matches(in: scalars[...]) {
      result.append(contentsOf: scalars[place..<match.lowerBound])
      result.append("\u{E000}")
      place = match.upperBound
    }
    result.append(contentsOf: scalars[place...])
    return String(result)
  }

  @Test func `expressions are found where Oniguruma finds them`() throws {
    let url = SharedFiles.packageRoot.appending(path: "Tests/Fixtures/Tokenizers/patterns.json")
    let fixture = try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: url))
    #expect(fixture.found.count > 80 && fixture.texts.count > 50)
    for found in fixture.found {
      for (text, marked) in zip(fixture.texts, found.marked) {
        let own = try Self.marked(found.expression, text)
        #expect(
          own.utf8.elementsEqual(marked.utf8), "\(found.expression) in \(text.debugDescription): \(own)")
      }
    }
  }

  @Test(arguments: [
    "(a+)+$", "(a|aa)+$", "((a*)*)*b", "(a|a|a|a)*b", "a(a*b)?", "(x+x+)+y|a",
    "a?a?a?a?a?a?a?a?a?a?aaaaaaaaaab",
  ])
  func `an expression takes time in proportion to the text`(expression: String) throws {
    let regex = try RegularExpression(expression)
    func seconds(_ count: Int) throws -> Double {
      let text = Array((String(repeating: "a", count: count) + "c").unicodeScalars)
      return try processorSeconds { try regex.matches(in: text[...]) }.seconds
    }
    _ = try seconds(1000)
    let (short, long) = (try seconds(20_000), try seconds(200_000))
    // Ten times as much text; quadratic time would take a hundred times as long.
    #expect(long < 40 * max(short, 0.002), "\(short) s, then \(long) s")
  }

  @Test func `lookaround that would take for ever is given up`() throws {
    let regex = try RegularExpression("(?=(a+)+$)a")
    let text = Array((String(repeating: "a", count: 40) + "b").unicodeScalars)
    let error = #expect(throws: TokenizationError.self) { try regex.matches(in: text[...]) }
    #expect(error?.description.contains("too many steps") == true)
    #expect(try regex.matches(in: Array("ba".unicodeScalars)[...]).map(\.lowerBound) == [1])
  }

  @Test(arguments: [
    "(a", "a)", "[a", "*a", "a**)", "(?<=a+)b", #"(a)\1"#, #"\k<n>"#, #"\R"#, #"\X"#, "(?s)a",
    #"\p{Nowhere}"#, #"\p"#,
    #"\x{110000}"#, "a{2,1}", "a{100000}", "(((a{1000}){1000}){1000})", "{2}", "\\", "(?=(a*)*)b",
  ])
  func `what cannot be run is refused with its reason`(expression: String) throws {
    let error = #expect(throws: RegularExpression.Problem.self) { try RegularExpression(expression) }
    #expect(error?.reason.isEmpty == false)
  }

  @Test func `repeats of repeats are refused before they fill the stack`() {
    for sign in ["{1}", "?", "*", "{0,1}"] {
      let deep = "a" + String(repeating: sign, count: 100_000)
      #expect(throws: RegularExpression.Problem.self) { try RegularExpression(deep) }
    }
  }

  @Test func `honest lookahead over long digits is not too costly`() throws {
    let digits = Array(String(repeating: "3141592653", count: 100).unicodeScalars)
    #expect(try RegularExpression(#"(?=(\d{3})+(?!\d))"#).matches(in: digits[...]).count == 333)
  }

  @Test func `deep nesting and repetition of nothing are harmless`() throws {
    let deep = String(repeating: "(", count: 10_000) + "a" + String(repeating: ")", count: 10_000)
    #expect(throws: RegularExpression.Problem.self) { try RegularExpression(deep) }
    #expect(try Self.pieces("(((){1000}){1000}){1000}", "ab") == [1, 2])
    #expect(throws: RegularExpression.Problem.self) {
      try RegularExpression("[" + String(repeating: "a", count: 10_000))
    }
  }
}
