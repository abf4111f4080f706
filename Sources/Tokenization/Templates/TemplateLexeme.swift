extension Template {
  /// A word of a template.
  struct Lexeme {
    enum Kind: Equatable {
      /// What stands outside all tags.
      case text(Scalars)
      case beginsOutput
      case endsOutput
      case beginsBlock
      case endsBlock
      case name(String)
      case string(Scalars)
      case integer(Int)
      case number(Double)
      /// An operator or a bracket.
      case symbol(String)
      case end
    }

    let kind: Kind
    /// The line on which it begins, counted from 1.
    let line: Int
  }
}

extension Template.Lexeme {
  /// How a complaint names it.
  var description: String {
    switch kind {
    case .text: "text outside of tags"
    case .beginsOutput: "'{{'"
    case .endsOutput: "'}}'"
    case .beginsBlock: "'{%'"
    case .endsBlock: "'%}'"
    case .name(let name): "'\(name)'"
    case .string: "a string"
    case .integer(let number): "'\(number)'"
    case .number(let number): "'\(number)'"
    case .symbol(let symbol): "'\(symbol)'"
    case .end: "the end of the template"
    }
  }
}

extension Unicode.Scalar {
  /// Whether Python counts it as white space, in `strip` and in `\s` alike.
  var isPythonSpace: Bool {
    switch value {
    case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F,
      0x3000:
      true
    default: false
    }
  }

  /// Whether it ends a line for Python's `splitlines`; a carriage return with a line feed counts once.
  var isPythonLineEnd: Bool {
    switch value {
    case 0x0A...0x0D, 0x1C...0x1E, 0x85, 0x2028, 0x2029: true
    default: false
    }
  }

  var isDigit: Bool { (0x30...0x39).contains(value) }
}
