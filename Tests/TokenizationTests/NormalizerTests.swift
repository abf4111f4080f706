import Foundation
import Testing

@testable import Tokenization

struct NormalizerTests {
  private func normalized(_ text: String, _ normalizer: String) throws -> String {
    let place = try JSONPlace(Data(normalizer.utf8), file: "test")
    return try String(Normalizer(place).normalized(Scalars(text.unicodeScalars)))
  }

  @Test(arguments: [
    (#"{"type": "NFC"}"#, "e\u{301}ﬁ\u{212B}", "\u{E9}ﬁ\u{C5}"),
    (#"{"type": "NFD"}"#, "\u{E9}ﬁ가", "e\u{301}ﬁ\u{1100}\u{1161}"),
    (#"{"type": "NFKC"}"#, "e\u{301}ﬁ①", "\u{E9}fi1"),
    (#"{"type": "NFKD"}"#, "\u{E9}ﬁ①", "e\u{301}fi1"),
    // U+1FDF is a space with two marks, which the mark after it must come before.
    (#"{"type": "NFKD"}"#, "\u{1FDF}\u{93C}", "\u{20}\u{93C}\u{314}\u{342}"),
    (#"{"type": "Lowercase"}"#, "ÀΣİ", "àσi\u{307}"),
    (#"{"type": "Strip"}"#, " \u{A0}a b\n", "a b"),
    (#"{"type": "Strip", "strip_left": false, "strip_right": true}"#, " a ", " a"),
    (#"{"type": "StripAccents"}"#, "\u{E9}e\u{301}\u{93F}", "\u{E9}e"),
    (#"{"type": "Prepend", "prepend": "▁"}"#, "a", "▁a"),
    (#"{"type": "Prepend", "prepend": "▁"}"#, "", ""),
    (#"{"type": "Replace", "pattern": {"String": "aa"}, "content": "b"}"#, "aaaca", "baca"),
    (#"{"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": " "}"#, "a \n\u{3000}b", "a b"),
    (#"{"type": "Replace", "pattern": {"Regex": "\\d+"}, "content": "$0"}"#, "a12", "a$0"),
    (#"{"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "StripAccents"}]}"#, "\u{E9}", "e"),
  ])
  func `every normalizer changes a text as the library does`(json: String, text: String, expected: String)
    throws
  {
    #expect(try normalized(text, json).isExactly(expected))
  }
}
