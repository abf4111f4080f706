import Foundation
import Tokenization

/// A `tokenizer.json` written in a test: what a test does not say is absent.
struct SmallFile {
  var model = SmallFile.letters("abc ")
  var addedTokens = "[]"
  var normalizer = "null"
  var preTokenizer = "null"
  var postProcessor = "null"
  var decoder = #"{"type": "Fuse"}"#

  /// The file's text.
  var json: String {
    """
    {"version": "1.0", "added_tokens": \(addedTokens), "normalizer": \(normalizer),
     "pre_tokenizer": \(preTokenizer), "post_processor": \(postProcessor), "decoder": \(decoder),
     "model": \(model)}
    """
  }

  func tokenizer() throws -> Tokenizer { try Tokenizer(json: Data(json.utf8)) }

  /// A byte-pair model; pieces have their place in the list as token.
  static func bytePairs(_ pieces: [String], merges: [String] = [], options: String = "") -> String {
    """
    {"type": "BPE", "vocab": \(vocabulary(pieces)), "merges": [\(merges.map(quoted).joined(separator: ", "))]
     \(options.isEmpty ? "" : ", \(options)")}
    """
  }

  /// A byte-pair model without merges.
  static func letters(_ letters: String, options: String = "") -> String {
    bytePairs(letters.unicodeScalars.map { String($0) }, options: options)
  }

  /// A model of whole words.
  static func words(_ words: [String], unknown: String = "?") -> String {
    #"{"type": "WordLevel", "vocab": \#(vocabulary(words)), "unk_token": \#(quoted(unknown))}"#
  }

  /// A text as a JSON string, every scalar beyond ASCII escaped.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for unit in text.utf16 {
      if (0x20..<0x7F).contains(unit), unit != 0x22, unit != 0x5C {
        result.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
      } else {
        let digits = String(unit, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }
    }
    return result + "\""
  }

  private static func vocabulary(_ pieces: [String]) -> String {
    "{" + pieces.enumerated().map { "\(quoted($1)): \($0)" }.joined(separator: ", ") + "}"
  }
}
