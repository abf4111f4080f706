extension Template.Run {
  /// How `tojson` writes a value.
  struct JSONStyle {
    /// What each level is indented by; `nil` for one line.
    var indentation: Scalars?
    var itemSeparator: Scalars = [",", " "]
    var keySeparator: Scalars = [":", " "]
    var sortsKeys = false
    /// Whether letters beyond ASCII become escapes.
    var escapes = false
  }

  /// A value as JSON, as Python's `json.dumps` writes it.
  func json(_ value: Value, style: JSONStyle) throws(Problem) -> Scalars {
    var text: Scalars = []
    try writeJSON(value, style: style, level: 0, to: &text)
    try make(letters: text.count)
    return text
  }

  private func writeJSON(
    _ value: Value, style: JSONStyle, level: Int, to text: inout Scalars
  ) throws(Problem) {
    try spend(4)
    switch value {
    case .none: text += Scalars("null".unicodeScalars)
    case .bool(let flag): text += Scalars((flag ? "true" : "false").unicodeScalars)
    case .integer(let number): text += Scalars(String(number).unicodeScalars)
    case .number(let number): text += Scalars(Self.json(number).unicodeScalars)
    case .string(let letters), .markup(let letters): try write(json: letters, style: style, to: &text)
    case .list(let items), .tuple(let items):
      text.append("[")
      for (place, item) in items.values.enumerated() {
        try startJSONItem(place, style: style, level: level + 1, to: &text)
        try writeNestedJSON(item, style: style, level: level + 1, to: &text)
      }
      try endJSON(items.values.count, with: "]", style: style, level: level, to: &text)
    case .dictionary(let dictionary):
      text.append("{")
      for (place, entry) in try entries(of: dictionary, style: style).enumerated() {
        try startJSONItem(place, style: style, level: level + 1, to: &text)
        try write(json: try jsonKey(entry.key), style: style, to: &text)
        text += style.keySeparator
        try writeNestedJSON(entry.value, style: style, level: level + 1, to: &text)
      }
      try endJSON(dictionary.count, with: "}", style: style, level: level, to: &text)
    default: throw .failed("\(value.kind) cannot be written as JSON")
    }
  }

  private func writeNestedJSON(
    _ value: Value, style: JSONStyle, level: Int, to text: inout Scalars
  ) throws(Problem) {
    try nested { () throws(Problem) in try writeJSON(value, style: style, level: level, to: &text) }
  }

  /// What stands before an item.
  private func startJSONItem(
    _ place: Int, style: JSONStyle, level: Int, to text: inout Scalars
  ) throws(Problem) {
    if place > 0 { text += style.itemSeparator }
    try startJSONLine(style: style, level: level, to: &text)
  }

  private func endJSON(
    _ count: Int, with bracket: Unicode.Scalar, style: JSONStyle, level: Int, to text: inout Scalars
  ) throws(Problem) {
    if count > 0 { try startJSONLine(style: style, level: level, to: &text) }
    text.append(bracket)
  }

  private func startJSONLine(style: JSONStyle, level: Int, to text: inout Scalars) throws(Problem) {
    guard let indentation = style.indentation else { return }
    try make(letters: indentation.count, times: level)
    text.append("\n")
    for _ in 0..<level { text += indentation }
  }

  private func entries(
    of dictionary: Template.Dictionary, style: JSONStyle
  ) throws(Problem) -> [(key: Value, value: Value)] {
    guard style.sortsKeys else { return Array(zip(dictionary.keys, dictionary.values)).map { ($0, $1) } }
    try make(items: dictionary.count)
    var entries: [(key: Value, value: Value)] = []
    for key in try sorted(dictionary.keys, by: dictionary.keys, isReversed: false) {
      if let value = dictionary[try hashed(key)] { entries.append((key, value)) }
    }
    return entries
  }

  private func jsonKey(_ key: Value) throws(Problem) -> Scalars {
    switch key {
    case .string(let text), .markup(let text): return text
    case .none: return Scalars("null".unicodeScalars)
    case .bool(let flag): return Scalars((flag ? "true" : "false").unicodeScalars)
    case .integer(let number): return Scalars(String(number).unicodeScalars)
    case .number(let number): return Scalars(Self.json(number).unicodeScalars)
    default: throw .failed("\(key.kind) cannot be a key in JSON")
    }
  }

  private static func json(_ number: Double) -> String {
    if number.isNaN { return "NaN" }
    if number.isInfinite { return number < 0 ? "-Infinity" : "Infinity" }
    return text(of: number)
  }

  private func write(json letters: Scalars, style: JSONStyle, to text: inout Scalars) throws(Problem) {
    try make(letters: letters.count)
    text.append("\"")
    for letter in letters {
      switch letter {
      case "\"", "\\": text += ["\\", letter]
      case "\n": text += ["\\", "n"]
      case "\r": text += ["\\", "r"]
      case "\t": text += ["\\", "t"]
      case "\u{8}": text += ["\\", "b"]
      case "\u{C}": text += ["\\", "f"]
      case "\u{0}"..."\u{1F}": Self.write(escape: UInt16(letter.value), to: &text)
      default:
        if style.escapes, letter.value > 0x7E {
          for unit in UTF16.encode(letter) ?? .init() { Self.write(escape: unit, to: &text) }
        } else {
          text.append(letter)
        }
      }
    }
    text.append("\"")
  }

  private static func write(escape unit: UInt16, to text: inout Scalars) {
    let digits = String(unit, radix: 16)
    text += Scalars("\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".unicodeScalars)
  }
}
