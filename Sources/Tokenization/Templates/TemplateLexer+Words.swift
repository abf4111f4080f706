extension Template.Lexer {
  /// The words up to the end of a tag.
  mutating func code(isBlock: Bool) throws(Template.Problem) {
    var brackets: Scalars = []
    while index < source.count {
      if brackets.isEmpty, let end = isBlock ? endOfBlock(at: index) : endOfOutput(at: index) {
        append(isBlock ? .endsBlock : .endsOutput)
        return move(to: end)
      }
      let scalar = source[index]
      if scalar.isPythonSpace {
        move(to: endOfSpace(from: index))
      } else if scalar.isDigit {
        try number()
      } else if scalar == "_" || scalar.properties.isXIDStart {
        name()
      } else if scalar == "'" || scalar == "\"" {
        try string()
      } else {
        try symbol(&brackets)
      }
    }
  }

  private mutating func name() {
    var end = index + 1
    while end < source.count, source[end] == "_" || source[end].properties.isXIDContinue { end += 1 }
    append(.name(Self.text(source[index..<end])))
    move(to: end)
  }

  private static func text(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
    String(String.UnicodeScalarView(scalars))
  }

  private mutating func symbol(_ brackets: inout Scalars) throws(Template.Problem) {
    let two = index + 1 < source.count ? Self.text(source[index...index + 1]) : ""
    let symbol =
      ["//", "**", "==", "!=", ">=", "<="].contains(two) ? two : Self.text(source[index...index])
    guard symbol.unicodeScalars.count == 2 || "+-/*%~[](){}><=.:|,;".contains(symbol) else {
      throw problem("'\(symbol)' is no sign of the language")
    }
    switch symbol {
    case "(": brackets.append(")")
    case "[": brackets.append("]")
    case "{": brackets.append("}")
    case ")", "]", "}":
      guard let expected = brackets.popLast() else { throw problem("'\(symbol)' closes no bracket") }
      guard source[index] == expected else {
        throw problem("'\(symbol)' stands where '\(expected)' was expected")
      }
    default: break
    }
    append(.symbol(symbol))
    move(to: index + symbol.unicodeScalars.count)
  }

  /// Where digits end, with single underscores between them.
  private func endOfDigits(from place: Int) -> Int {
    var place = place
    while place < source.count {
      if source[place].isDigit { place += 1; continue }
      guard source[place] == "_", place + 1 < source.count, source[place + 1].isDigit,
        place > 0, source[place - 1].isDigit
      else { break }
      place += 1
    }
    return place
  }

  private mutating func number() throws(Template.Problem) {
    if let end = endOfFraction() {
      let text = Self.text(source[index..<end]).replacing("_", with: "")
      append(.number(Double(text) ?? .nan))
      return move(to: end)
    }
    var (start, end, radix) = (index, endOfDigits(from: index), 10)
    let letter = index + 1 < source.count ? source[index + 1].properties.lowercaseMapping : ""
    if source[index] == "0", let other = ["x": 16, "o": 8, "b": 2][letter] {
      var place = index + 2
      while place < source.count, source[place] == "_" || Int(String(source[place]), radix: other) != nil {
        place += 1
      }
      if place > index + 2 { (start, end, radix) = (index + 2, place, other) }
    } else if source[index] == "0" {
      // Python knows no leading zeros: what follows them is another word, and no expression.
      while end > index + 1, !source[index..<end].allSatisfy({ $0 == "0" || $0 == "_" }) { end -= 1 }
    }
    let text = Self.text(source[start..<end]).replacing("_", with: "")
    guard let integer = Int(text, radix: radix) else {
      throw problem("the number \(text) is too large")
    }
    append(.integer(integer))
    move(to: end)
  }

  /// Where a number with a fraction or an exponent ends; the digits after a period, as in `items.0.1`, are none.
  private func endOfFraction() -> Int? {
    if index > 0, source[index - 1] == "." { return nil }
    let whole = endOfDigits(from: index)
    var end = whole
    if has(".", at: end), endOfDigits(from: end + 1) > end + 1 { end = endOfDigits(from: end + 1) }
    if has("e", at: end) || has("E", at: end) {
      let digits = sign(at: end + 1) == nil ? end + 1 : end + 2
      if endOfDigits(from: digits) > digits { end = endOfDigits(from: digits) }
    }
    return end > whole ? end : nil
  }

  private mutating func string() throws(Template.Problem) {
    let quote = source[index]
    var end = index + 1
    while end < source.count, source[end] != quote { end += source[end] == "\\" ? 2 : 1 }
    guard end < source.count else { throw problem("a string has no closing quote") }
    var escapes = Template.StringEscapes(source[index + 1..<end])
    guard let text = escapes.text() else {
      throw problem("a string has an escape that stands for no letter")
    }
    append(.string(text))
    move(to: end + 1)
  }
}
