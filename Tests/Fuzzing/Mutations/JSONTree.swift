internal import Tensors

/// Where the values of a JSON text stand in it.
struct JSONTree {
  enum Kind {
    case object, array, string, number, literal
  }

  struct Value {
    let kind: Kind
    var range: Range<Int>
    /// From the key on, for a member of an object.
    var member: Range<Int>?
    /// Places in ``values``.
    var children: [Int] = []
  }

  private(set) var values: [Value] = []
  private let bytes: [UInt8]
  private var next = 0

  /// Takes a text apart; `nil` if it is no JSON, or deeper than 200 values.
  init?(_ bytes: [UInt8]) {
    self.bytes = bytes
    guard value(depth: 0) != nil else { return nil }
    skipSpace()
    guard next == bytes.count else { return nil }
  }

  /// The place of a value: on a walk from the root, so that few large lists do not hide all else.
  func place(using generator: inout SeededGenerator) -> Int {
    var place = 0
    while !values[place].children.isEmpty, place == 0 || !generator.chance(6) {
      place = generator.pick(values[place].children)
    }
    return place
  }

  private mutating func skipSpace() {
    while next < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[next]) { next += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    skipSpace()
    guard next < bytes.count, bytes[next] == byte else { return false }
    next += 1
    return true
  }

  /// Reads a value and gives its place.
  private mutating func value(depth: Int) -> Int? {
    skipSpace()
    guard depth < 200, next < bytes.count else { return nil }
    let (start, place) = (next, values.count)
    switch bytes[next] {
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      let isObject = bytes[next] == UInt8(ascii: "{")
      next += 1
      values.append(Value(kind: isObject ? .object : .array, range: start..<start))
      guard let children = children(isObject: isObject, depth: depth) else { return nil }
      values[place].children = children
    case UInt8(ascii: "\""):
      guard string() else { return nil }
      values.append(Value(kind: .string, range: start..<start))
    default:
      while next < bytes.count, !",]} \n\r\t:\"".utf8.contains(bytes[next]) { next += 1 }
      guard next > start else { return nil }
      let isNumber = bytes[start] == UInt8(ascii: "-") || (0x30...0x39).contains(bytes[start])
      values.append(Value(kind: isNumber ? .number : .literal, range: start..<start))
    }
    values[place].range = start..<next
    return place
  }

  private mutating func children(isObject: Bool, depth: Int) -> [Int]? {
    let close = UInt8(ascii: isObject ? "}" : "]")
    var children: [Int] = []
    if take(close) { return children }
    repeat {
      skipSpace()
      let start = next
      if isObject {
        guard next < bytes.count, bytes[next] == UInt8(ascii: "\""), string(), take(UInt8(ascii: ":")) else {
          return nil
        }
      }
      guard let child = value(depth: depth + 1) else { return nil }
      if isObject { values[child].member = start..<next }
      children.append(child)
    } while take(UInt8(ascii: ","))
    return take(close) ? children : nil
  }

  /// Passes over a quoted text.
  private mutating func string() -> Bool {
    next += 1
    while next < bytes.count {
      switch bytes[next] {
      case UInt8(ascii: "\""):
        next += 1
        return true
      case UInt8(ascii: "\\"): next += 2
      default: next += 1
      }
    }
    return false
  }
}
