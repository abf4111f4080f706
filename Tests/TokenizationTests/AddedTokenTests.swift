import Foundation
import Testing
import Tokenization

struct AddedTokenTests {
  private func tokenizer(_ added: String, normalizer: String = "null") throws -> Tokenizer {
    var file = SmallFile()
    file.model = SmallFile.letters("abc <>s▁x_")
    file.addedTokens = "[\(added)]"
    file.normalizer = normalizer
    return try file.tokenizer()
  }

  @Test func `the leftmost token counts, and of those the longest`() throws {
    let tokenizer = try tokenizer(
      """
      {"id": 20, "content": "<s>", "special": true}, {"id": 21, "content": "<s>a", "special": true},
      {"id": 22, "content": "ab", "special": true}
      """)
    #expect(try tokenizer.encode("<s>ab<s>b") == [21, 1, 20, 1])
    #expect(try tokenizer.encode("<sab>") == [4, 6, 22, 5])
  }

  @Test func `a token may take the spaces around it along`() throws {
    let tokenizer = try tokenizer(
      #"{"id": 20, "content": "<s>", "lstrip": true, "rstrip": true, "special": true}"#)
    #expect(try tokenizer.encode("a  <s>\n b") == [0, 20, 1])
    #expect(try tokenizer.encode("<s> <s> ") == [20, 20])
  }

  @Test func `a token may count only where no letter touches it`() throws {
    let tokenizer = try tokenizer(#"{"id": 20, "content": "ab", "single_word": true, "special": true}"#)
    #expect(try tokenizer.encode("ab cab ab<") == [20, 3, 2, 0, 1, 3, 20, 4])
    #expect(try tokenizer.encode("ab_") == [0, 1, 9])
  }

  @Test func `a normalized token is looked for as the normalizer writes it`() throws {
    let prepend = #"{"type": "Prepend", "prepend": "▁"}"#
    let literal = try tokenizer(#"{"id": 20, "content": "<s>", "normalized": false}"#, normalizer: prepend)
    #expect(try literal.encode("<s>a<s>b") == [20, 7, 0, 20, 7, 1])
    // Found only where the sign that the normalizer puts before it is.
    let normalized = try tokenizer(#"{"id": 20, "content": "<s>", "normalized": true}"#, normalizer: prepend)
    #expect(try normalized.encode("<s>a<s>b") == [20, 0, 4, 6, 5, 1])
  }

  @Test func `decoding leaves special tokens out unless told otherwise`() throws {
    let tokenizer = try tokenizer(
      #"{"id": 20, "content": "<s>", "special": true}, {"id": 21, "content": "<x>", "special": false}"#)
    #expect(tokenizer.specialTokens == [20])
    #expect(tokenizer.decode([20, 0, 21]) == "a<x>")
    #expect(tokenizer.decode([20, 0, 21], skippingSpecialTokens: false) == "<s>a<x>")
    #expect(tokenizer.text(of: 20) == "<s>")
    #expect(tokenizer.vocabularyCount == 22)
  }
}
