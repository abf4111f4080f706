/// Text from models and users, made fit to be seen on one line.
///
/// Control characters would make an SVG ill-formed, marks of writing direction would turn the rest of a
/// line around, and a token of spaces would be an empty box.
enum DisplayText {
  /// A text without characters that cannot be drawn; spaces around it go, unless there is nothing else.
  static func visible(_ text: String) -> String {
    var scalars = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      if let mark = replacement(for: scalar) { scalars.append(contentsOf: mark.unicodeScalars) }
    }
    let line = String(scalars)
    let isSpace = { (character: Character) in character == " " }
    if line.allSatisfy(isSpace) { return String(repeating: "␣", count: line.count) }
    return String(line.trimmingPrefix(while: isSpace).reversed().trimmingPrefix(while: isSpace).reversed())
  }

  /// A token of the prompt, never empty: one that shows nothing goes on with the character of the one before.
  static func token(_ text: String) -> String {
    if text.isEmpty { return "…" }
    let line = visible(text)
    return line.isEmpty ? "∅" : line
  }

  /// What stands for a scalar: itself, a visible mark (`\x1b` for what has none), or nothing at all.
  private static func replacement(for scalar: Unicode.Scalar) -> String? {
    switch scalar.value {
    case 0x0A, 0x0D, 0x85, 0x2028, 0x2029: "↵"
    case 0x09: "⇥"
    case 0x00..<0x20, 0x7F..<0xA0: (scalar.value < 16 ? "\\x0" : "\\x") + String(scalar.value, radix: 16)
    case 0xA0, 0x2000...0x200A, 0x202F, 0x205F, 0x3000: " "
    case 0x200B, 0x200E, 0x200F, 0x202A...0x202E, 0x2060...0x2069, 0xFEFF: nil
    case let value where value & 0xFFFE == 0xFFFE || (0xFDD0...0xFDEF).contains(value): "\u{FFFD}"
    default: String(Character(scalar))
    }
  }

  /// A label as Graphviz reads it: its escapes (`\n`, `\N`) and HTML entities (`&lt;`) mean themselves.
  static func label(lines: [String]) -> String {
    lines.map(escapedLine).joined(separator: "\\n")
  }

  /// One line of a label, see ``label(lines:)``.
  static func escapedLine(_ line: String) -> String {
    var escaped = ""
    for character in line {
      switch character {
      case "\\": escaped += "\\\\"
      case "&": escaped += "&amp;"
      default: escaped.append(character)
      }
    }
    return escaped
  }

  /// A name of a node or graph, which becomes a title in the SVG: Graphviz takes entities in it for themselves.
  static func name(_ text: String) -> String { visible(text).replacing("&", with: "&amp;") }

  /// A label's words made an XML identifier: every other scalar becomes `_`.
  static func identifier(_ text: String) -> String {
    let scalars = text.unicodeScalars.map { scalar -> Character in
      let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
      return isPlain || scalar == "-" ? Character(scalar) : "_"
    }
    return String(scalars)
  }

  /// A count with its thousands apart: `23,559`.
  static func count(_ count: Int) -> String {
    let digits = Array(String(count.magnitude))
    var grouped = count < 0 ? "-" : ""
    for (place, digit) in digits.enumerated() {
      if place > 0, (digits.count - place).isMultiple(of: 3) { grouped += "," }
      grouped.append(digit)
    }
    return grouped
  }
}
