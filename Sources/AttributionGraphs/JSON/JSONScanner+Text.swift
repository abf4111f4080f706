extension JSONScanner {
  /// A text in the file that is found but not yet decoded.
  struct RawText {
    /// The bytes between the quotes.
    var range: Range<Int>
    /// Whether there are escapes among them.
    var hasEscapes: Bool
  }

  /// Takes a text.
  mutating func string() throws(GraphError) -> String { try text(of: try rawText()) }

  /// Takes a text without decoding it.
  mutating func rawText() throws(GraphError) -> RawText {
    try take(UInt8(ascii: "\""))
    let start = offset
    var hasEscapes = false
    while offset < bytes.count {
      switch bytes[offset] {
      case UInt8(ascii: "\""):
        offset += 1
        return RawText(range: start..<offset - 1, hasEscapes: hasEscapes)
      case UInt8(ascii: "\\"):
        hasEscapes = true
        offset += 2
      case 0..<0x20: throw unexpected("a text without control characters")
      default: offset += 1
      }
    }
    offset = bytes.count
    throw unexpected("the end of a text")
  }

  /// Whether a text without escapes is a given one.
  func isText(_ raw: RawText, _ text: [UInt8]) -> Bool {
    guard raw.range.count == text.count, !raw.hasEscapes else { return false }
    for place in text.indices where bytes[raw.range.lowerBound + place] != text[place] { return false }
    return true
  }

  /// Decodes a text.
  mutating func text(of raw: RawText) throws(GraphError) -> String {
    raw.hasEscapes ? string(from: try unescaped(raw)[...]) : string(from: bytes[raw.range])
  }

  /// The bytes of a text, its escapes replaced.
  mutating func textBytes(of raw: RawText) throws(GraphError) -> ArraySlice<UInt8> {
    raw.hasEscapes ? try unescaped(raw)[...] : bytes[raw.range]
  }

  private mutating func string(from bytes: ArraySlice<UInt8>) -> String {
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    repairedTextCount += 1
    return String(decoding: bytes, as: UTF8.self)
  }

  private mutating func unescaped(_ raw: RawText) throws(GraphError) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(raw.range.count)
    var place = raw.range.lowerBound
    while place < raw.range.upperBound {
      guard bytes[place] == UInt8(ascii: "\\") else {
        result.append(bytes[place])
        place += 1
        continue
      }
      // A backslash is never the last byte, for the quote behind it would belong to it.
      let escape = bytes[place + 1]
      if escape == UInt8(ascii: "u") {
        append(try scalar(at: &place, before: raw.range.upperBound), to: &result)
      } else if let byte = Self.byte(escape) {
        result.append(byte)
        place += 2
      } else {
        throw .notJSON(offset: place, reason: "a backslash that no escape follows")
      }
    }
    return result
  }

  private func append(_ scalar: Unicode.Scalar, to bytes: inout [UInt8]) {
    if let encoded = UTF8.encode(scalar) { bytes.append(contentsOf: encoded) }
  }

  /// The character of one `\u` escape, or of two that make a surrogate pair; half a pair becomes U+FFFD.
  private mutating func scalar(at place: inout Int, before end: Int) throws(GraphError) -> Unicode.Scalar {
    let first = try codeUnit(at: place, before: end)
    place += 6
    if let scalar = Unicode.Scalar(first) { return scalar }
    if first < 0xdc00, place + 6 <= end, bytes[place] == UInt8(ascii: "\\"),
      bytes[place + 1] == UInt8(ascii: "u")
    {
      let second = try codeUnit(at: place, before: end)
      if 0xdc00..<0xe000 ~= second {
        place += 6
        let value = 0x10000 + (UInt32(first) - 0xd800) << 10 + (UInt32(second) - 0xdc00)
        return Unicode.Scalar(value) ?? "\u{fffd}"
      }
    }
    repairedTextCount += 1
    return "\u{fffd}"
  }

  private func codeUnit(at place: Int, before end: Int) throws(GraphError) -> UInt16 {
    var value: UInt16 = 0
    for digit in place + 2..<place + 6 {
      guard digit < end, let digit = Character(Unicode.Scalar(bytes[digit])).hexDigitValue else {
        throw .notJSON(offset: place, reason: "an escape \\u without four hexadecimal digits")
      }
      value = value << 4 | UInt16(digit)
    }
    return value
  }

  /// The byte that a short escape stands for.
  private static func byte(_ escape: UInt8) -> UInt8? {
    switch escape {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): escape
    case UInt8(ascii: "n"): 0x0a
    case UInt8(ascii: "t"): 0x09
    case UInt8(ascii: "r"): 0x0d
    case UInt8(ascii: "b"): 0x08
    case UInt8(ascii: "f"): 0x0c
    default: nil
    }
  }
}
