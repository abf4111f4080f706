import Foundation
import Testing

@testable import Tokenization

struct NormalizerTests {
  private func normalized(_ text: String, _ normalizer: String) throws -> String {
    let place = try JSONPlace(Data(normalizer.utf8), file: "test")
    return try String(Normalizer(place).normalized(Scalars(text.unicodeScalars), limit: 100_000))
  }

  @Test(arguments: [
    (#"{"type": "NFC"}"#, "e\u{301}ﬁ\u{212B}", "\u{E9}ﬁ\u{C5}"),
    (#"{"type": "NFC"}"#, "\u{CCA}\u{CD5}", "\u{CCB}"),
    (#"{"type": "NFD"}"#, "\u{E9}ﬁ가", "e\u{301}ﬁ\u{1100}\u{1161}"),
    // U+0F73 is two marks, which come before the one before it.
    (#"{"type": "NFD"}"#, "a\u{301}\u{F73}", "a\u{F71}\u{F72}\u{301}"),
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

  @Test(arguments: ["NFC", "NFKC"])
  func `Hangul letters form the syllables that Unicode's arithmetic gives, and their neighbours none`(
    form: String
  ) throws {
    let form = try #require(UnicodeForm(rawValue: form))
    for syllable in 0..<19 * 21 as Range<UInt32> {
      for last in 0...28 as ClosedRange<UInt32> {
        let open = try #require(Unicode.Scalar(0xAC00 + syllable * 28))
        let closing = try #require(Unicode.Scalar(0x11A7 + last))
        let joined = try #require(Unicode.Scalar(open.value + last))
        let joins = last > 0 && last < 28
        let letters = try [0x1100 + syllable / 21, 0x1161 + syllable % 21].map {
          try #require(Unicode.Scalar($0))
        }
        let expected = joins ? [joined] : [open, closing]
        #expect(form.normalized([open, closing]) == expected)
        #expect(form.normalized(letters + [closing]) == expected)
      }
    }
    for other in [["\u{1113}", "\u{1161}"], ["\u{1100}", "\u{1176}"]] as [Scalars] {
      #expect(form.normalized(other) == other)
    }
  }
}
