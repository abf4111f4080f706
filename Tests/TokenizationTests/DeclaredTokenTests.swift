import Foundation
import Testing
import Tokenization

/// Tokens that files beside tokenizer.json declare, against transformers; see `Fixtures/Tokenizers/declared.py`.
struct DeclaredTokenTests {
  /// What transformers makes of one set of files.
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let json: Data
    let files: [String: Data]
    let tokens: [[Token]]
    let special: Set<Token>
    let skipped: Set<Token>
    let roles: [Token?]
    let count: Int

    var testDescription: String { name }
  }

  private struct Fixture {
    var texts: [String] = []
    var cases: [Case] = []

    init() throws {
      let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/Tokenizers/declared.json")
      let whole = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
      let base = try #require(whole["tokenizer"] as? [String: Any])
      texts = try #require(whole["texts"] as? [String])
      for entry in try #require(whole["cases"] as? [[String: Any]]) {
        var tokenizer = base
        tokenizer["normalizer"] = entry["normalizer"]
        tokenizer["added_tokens"] = entry["added_tokens"]
        let files = try #require(entry["files"] as? [String: String])
        cases.append(
          Case(
            name: try #require(entry["name"] as? String),
            json: try JSONSerialization.data(withJSONObject: tokenizer),
            files: files.mapValues { Data($0.utf8) },
            tokens: try #require(entry["tokens"] as? [[Int]]).map { $0.map { Token($0) } },
            special: Set(try #require(entry["special"] as? [Int]).map { Token($0) }),
            skipped: Set(try #require(entry["skipped"] as? [Int]).map { Token($0) }),
            roles: ["bos", "eos", "pad"].map { (entry[$0] as? Int).map { Token($0) } },
            count: try #require(entry["count"] as? Int)))
      }
    }
  }

  private static let fixture = Result { try Fixture() }
  static let cases = (try? fixture.get().cases) ?? []

  @Test func `there are cases`() throws { #expect(try Self.fixture.get().cases.count >= 25) }

  @Test(arguments: cases)
  func `texts have the tokens that transformers finds`(example: Case) throws {
    let tokenizer = try Self.tokenizer(example)
    let texts = try Self.fixture.get().texts
    for (text, tokens) in zip(texts, example.tokens) {
      #expect(try tokenizer.encode(text, addingSpecialTokens: false) == tokens, "\(text)")
    }
    #expect(tokenizer.vocabularyCount == example.count)
  }

  @Test(arguments: cases)
  func `special tokens are those of transformers`(example: Case) throws {
    let tokenizer = try Self.tokenizer(example)
    #expect(tokenizer.specialTokens == example.skipped)
    // Where nothing is named, tokenizer.json decides.
    #expect(tokenizer.openingTokens == (example.special.isEmpty ? example.skipped : example.special))
    #expect([tokenizer.beginningOfText, tokenizer.endOfText, tokenizer.padding] == example.roles)
  }

  private static func tokenizer(_ example: Case) throws -> Tokenizer {
    try Tokenizer(
      json: example.json, configuration: example.files["tokenizer_config.json"],
      specialTokensMap: example.files["special_tokens_map.json"],
      addedTokens: example.files["added_tokens.json"])
  }

  @Test(arguments: [
    #"{"added_tokens_decoder": {"x": {"content": "<x>"}}}"#, #"{"added_tokens_decoder": {"3": "<x>"}}"#,
    #"{"added_tokens_decoder": {"3": {"content": 7}}}"#, #"{"added_tokens_decoder": []}"#,
    #"{"added_tokens_decoder": {"3": {"content": "<x>", "lstrip": 1}}}"#,
    #"{"additional_special_tokens": [3]}"#, #"{"extra_special_tokens": {"a": 3}}"#, #"{"pad_token": []}"#,
  ])
  func `a damaged declaration is refused`(configuration: String) throws {
    let file = SmallFile(model: SmallFile.bytePairs(["a"]))
    let error = #expect(throws: TokenizationError.self) {
      try Tokenizer(json: Data(file.json.utf8), configuration: Data(configuration.utf8))
    }
    #expect(error?.description.contains("tokenizer_config.json") == true)
  }

  @Test func `the template's token opens a text before a number of config_json does`() throws {
    var file = SmallFile(model: SmallFile.bytePairs(["<s>", "<t>", "a"]))
    func opening(_ template: String, _ configuration: String? = nil) throws -> Token? {
      file.postProcessor = template
      return try Tokenizer(
        json: Data(file.json.utf8), configuration: configuration.map { Data($0.utf8) },
        modelConfiguration: Data(#"{"bos_token_id": 1}"#.utf8)
      ).beginningOfText
    }
    func template(_ single: String) -> String {
      """
      {"type": "TemplateProcessing", "single": [\(single)],
       "special_tokens": {"<s>": {"id": "<s>", "ids": [0], "tokens": ["<s>"]}}}
      """
    }
    let (sign, text) = (#"{"SpecialToken": {"id": "<s>"}}"#, #"{"Sequence": {"id": "A"}}"#)
    #expect(try opening("null") == 1)
    #expect(try opening(template("\(sign), \(text)")) == 0)
    #expect(try opening(template("\(text), \(sign)")) == 1)
    #expect(try opening(template(sign), #"{"bos_token": "a"}"#) == 2)
    let inner = template("\(sign), \(text)")
    #expect(
      try opening(#"{"type": "Sequence", "processors": [\#(inner), {"type": "ByteLevel"}]}"#) == 0)
  }
}
