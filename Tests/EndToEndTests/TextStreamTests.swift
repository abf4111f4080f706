import Clew
import Foundation
import Testing

struct TextStreamTests {
  /// Byte tokens 0 to 255, then `a` and `é` as pieces of their own.
  private static func tokenizer() throws -> Tokenizer {
    let bytes = (0..<256).map { byte in
      "\"<0x\(byte < 16 ? "0" : "")\(String(byte, radix: 16, uppercase: true))>\": \(byte)"
    }
    let json = """
      {"model": {"type": "BPE", "byte_fallback": true, "merges": [],
        "vocab": {\(bytes.joined(separator: ", ")), "a": 256, "é": 257}},
       "decoder": {"type": "Sequence", "decoders": [{"type": "ByteFallback"}, {"type": "Fuse"}]}}
      """
    return try Tokenizer(json: Data(json.utf8))
  }

  private func parts(_ tokens: [Token]) throws -> [String] {
    var stream = TextStream(after: [256], tokenizer: try Self.tokenizer())
    return tokens.map { stream.add($0) } + [stream.finish()]
  }

  @Test func `a character of several tokens comes whole, with its last token`() throws {
    #expect(try parts([257, 0xF0, 0x9F, 0x99, 0x82, 256]) == ["é", "", "", "", "🙂", "a", ""])
  }

  @Test func `bytes that begin no character come when the text ends`() throws {
    #expect(try parts([0xF0, 0x9F]) == ["", "", "\u{FFFD}\u{FFFD}"])
  }

  @Test func `what was complete stays when a character behind it is never finished`() throws {
    #expect(try parts([0xC3, 0xA9, 0xC3]) == ["", "é", "", "\u{FFFD}"])
    #expect(try parts([0xC3, 0xA9, 0xC3, 256, 257]) == ["", "é", "", "\u{FFFD}a", "é", ""])
  }

  @Test(arguments: UInt64(0)..<20)
  func `the parts together are the text, byte for byte`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let scalars = "aé🙂\u{301}\u{FFFD}z".unicodeScalars.map { String($0) }
    let bytes = (0..<12).flatMap { _ in Array((scalars.randomElement(using: &generator) ?? "").utf8) }
    let tokens = bytes.map { Token($0) }
    let tokenizer = try Self.tokenizer()
    let joined = try "a" + parts(tokens).joined()
    #expect(Array(joined.utf8) == Array(tokenizer.decode([256] + tokens).utf8))
  }
}
