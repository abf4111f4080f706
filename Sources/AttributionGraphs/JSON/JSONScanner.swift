/// Reads JSON from bytes, front to back, without trusting them.
///
/// Whoever knows the shape of a file pulls its members one by one with ``members(_:)`` and ``elements(_:)``,
/// so that long lists need not be held as values first. Whatever is not JSON throws, with its offset. Text
/// that is not valid Unicode is repaired with U+FFFD and counted.
struct JSONScanner {
  /// How deep values may lie in each other; graph files need five levels.
  static let maximumDepth = 200

  let bytes: [UInt8]
  /// The next byte to be read.
  var offset = 0
  /// How many values lie around the next one.
  private var depth = 0
  /// How many keys an object held already; the last value stays, as in other readers.
  var duplicateKeyCount = 0
  /// How many texts held bytes or escapes that are no Unicode.
  var repairedTextCount = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    if bytes.starts(with: [0xef, 0xbb, 0xbf]) { offset = 3 }
  }

  /// The next byte that is not white space, not yet taken; 0 at the end.
  mutating func peek() -> UInt8 {
    while offset < bytes.count {
      switch bytes[offset] {
      case 0x20, 0x0a, 0x0d, 0x09: offset += 1
      case let byte: return byte
      }
    }
    return 0
  }

  /// Takes a byte that must come next.
  mutating func take(_ byte: UInt8) throws(GraphError) {
    guard peek() == byte, offset < bytes.count else {
      throw unexpected("'\(Character(Unicode.Scalar(byte)))'")
    }
    offset += 1
  }

  /// Takes the end of the file.
  mutating func takeEnd() throws(GraphError) {
    _ = peek()
    guard offset == bytes.count else { throw unexpected("the end of the file") }
  }

  /// Hands each key of an object to a reader that must take its value.
  mutating func members(
    _ body: (inout JSONScanner, _ key: RawText) throws(GraphError) -> Void
  ) throws(GraphError) {
    try nested(from: UInt8(ascii: "{"), to: UInt8(ascii: "}")) {
      (scanner: inout JSONScanner) throws(GraphError) in
      guard scanner.peek() == UInt8(ascii: "\"") else { throw scanner.unexpected("a key in double quotes") }
      let key = try scanner.rawText()
      try scanner.take(UInt8(ascii: ":"))
      try body(&scanner, key)
    }
  }

  /// Calls a reader that must take a value for each value of a list.
  mutating func elements(_ body: (inout JSONScanner) throws(GraphError) -> Void) throws(GraphError) {
    try nested(from: UInt8(ascii: "["), to: UInt8(ascii: "]"), body)
  }

  private mutating func nested(
    from open: UInt8, to close: UInt8, _ body: (inout JSONScanner) throws(GraphError) -> Void
  ) throws(GraphError) {
    try take(open)
    depth += 1
    guard depth <= Self.maximumDepth else {
      throw .nestedTooDeeply(offset: offset, limit: Self.maximumDepth)
    }
    if peek() == close {
      offset += 1
      depth -= 1
      return
    }
    while true {
      try body(&self)
      let next = peek()
      guard next == UInt8(ascii: ",") || next == close else {
        throw unexpected("',' or '\(Character(Unicode.Scalar(close)))'")
      }
      offset += 1
      if next == close { break }
    }
    depth -= 1
  }

  /// Takes whatever value comes next.
  mutating func value() throws(GraphError) -> JSON {
    switch peek() {
    case UInt8(ascii: "{"): return .object(try object())
    case UInt8(ascii: "["):
      var values: [JSON] = []
      try elements { (scanner: inout JSONScanner) throws(GraphError) in values.append(try scanner.value()) }
      return .array(values)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      return .number(String(decoding: bytes[try number().range], as: UTF8.self))
    default: throw unexpected("a value")
    }
  }

  /// Takes an object.
  mutating func object() throws(GraphError) -> JSONObject {
    var members: [(key: String, value: JSON)] = []
    try self.members { (scanner: inout JSONScanner, key: RawText) throws(GraphError) in
      members.append((try scanner.text(of: key), try scanner.value()))
    }
    return JSONObject(distinct: withoutDuplicates(members))
  }

  /// Keeps the last value of each key, at the place of the first.
  mutating func withoutDuplicates(_ members: [(key: String, value: JSON)]) -> [(key: String, value: JSON)] {
    if members.count <= 16, !hasDuplicates(members) { return members }
    var places: [ExactText: Int] = [:]
    var distinct: [(key: String, value: JSON)] = []
    for member in members {
      let key = ExactText(member.key)
      if let place = places[key] {
        distinct[place].value = member.value
        duplicateKeyCount += 1
      } else {
        places[key] = distinct.count
        distinct.append(member)
      }
    }
    return distinct
  }

  /// Compares each key with each, which is fast for a few.
  private func hasDuplicates(_ members: [(key: String, value: JSON)]) -> Bool {
    members.indices.contains { place in
      members[..<place].contains { $0.key.isSameText(as: members[place].key) }
    }
  }

  private mutating func word(_ word: StaticString, _ value: JSON) throws(GraphError) -> JSON {
    let end = offset + word.utf8CodeUnitCount
    guard end <= bytes.count, word.description.utf8.elementsEqual(bytes[offset..<end]) else {
      throw unexpected("a value")
    }
    offset = end
    return value
  }

  /// What to throw where something else should come next.
  func unexpected(_ wanted: String) -> GraphError {
    guard offset < bytes.count else {
      return .notJSON(offset: offset, reason: "the file ends where \(wanted) should come")
    }
    let rest = bytes[offset..<min(offset + 9, bytes.count)]
    if [Array("NaN".utf8), Array("Infinity".utf8), Array("-Infinity".utf8)].contains(
      where: rest.starts(with:))
    {
      return .notJSON(offset: offset, reason: "NaN or Infinity, which Python writes but JSON does not have,")
    }
    return .notJSON(offset: offset, reason: "something else comes where \(wanted) should come")
  }
}
