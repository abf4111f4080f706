import Foundation
import TestSupport
import Testing
import Tokenization

/// Made-up vocabularies with the rules of large families, against the `tokenizers` library;
/// `Tests/Fixtures/Tokenizers/make.py` made them and the expectations.
struct FamilyTokenizerTests {
  static let names = [
    "llama3", "qwen3", "gpt-oss", "gpt-neox", "gemma3", "mistral", "mistral-metaspace", "llama2-normalized",
  ]
  static let folder = SharedFiles.packageRoot.appending(path: "Tests/Fixtures/Tokenizers")

  /// What the library makes of the texts, which all families share.
  struct Expected: Decodable {
    /// One text's tokens with and without those of the template, and the texts of each, the second with special tokens
    /// shown; `nil` is the text itself.
    struct Encoding: Decodable {
      let ids: [Token]
      let plain: [Token]
      let decoded: String?
      let complete: String?
    }

    /// Tokens in no order that a text has, and what they read.
    struct Decoding: Decodable {
      let ids: [Token]
      let decoded: String
    }

    let beginningOfText: Token?
    let endOfText: Token?
    let texts: [Encoding]
    let tokens: [Decoding]
  }

  private func decode<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> Value {
    try JSONDecoder().decode(type, from: Data(contentsOf: Self.folder.appending(path: path)))
  }

  @Test(arguments: names)
  func `texts have the library's tokens and come back as its texts`(name: String) throws {
    let tokenizer = try Tokenizer(folder: Self.folder.appending(path: name))
    let texts = try decode([String].self, "texts.json")
    let encodings = try decode(Expected.self, "\(name)/expected.json").texts
    #expect(texts.count == 484)
    try #require(texts.count == encodings.count)
    for (text, expected) in zip(texts, encodings) {
      let comment = Comment(rawValue: text.debugDescription)
      let plain = try tokenizer.encode(text, addingSpecialTokens: false)
      #expect(try tokenizer.encode(text) == expected.ids, comment)
      #expect(plain == expected.plain, comment)
      #expect(tokenizer.decode(expected.ids).isExactly(expected.decoded ?? text), comment)
      let complete = tokenizer.decode(expected.plain, skippingSpecialTokens: false)
      #expect(complete.isExactly(expected.complete ?? text), comment)
    }
  }

  @Test(arguments: names)
  func `tokens in any order read as the library's text`(name: String) throws {
    let tokenizer = try Tokenizer(folder: Self.folder.appending(path: name))
    let expected = try decode(Expected.self, "\(name)/expected.json")
    #expect(expected.tokens.count == 100)
    for row in expected.tokens {
      #expect(tokenizer.decode(row.ids).isExactly(row.decoded), Comment(rawValue: "\(row.ids)"))
    }
  }

  @Test(arguments: names)
  func `the tokens that begin and end a text are those that the family's configuration names`(
    name: String
  ) throws {
    let tokenizer = try Tokenizer(folder: Self.folder.appending(path: name))
    let expected = try decode(Expected.self, "\(name)/expected.json")
    #expect(tokenizer.beginningOfText == expected.beginningOfText)
    #expect(tokenizer.endOfText == expected.endOfText)
    #expect(expected.endOfText != nil)
  }
}
