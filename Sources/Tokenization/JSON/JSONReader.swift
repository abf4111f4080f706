import Foundation

/// A reader of JSON that keeps every key and every string scalar by scalar.
struct JSONReader {
  /// How deep arrays and objects may nest, so that no file can exhaust the stack.
  private static let greatestDepth = 128

  /// The file and a final zero, which no value may hold: reading on past the end always stops there.
  private let bytes: [UInt8]
  private let file: String
  private var index = 0

  private init(bytes: [UInt8], file: String) {
    self.bytes = bytes + [0]
    self.file = file
  }

  /// The one value of a file.
  ///
  /// - Parameters:
  ///   - data: The file's contents, UTF-8.
  ///   - file: The file's name, for messages.
  static func value(in data: Data, file: String) throws(TokenizationError) -> JSONValue {
    let bytes = [UInt8](data)
    guard String(validating: bytes, as: UTF8.self) != nil else {
      throw .notJSON(file: file, byte: 0, problem: "the file is not UTF-8 text")
    }
    var reader = JSONReader(bytes: bytes, file: file)
    let value = try reader.value(depth: 0)
    reader.skipSpace()
    guard reader.index == bytes.count else { throw reader.problem("more text follows the value") }
    return value
  }

  private func problem(_ text: String) -> TokenizationError {
    .notJSON(file: file, byte: index, problem: index >= bytes.count - 1 ? "the file ends too early" : text)
  }

  private mutating func skipSpace() {
    while true {
      switch bytes[index] {
      case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: "\t"): index += 1
      default: return
      }
    }
  }

  private mutating func skip(_ byte: UInt8) -> Bool {
    skipSpace()
    guard bytes[index] == byte else { return false }
    index += 1
    return true
  }

  private mutating func value(depth: Int) throws(TokenizationError) -> JSONValue {
    guard depth < Self.greatestDepth else { throw problem("values are nested too deeply") }
    skipSpace()
    switch bytes[index] {
    case UInt8(ascii: "{"): return .object(try object(depth: depth))
    case UInt8(ascii: "["): return .array(try array(depth: depth))
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", means: .bool(true))
    case UInt8(ascii: "f"): return try word("false", means: .bool(false))
    case UInt8(ascii: "n"): return try word("null", means: .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    default: throw problem("a value was expected")
    }
  }

  private mutating func object(depth: Int) throws(TokenizationError) -> [JSONValue.Member] {
    index += 1
    var members: [JSONValue.Member] = []
    if skip(UInt8(ascii: "}")) { return members }
    repeat {
      skipSpace()
      guard bytes[index] == UInt8(ascii: "\"") else { throw problem("a key in quotes was expected") }
      let key = try string()
      guard skip(UInt8(ascii: ":")) else { throw problem("a colon was expected") }
      members.append(JSONValue.Member(key: key, value: try value(depth: depth + 1)))
    } while skip(UInt8(ascii: ","))
    guard skip(UInt8(ascii: "}")) else { throw problem("a comma or a closing brace was expected") }
    return members
  }

  private mutating func array(depth: Int) throws(TokenizationError) -> [JSONValue] {
    index += 1
    var items: [JSONValue] = []
    if skip(UInt8(ascii: "]")) { return items }
    items.reserveCapacity(2)  // Most arrays are the pairs of merges.
    repeat { items.append(try value(depth: depth + 1)) } while skip(UInt8(ascii: ","))
    guard skip(UInt8(ascii: "]")) else { throw problem("a comma or a closing bracket was expected") }
    return items
  }

  private mutating func word(
    _ word: StaticString, means value: JSONValue
  ) throws(TokenizationError) -> JSONValue {
    for byte in word.description.utf8 {
      guard bytes[index] == byte else { throw problem("'\(word)' was expected") }
      index += 1
    }
    return value
  }

  private mutating func number() throws(TokenizationError) -> JSONValue {
    let start = index
    let symbols: [UInt8] = [0x2B, 0x2D, 0x2E, 0x45, 0x65]  // + - . E e
    while (0x30...0x39).contains(bytes[index]) || symbols.contains(bytes[index]) { index += 1 }
    let text = String(decoding: bytes[start..<index], as: UTF8.self)
    if let integer = Int(text) { return .integer(integer) }
    guard let number = Double(text) else {
      index = start
      throw problem("'\(text)' is not a number")
    }
    return .number(number)
  }
}

extension JSONReader {
  private mutating func string() throws(TokenizationError) -> String {
    index += 1
    let start = index
    while true {
      switch bytes[index] {
      case UInt8(ascii: "\""):
        index += 1
        return String(decoding: bytes[start..<index - 1], as: UTF8.self)
      case UInt8(ascii: "\\"): return try stringWithEscapes(from: start)
      case 0..<0x20: throw problem("a string holds a control character or has no closing quote")
      default: index += 1
      }
    }
  }

  /// Reads on in a string from its first backslash.
  private mutating func stringWithEscapes(from start: Int) throws(TokenizationError) -> String {
    var text = Array(bytes[start..<index])
    while true {
      let byte = bytes[index]
      switch byte {
      case UInt8(ascii: "\""):
        index += 1
        return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"):
        index += 1
        text.append(contentsOf: UTF8.encode(try escape()).map { Array($0) } ?? [])
      case 0..<0x20: throw problem("a string holds a control character or has no closing quote")
      default:
        text.append(byte)
        index += 1
      }
    }
  }

  private mutating func escape() throws(TokenizationError) -> Unicode.Scalar {
    let letter = Unicode.Scalar(bytes[index])
    index += 1
    switch letter {
    case "\"", "\\", "/": return letter
    case "n": return "\n"
    case "t": return "\t"
    case "r": return "\r"
    case "b": return "\u{8}"
    case "f": return "\u{C}"
    case "u": return try hexEscape()
    default:
      index -= 1
      throw problem("an unknown escape follows a backslash")
    }
  }

  /// The scalar of a `\uXXXX`, or of the two that make a surrogate pair.
  private mutating func hexEscape() throws(TokenizationError) -> Unicode.Scalar {
    let high = try fourHexDigits()
    if let scalar = Unicode.Scalar(high) { return scalar }
    guard high < 0xDC00, bytes[index] == UInt8(ascii: "\\"), bytes[index + 1] == UInt8(ascii: "u") else {
      throw problem("half of a surrogate pair stands alone")
    }
    index += 2
    let low = try fourHexDigits()
    guard (0xDC00...0xDFFF).contains(low),
      let scalar = Unicode.Scalar(0x10000 + (high - 0xD800) << 10 + (low - 0xDC00))
    else { throw problem("half of a surrogate pair stands alone") }
    return scalar
  }

  private mutating func fourHexDigits() throws(TokenizationError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = Character(Unicode.Scalar(bytes[index])).hexDigitValue else {
        throw problem("four hexadecimal digits were expected")
      }
      value = value << 4 | UInt32(digit)
      index += 1
    }
    return value
  }
}
