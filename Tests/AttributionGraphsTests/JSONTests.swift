import Tensors
import AttributionGraphs
import Foundation
import Testing

@Suite struct JSONTests {
  private func parse(_ text: String) throws -> JSON { try JSON(parsing: Array(text.utf8)) }

  @Test func `values of every kind are read and written again byte by byte`() throws {
    let text =
      #"{"a":[1,-0.50e+3,true,false,null,"x\"\\\n\u0001 é 😀"],"b":{},"c":[],"a ":12345678901234567890123}"#
    #expect(String(decoding: try parse(text).bytes(), as: UTF8.self) == text)
    #expect(try parse(" \t\r\n[ 1 , 2 ] ") == [1, 2])
    #expect(try parse("\u{feff}[]") == [])
  }

  @Test(arguments: [
    ("\"\\ud83d\\ude00\"", "😀"), ("\"\\u00e9\\/\\b\\f\"", "é/\u{8}\u{c}"), ("\"\\ud83d\"", "\u{fffd}"),
    ("\"\\ude00x\"", "\u{fffd}x"), ("\"\\ud83d\\u0041\"", "\u{fffd}A"), ("\"\\ud83d\\n\"", "\u{fffd}\n"),
    ("\"\\u0000\"", "\0"),
  ])
  func `escapes are decoded and half surrogate pairs repaired`(text: String, expected: String) throws {
    #expect(try parse(text).string == expected)
  }

  @Test func `bytes that are no Unicode are repaired`() throws {
    #expect(try JSON(parsing: [0x22, 0x61, 0xff, 0xc3, 0x22]).string == "a\u{fffd}\u{fffd}")
  }

  @Test(arguments: [
    "", " ", "{", "[", "[1", "[1,", "[1,]", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,}", "{a:1}", "\"",
    "\"abc",
    "\"\\", "\"\\\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\x\"", "tru", "nul", "truex", "01", "-", "+1", "1.",
    ".5", "1e",
    "1e+", "0x10", "NaN", "[Infinity]", "-Infinity", "[1 2]", "1 2", "{\"a\" 1}", "]", "}", "\"\u{1}\"",
    "'a'",
    "{\"a\":1 \"b\":2}", "[\"\\", "--1", "1e5.5",
  ])
  func `what is not JSON is refused with its place`(text: String) {
    #expect(throws: GraphError.self) { try parse(text) }
  }

  @Test func `every truncation and many corruptions of a file are survived`() throws {
    let file = try AttributionGraph.random(seed: 1, layers: 2, featuresPerLayer: 3).json()
    for length in 0..<file.count { _ = try? GraphReading(json: Array(file[..<length])) }
    var random = SeededGenerator(seed: 99)
    for _ in 0..<2000 {
      var broken = file
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        broken[Int.random(in: broken.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      if let reading = try? GraphReading(json: broken) {
        _ = reading.graph.scores()
        _ = reading.findings.map(\.description)
        _ = try? reading.graph.pruned()
      }
    }
  }

  @Test func `deep nesting is refused and not followed`() {
    for open in ["[", "{\"a\":", "[{\"a\":"] {
      #expect(throws: GraphError.self) { try parse(String(repeating: open, count: 100_000)) }
    }
  }

  @Test func `of equal keys the last value counts, and keys are told apart by their bytes`() throws {
    #expect(try parse(#"{"a":1,"b":2,"a":3}"#) == ["a": 3, "b": 2])
    let accents = try #require(parse("{\"\u{e9}\":1,\"e\u{301}\":2}").object)
    #expect(accents.members.count == 2)
    #expect(accents["\u{e9}"] == 1)
    let many = "{" + (0..<50_000).map { "\"k\($0 % 40_000)\":\($0)" }.joined(separator: ",") + "}"
    #expect(try parse(many).object?.members.count == 40_000)
  }

  @Test func `numbers keep their text and are worth what they say`() throws {
    for text in [
      "1e999", "-1e999", "1E-999", "123456789012345678901234567890", "0.1", "-0", "1e0000000000000000001",
    ] {
      let number = try parse(text)
      #expect(String(decoding: try number.bytes(), as: UTF8.self) == text)
      #expect(number.double == Double(text))
    }
    #expect(try parse("3.0").int == 3)
    #expect(try parse("3.5").int == nil)
    #expect(try parse("9223372036854775808").int == nil)
    #expect(throws: GraphError.self) { try JSON.number("NaN").bytes() }
  }
}
