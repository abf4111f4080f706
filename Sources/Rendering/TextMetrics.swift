/// How wide text is, without asking for a font: the widths that Helvetica's makers publish.
///
/// A figure then has the same bytes on every machine. Arial, Liberation Sans and Nimbus Sans share these
/// widths; a reader without any of them sees text up to a sixth wider, which the boxes' padding takes.
struct TextMetrics {
  /// The size of the text, in points.
  let fontSize: Double

  /// From one baseline to the next, as Graphviz sets lines, in points.
  var lineHeight: Double { fontSize * 1.2 }

  /// The width of one line, in points.
  func width(of line: String) -> Double {
    line.reduce(0) { $0 + Self.em(of: $1) } * fontSize
  }

  /// The width that a box leaves for one line, in points: where a reader has none of these fonts, letters are a little wider,
  /// which padding takes, but quotation marks by half.
  func room(for line: String) -> Double {
    width(of: line) * 1.03 + line.reduce(0) { $0 + ("“”‘’".contains($1) ? 0.14 : 0) } * fontSize
  }

  /// A line cut to a width; what is missing is shown by `…`.
  func shortened(_ line: String, to width: Double) -> String {
    if self.width(of: line) <= width { return line }
    let ellipsis = Self.em(of: "…")
    var kept = ""
    var total = ellipsis
    for character in line {
      total += Self.em(of: character)
      if total * fontSize > width { break }
      kept.append(character)
    }
    while let last = kept.last, last == " " || last == "," || last == ";" { kept.removeLast() }
    return kept + "…"
  }

  /// A text broken at spaces into at most `maximum` lines of a width; the last one is cut if it must be.
  func wrapped(_ text: String, to width: Double, maximum: Int) -> [String] {
    var lines: [String] = []
    var rest = Substring(text)
    while !rest.isEmpty {
      if lines.count + 1 >= maximum || self.width(of: String(rest)) <= width {
        lines.append(shortened(String(rest), to: width))
        break
      }
      let (line, remainder) = firstLine(of: rest, width: width)
      lines.append(line)
      rest = remainder
    }
    return lines
  }

  /// As many words as fit, at least one character, and what comes after.
  private func firstLine(of text: Substring, width: Double) -> (line: String, rest: Substring) {
    var end = text.startIndex
    var breakBefore: Substring.Index?
    var total = 0.0
    while end < text.endIndex {
      let character = text[end]
      total += Self.em(of: character) * fontSize
      if character == " " { breakBefore = end }
      if total > width, character != " " { break }
      end = text.index(after: end)
      if "-/_".contains(character), end < text.endIndex { breakBefore = end }
    }
    let first = text.startIndex
    let cut = breakBefore.flatMap { $0 > first ? $0 : nil } ?? max(end, text.index(after: first))
    return (String(text[..<cut]), text[cut...].drop { $0 == " " })
  }

  /// The advance of a character in ems.
  private static func em(of character: Character) -> Double {
    guard let scalar = character.unicodeScalars.first else { return 0 }
    let value = Int(scalar.value)
    if (0x20..<0x7F).contains(value) { return Double(helvetica[value - 0x20]) / 1000 }
    // Without a font for it, a family is drawn as its members.
    let emoji = character.unicodeScalars.count(where: \.properties.isEmojiPresentation)
    if emoji > 0 { return 1.3 * Double(emoji) }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: return isWide(scalar.value) ? 1 : scalar.properties.isUppercase ? 0.72 : widthOfOthers(value)
    }
  }

  /// Latin letters with accents are as wide as those without; arrows and marks are about an em.
  private static func widthOfOthers(_ value: Int) -> Double {
    switch value {
    case 0x2018, 0x2019, 0x201A: return 0.222
    case 0x201C, 0x201D, 0x201E: return 0.333
    case 0x2014, 0x2026: return 1
    default: break
    }
    return value < 0x0590 ? 0.556 : value < 0x2000 ? 0.62 : value < 0x2100 ? 0.56 : 1
  }

  /// Whether East Asian text sets a character in a full square.
  private static func isWide(_ value: UInt32) -> Bool {
    switch value {
    case 0x1100...0x115F, 0x2E80...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
      0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1FAFF, 0x20000...0x3FFFD:
      true
    default: false
    }
  }

  /// Thousandths of an em from space to tilde: Adobe's font metrics of Helvetica.
  private static let helvetica = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,  // space to /
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,  // 0 to ?
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,  // @ to O
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,  // P to _
    333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,  // ` to o
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,  // p to ~
  ]
}
