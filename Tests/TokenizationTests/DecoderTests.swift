import Foundation
import Testing

@testable import Tokenization

struct DecoderTests {
  private static let llama = """
    {"type": "Sequence", "decoders": [
      {"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"},
      {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}
    """

  private func decoder(_ json: String) throws -> Decoder {
    try Decoder(JSONPlace(Data(json.utf8), file: "test"))
  }

  @Test(arguments: [
    (llama, ["▁Hey", "▁", "you"], "Hey you"), (llama, ["▁", "▁a"], " a"), (llama, [], ""),
    (llama, ["<0xE6>", "<0xBC>", "<0xA2>", "x"], "漢x"),
    (llama, ["<0x41>", "<0xE6>", "x"], "\u{FFFD}\u{FFFD}x"), (llama, ["<0xZZ>"], "<0xZZ>"),
    (#"{"type": "ByteLevel"}"#, ["ĠHey", "Ġ", "Â©"], " Hey ©"),
    (#"{"type": "ByteLevel"}"#, ["a", "é€"], "aé€"), (#"{"type": "ByteLevel"}"#, ["Ã", "x"], "\u{FFFD}x"),
    (#"{"type": "Metaspace", "replacement": "▁"}"#, ["▁▁a", "▁b▁c"], "a b c"),
    (#"{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "never"}"#, ["▁a", "▁b"], " a b"),
    (#"{"type": "Strip", "content": "a", "start": 1, "stop": 2}"#, ["aab", "baaa", "a", ""], "abba"),
    (#"{"type": "Replace", "pattern": {"Regex": "[aeiou]"}, "content": "*"}"#, ["lily", "ou"], "l*ly**"),
  ])
  func `every decoder joins pieces as the library does`(json: String, pieces: [String], expected: String)
    throws
  {
    let text = try decoder(json).text(of: pieces.map { Scalars($0.unicodeScalars) })
    #expect(text.isExactly(expected))
  }

  @Test func `without a decoder pieces are joined with spaces`() {
    #expect(Decoder.spaced.text(of: [["a"], ["b"]]) == "a b")
  }

  @Test(arguments: [
    (llama, "▁Hey", " Hey"), (llama, "Hey", "Hey"), (llama, "<0x0A>", "\n"), (llama, "<0xE6>", "\u{FFFD}"),
    (#"{"type": "Metaspace", "replacement": "▁"}"#, "▁Hey", " Hey"),
    (#"{"type": "ByteLevel"}"#, "ĠHey", " Hey"),
    ("null", "Hey", "Hey"),
  ])
  func `a token alone keeps the space before it`(json: String, piece: String, expected: String) throws {
    var file = SmallFile()
    file.model = SmallFile.bytePairs([piece])
    file.decoder = json
    #expect(try file.tokenizer().text(of: 0).isExactly(expected))
  }
}
