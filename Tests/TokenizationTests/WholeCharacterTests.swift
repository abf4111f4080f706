import Foundation
import TestSupport
import Testing
import Tokenization

/// Characters that take several tokens, shown token by token.
@Suite(.enabled(if: SharedFiles.areAvailable, Comment(rawValue: SharedFiles.reason)))
struct WholeCharacterTests {
  static let names = ["shakespeare-byte-2m", "stories260K", "tokenizers/gpt2", "tokenizers/phi3-spm"]

  @Test(arguments: names)
  func `no hard text is shown with broken characters, and the shown ones are the text`(name: String) throws {
    let tokenizer = try Tokenizer(folder: SharedFiles.url("models/\(name)"))
    var texts = HardTexts(seed: 11)
    for _ in 0..<300 {
      let text = texts.next()
      if text.unicodeScalars.contains("\u{FFFD}") { continue }
      let tokens = try tokenizer.encode(text, addingSpecialTokens: false)
      let shown = tokenizer.texts(of: tokens)
      #expect(shown.count == tokens.count)
      let joined = shown.joined()
      #expect(
        [text, " " + text].contains { joined.unicodeScalars.elementsEqual($0.unicodeScalars) }, "\(shown)")
    }
  }

  @Test func `a character is whole at its first byte`() throws {
    let tokenizer = try Tokenizer(folder: SharedFiles.url("models/stories260K"))
    let tokens = try tokenizer.encode("Zü🙂日", addingSpecialTokens: false)
    #expect(tokens.contains { tokenizer.text(of: $0) == "\u{FFFD}" })
    #expect(tokenizer.texts(of: tokens).suffix(9) == ["ü", "", "🙂", "", "", "", "日", "", ""])
  }

  @Test func `characters that share a token begin where they begin`() throws {
    // Byte-level pieces: E2 86 | 92 E2 | 86 92, two arrows in three tokens.
    let tokenizer = try Self.byteLevel(merging: ["â Ĩ", "Ĵ â", "Ĩ Ĵ"])
    let tokens = try ["âĨ", "Ĵâ", "ĨĴ"].map { try #require(tokenizer.id(ofPiece: $0)) }
    #expect(tokenizer.texts(of: tokens) == ["→", "→", ""])
    // What never becomes a character stays broken, and does not break what follows.
    #expect(tokenizer.texts(of: [tokens[1]] + tokens) == ["\u{FFFD}\u{FFFD}", "→", "→", ""])
    #expect(tokenizer.texts(of: Array(tokens.prefix(1))) == ["\u{FFFD}"])
    #expect(tokenizer.texts(of: []) == [])
  }

  /// A byte-level vocabulary of all bytes and some merges.
  private static func byteLevel(merging merges: [String]) throws -> Tokenizer {
    let letters = (0..<256).map { byte -> String in
      let isShown = (33...126).contains(byte) || (161...172).contains(byte) || (174...255).contains(byte)
      let hidden = (0..<256).filter {
        !((33...126).contains($0) || (161...172).contains($0) || (174...255).contains($0))
      }
      let scalar = isShown ? byte : 256 + (hidden.firstIndex(of: byte) ?? 0)
      return UnicodeScalar(scalar).map { String(Character($0)) } ?? ""
    }
    let pieces = letters + merges.map { $0.replacing(" ", with: "") }
    let vocabulary = Dictionary(uniqueKeysWithValues: pieces.enumerated().map { ($1, $0) })
    let file: [String: Any] = [
      "model": ["type": "BPE", "vocab": vocabulary, "merges": merges], "decoder": ["type": "ByteLevel"],
      "pre_tokenizer": ["type": "ByteLevel", "add_prefix_space": false, "use_regex": false],
    ]
    let folder = try TemporaryFolder()
    let url = try folder.write("tokenizer.json", JSONSerialization.data(withJSONObject: file))
    return try withExtendedLifetime(folder) { try Tokenizer(folder: url.deletingLastPathComponent()) }
  }
}
