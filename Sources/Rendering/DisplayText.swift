/// Text from models and users, made fit to be seen on one line.
///
/// Control characters would make an SVG ill-formed, marks of writing direction would turn the rest of a
/// line around, and a token of spaces would be an empty box.
enum DisplayText {
  /// How many scalars of a label, a token or an id are drawn at most; a figure has no room for so many.
  static let longest = 500

  /// A text without characters that cannot be drawn; spaces around it go, unless there is nothing else.
  ///
  /// Scalars are looked at and never characters: to find where a long row of flags comes apart into characters from its
  /// end takes time with the square of its length.
  /// - Parameter longest: How many scalars are drawn at most; `…` stands for the others.
  static func visible(_ text: String, longest: Int = DisplayText.longest) -> String {
    var line: [Unicode.Scalar] = []
    var isCut = false
    for scalar in text.unicodeScalars {
      isCut = line.count >= longest
      if isCut { break }
      if (0x20..<0x7F).contains(scalar.value) {
        line.append(scalar)
      } else {
        line += replacement(for: scalar)
      }
    }
    guard let first = line.firstIndex(where: { $0 != " " }), let last = line.lastIndex(where: { $0 != " " })
    else { return String(repeating: "␣", count: line.count) + (isCut ? "…" : "") }
    return Self.text(of: line[first...last]) + (isCut ? "…" : "")
  }

  private static func text(of scalars: some Sequence<Unicode.Scalar>) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    return String(view)
  }

  /// A token of the prompt, never empty: one that shows nothing goes on with the character of the one before.
  static func token(_ text: String) -> String {
    if text.isEmpty { return "…" }
    let line = visible(text)
    return line.isEmpty ? "∅" : line
  }

  /// What stands for a scalar: itself, a visible mark (`\x1b` for what has none), or nothing at all.
  private static func replacement(for scalar: Unicode.Scalar) -> [Unicode.Scalar] {
    switch scalar.value {
    case 0x0A, 0x0D, 0x85, 0x2028, 0x2029: ["↵"]
    case 0x09: ["⇥"]
    case 0x00..<0x20, 0x7F..<0xA0:
      Array(((scalar.value < 16 ? "\\x0" : "\\x") + String(scalar.value, radix: 16)).unicodeScalars)
    case 0xA0, 0x2000...0x200A, 0x202F, 0x205F, 0x3000: [" "]
    case 0x61C, 0x200B, 0x200E, 0x200F, 0x202A...0x202E, 0x2060...0x2069, 0xFEFF: []
    case let value where value & 0xFFFE == 0xFFFE || (0xFDD0...0xFDEF).contains(value): ["\u{FFFD}"]
    default: [scalar]
    }
  }

  /// A label as Graphviz reads it: its escapes (`\n`, `\N`) and HTML entities (`&lt;`) mean themselves.
  static func label(lines: [String]) -> String {
    lines.map(escapedLine).joined(separator: "\\n")
  }

  /// One line of a label, see ``label(lines:)``.
  static func escapedLine(_ line: String) -> String { line.escaping(["\\": "\\\\", "&": "&amp;"]) }

  /// A name of a node or graph, which becomes a title in the SVG: Graphviz takes entities in it for themselves.
  static func name(_ text: String) -> String { visible(text).escaping(["&": "&amp;"]) }

  /// The beginning of a text made an XML identifier: every other scalar becomes `_`.
  static func identifier(_ text: String) -> String {
    let scalars = text.unicodeScalars.prefix(longest).map { scalar -> Character in
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

extension String {
  /// The text with other texts in the place of some scalars. `replacing` would pass over a mark that a combining one
  /// follows, for both together are another character.
  func escaping(_ marks: [Unicode.Scalar: String]) -> String {
    guard unicodeScalars.contains(where: { marks[$0] != nil }) else { return self }
    var escaped = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      if let text = marks[scalar] {
        // One by one: appending a whole view copies all that is there.
        for scalar in text.unicodeScalars { escaped.append(scalar) }
      } else {
        escaped.append(scalar)
      }
    }
    return String(escaped)
  }
}
