/// Text from models and files, made fit for a terminal and for Markdown: what stands in it can neither steer a terminal nor
/// turn the writing around.
package enum VisibleText {
  /// A text with its control characters and marks of writing direction spelled out.
  ///
  /// They are spelled as in JSON, `\u001b`, so that JSON in which one stands raw means the same afterwards.
  /// - Parameter kept: What stays as it is, such as line breaks.
  package static func spelled(_ text: String, keeping kept: Set<Unicode.Scalar> = []) -> String {
    guard text.unicodeScalars.contains(where: { isSteering($0) && !kept.contains($0) }) else { return text }
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      guard isSteering(scalar), !kept.contains(scalar) else {
        result.append(scalar)
        continue
      }
      // One by one: appending a whole view copies all that is there.
      for mark in escape(of: scalar).unicodeScalars { result.append(mark) }
    }
    return String(result)
  }

  private static func escape(of scalar: Unicode.Scalar) -> String {
    switch scalar {
    case "\n": return "\\n"
    case "\t": return "\\t"
    default:
      let digits = String(scalar.value, radix: 16)
      return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
  }

  /// A text on one line of Markdown or HTML, with `⏎` for its line breaks.
  package static func line(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    var isAfterReturn = false
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n" where isAfterReturn: break
      case "\n", "\r": result.append("⏎")
      case "\t": result.append(" ")
      default: result.append(scalar)
      }
      isAfterReturn = scalar == "\r"
    }
    return spelled(String(result))
  }

  /// A text with a backslash before some of its scalars. `replacing` would pass over a mark that a combining one follows, for
  /// both together are another character.
  package static func escaped(_ text: String, _ marks: Set<Unicode.Scalar>) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      if marks.contains(scalar) { result.append("\\") }
      result.append(scalar)
    }
    return String(result)
  }

  /// Whether a scalar does something where it is printed, and is not only seen; all of them have at most four digits.
  private static func isSteering(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F...0x9F, 0x61C, 0x200B, 0x200E...0x200F, 0x2028...0x202E, 0x2060...0x2069, 0xFEFF: true
    default: false
    }
  }
}
