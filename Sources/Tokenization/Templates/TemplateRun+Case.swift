extension Template.Run {
  static func uppercased(_ text: Scalars) -> Scalars {
    var result: Scalars = []
    for letter in text { result += letter.properties.uppercaseMapping.unicodeScalars }
    return result
  }

  static func lowercased(_ text: Scalars) -> Scalars {
    var result: Scalars = []
    for (place, letter) in text.enumerated() { appendLowercase(letter, at: place, in: text, to: &result) }
    return result
  }

  /// The lowercase of a letter; a sigma that ends a word has one of its own.
  private static func appendLowercase(
    _ letter: Unicode.Scalar, at place: Int, in text: Scalars, to result: inout Scalars
  ) {
    guard letter == "Σ" else {
      result += letter.properties.lowercaseMapping.unicodeScalars
      return
    }
    let before = text[..<place].last { !$0.properties.isCaseIgnorable }
    let after = text[(place + 1)...].first { !$0.properties.isCaseIgnorable }
    let endsWord = before?.properties.isCased == true && after?.properties.isCased != true
    result.append(endsWord ? "ς" : "σ")
  }

  /// The first letter large, the others small.
  static func capitalized(_ text: Scalars) -> Scalars {
    guard let first = text.first else { return [] }
    return Scalars(first.properties.titlecaseMapping.unicodeScalars)
      + lowercased(text).dropFirst(first.properties.lowercaseMapping.unicodeScalars.count)
  }

  /// Each word's first letter large, by the method `title`: a word begins after whatever has no case.
  static func titled(_ text: Scalars) -> Scalars {
    var result: Scalars = []
    var isInWord = false
    for (place, letter) in text.enumerated() {
      if isInWord {
        appendLowercase(letter, at: place, in: text, to: &result)
      } else {
        result += letter.properties.titlecaseMapping.unicodeScalars
      }
      isInWord = letter.properties.isCased
    }
    return result
  }

  /// The same by the filter `title`: a word begins after white space and opening brackets.
  static func titledByFilter(_ text: Scalars) -> Scalars {
    var result: Scalars = []
    var rest = text[...]
    func separates(_ letter: Unicode.Scalar) -> Bool {
      letter.isPythonSpace || ["-", "(", "{", "[", "<"].contains(letter)
    }
    while let first = rest.first {
      let isWord = !separates(first)
      let end = rest.firstIndex { separates($0) == isWord } ?? rest.endIndex
      result += uppercased([first]) + lowercased(Scalars(rest[(rest.startIndex + 1)..<end]))
      rest = rest[end...]
    }
    return result
  }

  /// Whether a text has letters with case, all of them small, or all of them large.
  static func isWhole(_ text: Scalars, lowercase: Bool) -> Bool {
    var hasSome = false
    for letter in text {
      let properties = letter.properties
      if properties.generalCategory == .titlecaseLetter { return false }
      if lowercase ? properties.isUppercase : properties.isLowercase { return false }
      if lowercase ? properties.isLowercase : properties.isUppercase { hasSome = true }
    }
    return hasSome
  }
}
