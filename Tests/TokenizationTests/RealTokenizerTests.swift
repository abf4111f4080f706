import Foundation
import TestSupport
import Testing
import Tokenization

/// Tokenizers of trained models against the `tokenizers` library 0.23.3, which made the expectations.
@Suite(.enabled(if: SharedFiles.areAvailable, Comment(rawValue: SharedFiles.reason)))
struct RealTokenizerTests {
  static let models = [
    "babyllama-char105", "gpt-nano-sort", "modadd113", "shakespeare-byte-2m", "slm4096", "stories260K",
    "tinystories-656k",
  ]
  static let vocabularies = ["gpt2", "phi3-spm"]

  @Test(arguments: models)
  func `texts have the library's tokens and come back as its texts`(name: String) throws {
    let tokenizer = try Tokenizer(folder: SharedFiles.url("models/\(name)"))
    let expected = try Expectations("models/\(name)/expected.json")
    let texts = try expected.list("tokenizer")
    #expect(texts.count >= 4)
    for text in texts { try check(text, with: tokenizer) }
  }

  @Test(arguments: vocabularies)
  func `texts of other people have the library's tokens`(name: String) throws {
    let tokenizer = try Tokenizer(folder: SharedFiles.url("models/tokenizers/\(name)"))
    let expected = try Expectations("models/tokenizers/\(name)/expected.json")
    let texts = try expected.list("llama_cpp_cases") + expected.list("more_cases")
    #expect(texts.count == 88)
    for text in texts { try check(text, with: tokenizer) }
  }

  @Test(arguments: models)
  func `prompts have the model's tokens, pieces and greedy text`(name: String) throws {
    let tokenizer = try Tokenizer(folder: SharedFiles.url("models/\(name)"))
    for prompt in try Expectations("models/\(name)/expected.json").list("cases") {
      let tokens = try tokenizer.encode(prompt.string("prompt"))
      #expect(try prompt.tokens("ids") == tokens)
      let pieces = try prompt.strings("tokens")
      #expect(tokens.map(tokenizer.piece(of:)) == pieces)
      let greedy = try (tokens: tokens + prompt.tokens("greedy_ids"), text: prompt.string("greedy_text"))
      #expect(tokenizer.decode(greedy.tokens).isExactly(greedy.text))
      for top in try prompt.list("top") {
        let (token, piece) = try (top.token("id"), top.string("token"))
        #expect(tokenizer.piece(of: token) == piece)
        #expect(tokenizer.id(ofPiece: piece) == token)
      }
    }
  }

  @Test(arguments: models + vocabularies.map { "tokenizers/\($0)" })
  func `every piece leads to its token and back`(name: String) throws {
    let tokenizer = try Tokenizer(folder: SharedFiles.url("models/\(name)"))
    for token in 0..<Token(tokenizer.vocabularyCount) {
      let piece = try #require(tokenizer.piece(of: token))
      if tokenizer.id(ofPiece: piece) != token { Issue.record("\(piece) is not \(token)") }
    }
  }

  @Test(arguments: ["shakespeare-byte-2m", "stories260K", "tokenizers/gpt2", "tokenizers/phi3-spm"])
  func `hard texts come back unchanged from tokenizers that cover all bytes`(name: String) throws {
    let tokenizer = try Tokenizer(folder: SharedFiles.url("models/\(name)"))
    var texts = HardTexts(seed: 5)
    for _ in 0..<300 {
      let text = texts.next()
      let tokens = try tokenizer.encode(text)
      #expect(tokenizer.decode(tokens).isExactly(text), "\(text.debugDescription)")
    }
  }

  @Test func `pieces that are canonically equivalent stay different tokens`() throws {
    let tokenizer = try Tokenizer(folder: SharedFiles.url("models/tokenizers/phi3-spm"))
    let tonos = try #require(tokenizer.id(ofPiece: "\u{3AF}"))
    let oxia = try #require(tokenizer.id(ofPiece: "\u{1F77}"))
    #expect("\u{3AF}" == "\u{1F77}")
    #expect(tonos != oxia)
    #expect(tokenizer.text(of: oxia).isExactly("\u{1F77}"))
  }

  @Test func `special tokens are those of the files beside the tokenizer`() throws {
    let stories = try Tokenizer(folder: SharedFiles.url("models/stories260K"))
    #expect(
      [stories.beginningOfText, stories.endOfText, stories.padding, stories.unknown] == [1, 2, nil, 0])
    #expect(stories.endsOfText == [1, 2])
    #expect(stories.specialTokens == [0, 1, 2])
    let tiny = try Tokenizer(folder: SharedFiles.url("models/tinystories-656k"))
    #expect([tiny.beginningOfText, tiny.endOfText, tiny.padding, tiny.unknown] == [1, 2, 0, 0])
    let sort = try Tokenizer(folder: SharedFiles.url("models/gpt-nano-sort"))
    #expect([sort.beginningOfText, sort.endOfText, sort.padding, sort.unknown] == [nil, nil, nil, nil])
    #expect(sort.endsOfText.isEmpty && sort.specialTokens.isEmpty)
    let slm = try Tokenizer(folder: SharedFiles.url("models/slm4096"))
    #expect([slm.beginningOfText, slm.endOfText, slm.unknown] == [nil, 0, 1])
  }

  private func check(_ expected: Expectations, with tokenizer: Tokenizer) throws {
    let text = try expected.string("text")
    let decoded = try expected.string("decoded")
    let tokens = try tokenizer.encode(text)
    #expect(try expected.tokens("ids") == tokens, "\(text.debugDescription)")
    #expect(tokenizer.decode(tokens).isExactly(decoded), "\(text.debugDescription)")
  }
}
