internal import Tensors

/// Damage to one value of a JSON file, or one member of an object, that leaves the rest as it was.
enum JSONMutation {
  static func damaged(
    _ bytes: [UInt8], donor: [UInt8], using generator: inout SeededGenerator
  ) -> [UInt8]? {
    guard let tree = JSONTree(bytes) else { return nil }
    let value = tree.values[tree.place(using: &generator)]
    var result = bytes
    switch Int.random(in: 0..<12, using: &generator) {
    case 0:
      guard let member = value.member else { return nil }
      result.removeSubrange(withComma(member, in: bytes))
    case 1:
      guard let member = value.member else { return nil }
      result.insert(contentsOf: bytes[member] + Array(", ".utf8), at: member.lowerBound)
    case 2:
      // The key twice, with two values.
      guard let member = value.member else { return nil }
      let key = bytes[member.lowerBound..<value.range.lowerBound]
      result.insert(
        contentsOf: key + HostileValues.json(using: &generator) + Array(", ".utf8), at: member.lowerBound)
    case 3:
      let other = tree.values[tree.place(using: &generator)].range
      result.replaceSubrange(value.range, with: bytes[other])
    case 4:
      guard let tree = JSONTree(donor) else { return nil }
      result.replaceSubrange(value.range, with: donor[tree.values[tree.place(using: &generator)].range])
    case 5...7 where value.kind == .number:
      let old = Int(String(decoding: bytes[value.range], as: UTF8.self))
      result.replaceSubrange(value.range, with: HostileValues.number(near: old, using: &generator).utf8)
    case 5...9 where value.kind == .string:
      let inside = value.range.lowerBound + 1..<value.range.upperBound - 1
      result.replaceSubrange(inside, with: damagedText(Array(bytes[inside]), using: &generator))
    case 5 where !value.children.isEmpty && value.kind == .array:
      // One more or one less of them.
      let child = tree.values[generator.pick(value.children)].range
      if generator.chance(2) {
        result.removeSubrange(withComma(child, in: bytes))
      } else {
        result.insert(contentsOf: bytes[child] + Array(", ".utf8), at: child.lowerBound)
      }
    default: result.replaceSubrange(value.range, with: HostileValues.json(using: &generator))
    }
    return result
  }

  /// What stands between quotes, changed; JSON inside of it is damaged as JSON.
  private static func damagedText(_ text: [UInt8], using generator: inout SeededGenerator) -> [UInt8] {
    if text.first == UInt8(ascii: "{") || text.first == UInt8(ascii: "["), text.count > 2 {
      let plain = String(decoding: text, as: UTF8.self).replacing("\\\"", with: "\"")
      if let inner = damaged(Array(plain.utf8), donor: [], using: &generator) {
        return Array(String(decoding: inner, as: UTF8.self).replacing("\"", with: "\\\"").utf8)
      }
    }
    var text = text
    switch Int.random(in: 0..<4, using: &generator) {
    case 0: return HostileValues.text(using: &generator)
    case 1 where !text.isEmpty: text.remove(at: Int.random(in: 0..<text.count, using: &generator))
    case 2 where !text.isEmpty:
      text[Int.random(in: 0..<text.count, using: &generator)] = UInt8.random(
        in: 0x20...0x7E, using: &generator)
    default:
      text.insert(
        generator.pick(Array("09a_-./ ".utf8)), at: Int.random(in: 0...text.count, using: &generator))
    }
    return text
  }

  /// A member or an element with the comma that parts it from a neighbour.
  private static func withComma(_ range: Range<Int>, in bytes: [UInt8]) -> Range<Int> {
    func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }
    let comma = UInt8(ascii: ",")
    if let next = bytes[range.upperBound...].firstIndex(where: { !isSpace($0) }), bytes[next] == comma {
      return range.lowerBound..<next + 1
    }
    if let last = bytes[..<range.lowerBound].lastIndex(where: { !isSpace($0) }), bytes[last] == comma {
      return last..<range.upperBound
    }
    return range
  }
}
