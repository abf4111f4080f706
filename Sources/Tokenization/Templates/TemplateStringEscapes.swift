extension Template {
  /// Reads the escapes in a string as Python does.
  struct StringEscapes {
    private let source: ArraySlice<Unicode.Scalar>
    private var index: Int

    /// - Parameter source: What stands between the quotes.
    init(_ source: ArraySlice<Unicode.Scalar>) {
      self.source = source
      index = source.startIndex
    }

    /// The string; `nil` if an escape is cut short, stands for half of a surrogate pair or names a letter.
    mutating func text() -> Scalars? {
      var text: Scalars = []
      while index < source.endIndex {
        let scalar = source[index]
        index += 1
        if scalar != "\\" { text.append(scalar) } else if !appendEscape(to: &text) { return nil }
      }
      return text
    }

    private mutating func appendEscape(to text: inout Scalars) -> Bool {
      guard index < source.endIndex else { return false }
      let letter = source[index]
      index += 1
      if let simple = Self.simple[letter] {
        text.append(simple)
        return true
      }
      switch letter {
      case "\n": return true
      case "0"..."7": return append(octal(from: letter), to: &text)
      case "x": return append(hexadecimal(2), to: &text)
      case "u": return append(hexadecimal(4), to: &text)
      case "U": return append(hexadecimal(8), to: &text)
      case "N": return false
      default:
        text += ["\\", letter]
        return true
      }
    }

    private static let simple: [Unicode.Scalar: Unicode.Scalar] = [
      "\\": "\\", "'": "'", "\"": "\"", "a": "\u{7}", "b": "\u{8}", "f": "\u{C}", "n": "\n", "r": "\r",
      "t": "\t",
      "v": "\u{B}",
    ]

    private func append(_ value: UInt32?, to text: inout Scalars) -> Bool {
      guard let scalar = value.flatMap(Unicode.Scalar.init) else { return false }
      text.append(scalar)
      return true
    }

    private mutating func octal(from first: Unicode.Scalar) -> UInt32 {
      var value = first.value - 0x30
      for _ in 0..<2 {
        guard index < source.endIndex, ("0"..."7").contains(source[index]) else { break }
        value = value * 8 + source[index].value - 0x30
        index += 1
      }
      return value
    }

    private mutating func hexadecimal(_ count: Int) -> UInt32? {
      var value: UInt32 = 0
      for _ in 0..<count {
        guard index < source.endIndex, let digit = Character(source[index]).hexDigitValue,
          !value.multipliedReportingOverflow(by: 16).overflow
        else { return nil }
        value = value * 16 + UInt32(digit)
        index += 1
      }
      return value
    }
  }
}
