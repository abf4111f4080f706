import Foundation
import TestSupport
import Testing

@testable import Tokenization

/// The splitting patterns of large models over GPT-2's vocabulary, as the library runs them.
@Suite(.enabled(if: SharedFiles.areAvailable, Comment(rawValue: SharedFiles.reason)))
struct PreTokenizerVariantTests {
  static let names = [
    "gpt2", "gpt2-as-split", "qwen2", "llama3", "digits-then-bytelevel", "bytelevel-prefix-space",
  ]

  @Test(arguments: names)
  func `words and tokens of a splitting pattern are the library's`(name: String) throws {
    let variants = try Expectations("models/tokenizers/pretokenizers.json").list("variants")
    let variant = try #require(variants.first { try $0.string("name") == name })
    let preTokenizer = try PreTokenizer(place(of: variant.object("pre_tokenizer")))
    let normalizer = try Normalizer(place(of: variant.object("normalizer")))
    let model = try Tokenizer(folder: SharedFiles.url("models/tokenizers/gpt2")).model
    let texts = try variant.list("cases")
    #expect(texts.count == 41)
    for text in texts {
      let normalized = try normalizer.normalized(
        Scalars(text.string("text").unicodeScalars), limit: 100_000)
      let words = try preTokenizer.words(of: normalized[...], startsText: true, limit: 100_000)
      let pieces = try text.strings("pieces")
      #expect(words.map { String($0.text) } == pieces)
      var tokens: [Token] = []
      for word in words { try model.append(word.text, to: &tokens) }
      #expect(try text.tokens("ids") == tokens)
    }
  }

  private func place(of component: Any?) throws -> JSONPlace? {
    guard let component = component as? [String: Any] else { return nil }
    return try JSONPlace(JSONSerialization.data(withJSONObject: component), file: "pretokenizers.json")
  }
}

struct PreTokenizerTests {
  /// The words of a text, joined with bars.
  private func words(of text: String, _ preTokenizer: String) throws -> String {
    let place = try JSONPlace(Data(preTokenizer.utf8), file: "test")
    return try PreTokenizer(place).words(
      of: Scalars(text.unicodeScalars)[...], startsText: true, limit: 100_000
    )
    .map { String($0.text) }.joined(separator: "|")
  }

  @Test(arguments: [
    ("Isolated", false, "a|-|-|b|-|c"), ("Removed", false, "a|b|c"),
    ("MergedWithPrevious", false, "a-|-|b-|c"),
    ("MergedWithNext", false, "a|-|-b|-c"), ("Contiguous", false, "a|--|b|-|c"), ("Removed", true, "-|-|-"),
    ("Isolated", true, "a|-|-|b|-|c"), ("MergedWithPrevious", true, "a|-|-b|-c"),
  ])
  func `a split treats its matches as its behavior says`(behavior: String, invert: Bool, expected: String)
    throws
  {
    for pattern in [#"{"String": "-"}"#, #"{"Regex": "-"}"#] {
      let split =
        #"{"type": "Split", "pattern": \#(pattern), "behavior": "\#(behavior)", "invert": \#(invert)}"#
      #expect(try words(of: "a--b-c", split) == expected)
    }
  }

  @Test(arguments: [
    (#"{"type": "Whitespace"}"#, "Hey, you_2! é\u{301}x", "Hey|,|you_2|!|é\u{301}x"),
    (#"{"type": "WhitespaceSplit"}"#, "Hey,  you\u{A0}there\n", "Hey,|you|there"),
    (#"{"type": "Digits", "individual_digits": true}"#, "a12½b", "a|1|2|½|b"),
    (#"{"type": "Digits", "individual_digits": false}"#, "a12½b", "a|12½|b"),
    (#"{"type": "Punctuation"}"#, "a,b$c«", "a|,|b|$|c|«"),
    (#"{"type": "Punctuation", "behavior": "Removed"}"#, "a,b$c«", "a|b|c"),
    (#"{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"}"#, "a b  c", "▁a|▁b|▁|▁c"),
    (#"{"type": "Metaspace", "replacement": "_", "prepend_scheme": "never", "split": false}"#, "a b", "a_b"),
    (#"{"type": "Metaspace", "add_prefix_space": false}"#, "a b", "a|▁b"),
    (#"{"type": "Metaspace", "prepend_scheme": "first"}"#, " a", "▁a"),
    (#"{"type": "ByteLevel", "add_prefix_space": true}"#, "it's 3\n é", "Ġit|'s|Ġ3|Ċ|ĠÃ©"),
    (#"{"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}"#, "it's 3", "it'sĠ3"),
    (
      #"{"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "Digits"}]}"#, "a1 b",
      "a|1|b"
    ),
  ])
  func `every pre-tokenizer cuts as the library does`(json: String, text: String, expected: String) throws {
    #expect(try words(of: text, json).isExactly(expected))
  }

  @Test func `a metaspace for the first word alone leaves text after a token as it is`() throws {
    var file = SmallFile()
    file.model = SmallFile.letters("▁ab")
    file.preTokenizer = #"{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first"}"#
    file.addedTokens = #"[{"id": 9, "content": "<s>", "special": true}]"#
    #expect(try file.tokenizer().encode("a<s>b") == [0, 1, 9, 2])
    #expect(try file.tokenizer().encode("<s>b") == [9, 2])
  }

  @Test(arguments: [WordScanner.gpt2, .llama3(numerals: 3), .llama3(numerals: 1)])
  func `a scanner cuts hard texts as its regular expression does`(scanner: WordScanner) throws {
    // Without the long s, which Swift's expressions do not fold; the library's texts above have it.
    let regex = try Regex(scanner.pattern).matchingSemantics(.unicodeScalar)
    var texts = HardTexts(seed: 3)
    for _ in 0..<1000 {
      let text = texts.next().replacingOccurrences(of: "ſ", with: "")
      let scanned = scanner.pieces(of: Scalars(text.unicodeScalars)[...])
      let matched = text.matches(of: regex).map { text[$0.range].unicodeScalars.count }
      #expect(scanned.map(\.count) == matched, "\(text.debugDescription)")
    }
  }

  @Test(arguments: [
    (#"\\d"#, "1½٣", "1|½|٣"), (#"\\D"#, "1½", "1|½"), (#"\\w"#, "é_½-", "é|_|½|-"), (#"\\W"#, "a-", "a|-"),
    (#"\\\\d"#, #"1\d2"#, #"1|\d|2"#), (#"[\\d-]"#, "½1-", "½|1|-"),
  ])
  func `classes in a regular expression mean what Oniguruma takes them for`(
    regex: String, text: String, expected: String
  ) throws {
    let split = #"{"type": "Split", "pattern": {"Regex": "\#(regex)"}, "behavior": "Isolated"}"#
    #expect(try words(of: text, split) == expected)
  }
}
