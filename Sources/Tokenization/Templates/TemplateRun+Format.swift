extension Template.Run {
  /// A text with values in the place of `{}`, `{0}` and `{name}`. What Python knows beyond that, such as widths and
  /// attributes, is refused.
  func formatted(_ text: Scalars, with given: Given) throws(Problem) -> Scalars {
    var result: Scalars = []
    var next = 0
    var index = 0
    while index < text.count {
      let letter = text[index]
      index += 1
      let isDoubled = index < text.count && text[index] == letter
      switch letter {
      case "{", "}":
        if isDoubled {
          result.append(letter)
          index += 1
        } else if letter == "}" {
          throw .failed("'format' finds a '}' that closes nothing")
        } else {
          guard let end = text[index...].firstIndex(of: "}") else {
            throw .failed("'format' finds a '{' that is not closed")
          }
          let field = String(String.UnicodeScalarView(text[index..<end]))
          result += try self.text(of: try value(ofField: field, in: given, next: &next))
          try make(letters: result.count / 64)
          index = end + 1
        }
      default: result.append(letter)
      }
    }
    try make(letters: result.count)
    return result
  }

  private func value(ofField field: String, in given: Given, next: inout Int) throws(Problem) -> Value {
    if field.isEmpty {
      // Python does not go on counting once a field has a number.
      guard next >= 0 else { throw .failed("'format' has fields with and without numbers") }
      next += 1
      guard next <= given.positional.count else { throw .failed("'format' has more fields than values") }
      return given.positional[next - 1]
    }
    if let number = Int(field), field.unicodeScalars.allSatisfy(\.isDigit) {
      guard next <= 0 else { throw .failed("'format' has fields with and without numbers") }
      next = -1
      guard number < given.positional.count else { throw .failed("'format' has more fields than values") }
      return given.positional[number]
    }
    guard field.unicodeScalars.allSatisfy({ $0 == "_" || $0.properties.isXIDContinue }) else {
      throw .unsupported("'{\(Self.short(field))}' in 'format'")
    }
    guard let keyword = given.keywords.first(where: { $0.name == field }) else {
      throw .failed("'format' has no value for '\(Self.short(field))'")
    }
    return keyword.value
  }
}
