extension Template.Run {
  /// How a value is written into the output, as Python's `str`.
  func text(of value: Value) throws(Problem) -> Scalars {
    if let letters = value.letters { return letters }
    var text: Scalars = []
    try write(value, to: &text)
    try make(letters: text.count)
    return text
  }

  /// Writes a value as it looks in a list, as Python's `repr`; strings in quotes.
  private func write(_ value: Value, to text: inout Scalars) throws(Problem) {
    try spend(4)
    func put(_ string: String) { text += Scalars(string.unicodeScalars) }
    switch value {
    case .undefined: if nestsText { put("Undefined") }
    case .none: put("None")
    case .bool(let flag): put(flag ? "True" : "False")
    case .integer(let number): put(String(number))
    case .number(let number): put(Self.text(of: number))
    case .string(let letters): try self.write(quoted: letters, to: &text)
    case .markup(let letters):
      put("Markup(")
      try self.write(quoted: letters, to: &text)
      put(")")
    case .list(let items): try self.write(items.values, between: "[", "]", to: &text)
    case .tuple(let items):
      try self.write(items.values, between: "(", items.values.count == 1 ? ",)" : ")", to: &text)
    case .dictionary(let dictionary): try self.write(dictionary, to: &text)
    case .range(let range):
      let end = range.start + range.count * range.step
      guard range.step == 1 else { throw .unsupported("the text of a range with steps") }
      put("range(\(range.start), \(end))")
    case .namespace(let namespace):
      put("<TemplateNamespace ")
      try self.write(namespace.members, to: &text)
      put(">")
    case .macro(let macro): put("<Macro '\(macro.definition.name.text)'>")
    case .loop(let loop): put("<LoopContext \(loop.index + 1)/\(try length(of: loop))>")
    case .view(let view):
      put(view.kind == .keys ? "dict_keys(" : view.kind == .values ? "dict_values(" : "dict_items(")
      try self.write(try elements(of: value), between: "[", "]", to: &text)
      put(")")
    case .generator, .function, .method: throw .unsupported("the text of \(value.kind)")
    }
  }

  private func write(
    _ items: [Value], between opening: Unicode.Scalar, _ closing: String, to text: inout Scalars
  ) throws(Problem) {
    text.append(opening)
    for (place, item) in items.enumerated() {
      if place > 0 { text += [",", " "] }
      try writeNested(item, to: &text)
    }
    text += Scalars(closing.unicodeScalars)
  }

  private func write(_ dictionary: Template.Dictionary, to text: inout Scalars) throws(Problem) {
    text.append("{")
    for (place, (key, value)) in zip(dictionary.keys, dictionary.values).enumerated() {
      if place > 0 { text += [",", " "] }
      try writeNested(key, to: &text)
      text += [":", " "]
      try writeNested(value, to: &text)
    }
    text.append("}")
  }

  private func writeNested(_ value: Value, to text: inout Scalars) throws(Problem) {
    let outer = nestsText
    nestsText = true
    defer { nestsText = outer }
    try nested { () throws(Problem) in try write(value, to: &text) }
  }

  /// A string in the quotes that Python would choose, with escapes for what cannot be seen.
  private func write(quoted letters: Scalars, to text: inout Scalars) throws(Problem) {
    try make(letters: letters.count)
    let quote: Unicode.Scalar = letters.contains("'") && !letters.contains("\"") ? "\"" : "'"
    text.append(quote)
    for letter in letters {
      switch letter {
      case quote, "\\": text += ["\\", letter]
      case "\n": text += ["\\", "n"]
      case "\r": text += ["\\", "r"]
      case "\t": text += ["\\", "t"]
      default:
        if Self.isPrintable(letter) { text.append(letter) } else { text += Self.escape(letter) }
      }
    }
    text.append(quote)
  }

  private static func isPrintable(_ letter: Unicode.Scalar) -> Bool {
    if letter.isASCII { return (0x20..<0x7F).contains(letter.value) }
    switch letter.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
      .spaceSeparator:
      return false
    default: return true
    }
  }

  /// `\x1b`, `\u200b` or `\U000e0001`.
  private static func escape(_ letter: Unicode.Scalar) -> Scalars {
    let digits = String(letter.value, radix: 16)
    let (sign, count) = letter.value < 0x100 ? ("x", 2) : letter.value < 0x10000 ? ("u", 4) : ("U", 8)
    let zeros = String(repeating: "0", count: count - digits.count)
    return Scalars("\\\(sign)\(zeros)\(digits)".unicodeScalars)
  }

  /// A number as Python writes it: the shortest digits that give it back, with an exponent from 1e16 and below 1e-4.
  static func text(of number: Double) -> String {
    if number.isNaN { return "nan" }
    if number.isInfinite { return number < 0 ? "-inf" : "inf" }
    if number == 0 { return number.sign == .minus ? "-0.0" : "0.0" }
    let parts = "\(number.magnitude)".split(separator: "e")
    let halves = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    let fraction = halves.count > 1 && halves[1] != "0" ? halves[1] : ""
    var digits = String(halves[0] + fraction)
    // The number is 0.DIGITS times ten to this power.
    var power = halves[0].count + (parts.count > 1 ? Int(parts[1]) ?? 0 : 0)
    while digits.hasPrefix("0") { (digits, power) = (String(digits.dropFirst()), power - 1) }
    while digits.hasSuffix("0") { digits.removeLast() }
    return (number < 0 ? "-" : "") + place(digits, power: power)
  }

  private static func place(_ digits: String, power: Int) -> String {
    func zeros(_ count: Int) -> String { String(repeating: "0", count: count) }
    if power > 16 || power < -3 {
      let exponent = String(abs(power - 1))
      let fraction = digits.count > 1 ? "." + digits.dropFirst() : ""
      return
        "\(digits.prefix(1))\(fraction)e\(power > 0 ? "+" : "-")\(exponent.count < 2 ? "0" : "")\(exponent)"
    }
    if power <= 0 { return "0.\(zeros(-power))\(digits)" }
    if digits.count <= power { return "\(digits)\(zeros(power - digits.count)).0" }
    return "\(digits.prefix(power)).\(digits.dropFirst(power))"
  }
}
