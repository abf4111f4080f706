import Foundation
import TestSupport
import Testing
import Tokenization

/// Tokenizers of the models that the reference graphs were traced on.
@Suite(.enabled(if: SharedFiles.areAvailable, Comment(rawValue: SharedFiles.reason)))
struct ReferenceTests {
  @Test(arguments: ["gemma2", "gemma3", "gpt2", "llama", "llama-rope3", "qwen3"])
  func `a traced prompt has the trace's tokens once BOS is written before it`(family: String) throws {
    let tokenizer = try Tokenizer(folder: SharedFiles.url("reference/\(family)"))
    let traces = try Self.traces(in: "reference/\(family)/cases")
    #expect(!traces.isEmpty)
    for path in traces {
      let trace = try Expectations(path)
      let prompt = try trace.string("input_string")
      let tokens = try trace.tokens("input_tokens")
      let bos = try #require(tokenizer.beginningOfText)
      #expect(try tokenizer.encode(prompt) == tokens)
      let withoutBOS = try tokenizer.encode(String(prompt.dropFirst("<bos>".count)))
      #expect([bos] + withoutBOS == tokens)
      let texts = try trace.strings("token_strings")
      #expect(tokens.map(tokenizer.text(of:)) == texts)
      #expect(tokenizer.decode(tokens, skippingSpecialTokens: false).isExactly(prompt))
    }
    #expect(tokenizer.text(of: 511) == "⟨511⟩")
    #expect([tokenizer.beginningOfText, tokenizer.endOfText, tokenizer.padding] == [2, 1, 0])
  }

  @Test func `prompts of the traced stories begin with the BOS of the template`() throws {
    let tokenizer = try Tokenizer(folder: SharedFiles.url("models/stories260K"))
    for path in try Self.traces(in: "reference/stories260K") {
      let trace = try Expectations(path)
      let prompt = try #require(try trace.string("input_string").split(separator: "<s>").last)
      let tokens = try tokenizer.encode(prompt.drop { $0 == " " }.description)
      #expect(try trace.tokens("input_tokens") == tokens)
    }
  }

  @Test func `words of the persona model are tokens`() throws {
    let tokenizer = try Tokenizer(folder: SharedFiles.url("reference/persona-toy"))
    #expect(tokenizer.unknown == 0)
    let tokens = try tokenizer.encode("be  formal ")
    #expect(tokenizer.decode(tokens) == "be formal")
    #expect(try tokenizer.encode("be <s>formal nonsense") == [3, 1, 4, 0])
  }

  private static func traces(in folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: SharedFiles.url(folder).path)
      .filter { $0.hasSuffix(".trace.json") }.sorted().map { "\(folder)/\($0)" }
  }
}
