/// The classes that splitting patterns sort scalars into.
enum ScalarClass {
  /// `\p{L}`
  case letter
  /// `\p{N}`
  case number
  /// `\s`
  case space
  /// `[^\s\p{L}\p{N}]`
  case other

  init(_ scalar: Unicode.Scalar) {
    switch scalar.value {
    case 0x61...0x7A, 0x41...0x5A: self = .letter
    case 0x30...0x39: self = .number
    case 0x20, 0x09...0x0D: self = .space
    case 0..<0x80: self = .other
    default: self = scalar.properties.isWhitespace ? .space : Self.byCategory(scalar)
    }
  }

  private static func byCategory(_ scalar: Unicode.Scalar) -> ScalarClass {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: .letter
    case .decimalNumber, .letterNumber, .otherNumber: .number
    default: .other
    }
  }
}

/// A set of scalars that a tokenizer can split at.
enum ScalarSet: Sendable {
  case whitespace
  /// `\p{N}`
  case numbers
  /// `\p{P}` and the ASCII symbols.
  case punctuation
  /// `\w`
  case wordLetters
  /// `[^\w\s]`
  case symbols

  func contains(_ scalar: Unicode.Scalar) -> Bool {
    switch self {
    case .whitespace: scalar.properties.isWhitespace
    case .numbers: ScalarClass(scalar) == .number
    case .punctuation: scalar.isPunctuation
    case .wordLetters: scalar.isWordLetter
    case .symbols: !scalar.isWordLetter && !scalar.properties.isWhitespace
    }
  }
}

extension Unicode.Scalar {
  fileprivate var isPunctuation: Bool {
    switch properties.generalCategory {
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
      .finalPunctuation, .otherPunctuation:
      true
    // The symbols of ASCII: $ + < = > ^ ` | ~
    default: isASCII && value > 0x20 && value < 0x7F && ScalarClass(self) == .other
    }
  }

  fileprivate var isWordLetter: Bool {
    switch properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: true
    default: properties.isAlphabetic || properties.isJoinControl
    }
  }

  /// Whether the scalar is a combining mark, `\p{M}`.
  var isMark: Bool {
    switch properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark: true
    default: false
    }
  }
}
