/// JSON being written, as bytes.
struct JSONBytes {
  /// What has been written and not yet been handed on.
  var bytes: [UInt8] = []

  /// Writes text that is JSON already.
  mutating func append(raw json: StaticString) { json.withUTF8Buffer { bytes.append(contentsOf: $0) } }

  /// Writes a text in quotes, with the escapes it needs.
  mutating func append(quoted text: String) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      case 0x0a: append(raw: "\\n")
      case 0x0d: append(raw: "\\r")
      case 0x09: append(raw: "\\t")
      case 0..<0x20:
        append(raw: "\\u00")
        bytes.append(Self.hexDigit(byte >> 4))
        bytes.append(Self.hexDigit(byte & 15))
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  /// Writes any value.
  /// - Throws: ``GraphError/notFinite(place:)`` for a number whose text is none.
  mutating func append(_ value: JSON) throws(GraphError) {
    switch value {
    case .null: append(raw: "null")
    case .bool(let isTrue): append(raw: isTrue ? "true" : "false")
    case .number(let text):
      var scanner = JSONScanner(Array(text.utf8))
      guard (try? scanner.number())?.range == 0..<text.utf8.count else {
        throw .notFinite(place: "The number '\(text)' among the keys that were added to a graph")
      }
      bytes.append(contentsOf: text.utf8)
    case .string(let text): append(quoted: text)
    case .array(let values):
      append(raw: "[")
      for (place, value) in values.enumerated() {
        if place > 0 { append(raw: ",") }
        try append(value)
      }
      append(raw: "]")
    case .object(let object): try append(object)
    }
  }

  /// Writes an object, its members in their order.
  mutating func append(_ object: JSONObject) throws(GraphError) {
    append(raw: "{")
    for (place, member) in object.members.enumerated() {
      if place > 0 { append(raw: ",") }
      append(quoted: member.key)
      append(raw: ":")
      try append(member.value)
    }
    append(raw: "}")
  }

  private static func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
  }
}

extension JSON {
  /// Reads one value.
  /// - Throws: ``GraphError/notJSON(offset:reason:)``, ``GraphError/nestedTooDeeply(offset:limit:)``.
  public init(parsing bytes: [UInt8]) throws(GraphError) {
    var scanner = JSONScanner(bytes)
    self = try scanner.value()
    try scanner.takeEnd()
  }

  /// Writes the value without white space.
  /// - Throws: ``GraphError/notFinite(place:)`` if the text of a number is none.
  public func bytes() throws(GraphError) -> [UInt8] {
    var result = JSONBytes()
    try result.append(self)
    return result.bytes
  }
}
