internal import Tensors

/// Damage to the directory of a zip file, or to a member with the directory kept true.
enum ZipMutation {
  static func damaged(
    _ bytes: [UInt8], donor: [UInt8], using generator: inout SeededGenerator
  ) -> [UInt8]? {
    var members = members(of: bytes)
    guard !members.isEmpty else { return nil }
    let place = Int.random(in: 0..<members.count, using: &generator)
    switch Int.random(in: 0..<8, using: &generator) {
    case 0: members.remove(at: place)
    case 1: members.append(members[place])
    case 2:
      members[place].name = generator.pick(["W_enc.npy", "b_dec.npy", "", "x", "../x.npy", members[0].name])
    case 3: members.append(contentsOf: self.members(of: donor).prefix(2))
    case 4, 5:
      guard let content = NumpyMutation.damaged(members[place].content, using: &generator) else { return nil }
      members[place].content = content
    default: return fieldChanged(bytes, using: &generator)
    }
    return file(members)
  }

  /// One number of the records changed.
  private static func fieldChanged(_ bytes: [UInt8], using generator: inout SeededGenerator) -> [UInt8]? {
    // Offsets and widths of the numbers of a local header, a directory entry, the end, and the wide end.
    let fields: [UInt8: [(Int, Int)]] = [
      3: [(6, 2), (8, 2), (18, 4), (22, 4), (26, 2), (28, 2)],
      1: [(8, 2), (10, 2), (20, 4), (24, 4), (28, 2), (30, 2), (32, 2), (42, 4)],
      5: [(4, 2), (8, 2), (10, 2), (12, 4), (16, 4), (20, 2)],
      6: [(4, 8), (24, 8), (32, 8), (40, 8), (48, 8)],
    ]
    let records = bytes.indices.dropLast(3).filter {
      bytes[$0] == 0x50 && bytes[$0 + 1] == 0x4B && fields[bytes[$0 + 2]] != nil
        && bytes[$0 + 3] == bytes[$0 + 2] + 1
    }
    guard let record = records.randomElement(using: &generator), let known = fields[bytes[record + 2]] else {
      return nil
    }
    let (offset, width) = generator.pick(known)
    let old = Mutator.number(bytes, at: record + offset, width: width)
    var result = bytes
    let values = [old + 1, old - 1, old * 2, bytes.count, records[0]] + HostileValues.integers
    Mutator.write(generator.pick(values), width: width, at: record + offset, in: &result)
    return result
  }

  private struct Member {
    var name: String
    var content: [UInt8]
  }

  /// The members that the local headers of a sound archive show.
  private static func members(of bytes: [UInt8]) -> [Member] {
    var members: [Member] = []
    var at = 0
    while at + 30 <= bytes.count, Mutator.number(bytes, at: at, width: 4) == 0x0403_4B50 {
      let (size, name, extra) = (
        Mutator.number(bytes, at: at + 18, width: 4), Mutator.number(bytes, at: at + 26, width: 2),
        Mutator.number(bytes, at: at + 28, width: 2)
      )
      let start = at + 30 + name + extra
      guard start + size <= bytes.count else { break }
      members.append(
        Member(
          name: String(decoding: bytes[at + 30..<at + 30 + name], as: UTF8.self),
          content: Array(bytes[start..<start + size])))
      at = start + size
    }
    return members
  }

  private static func file(_ members: [Member]) -> [UInt8] {
    func number(_ value: Int, _ width: Int) -> [UInt8] {
      (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    var (result, directory): ([UInt8], [UInt8]) = ([], [])
    for member in members {
      let name = Array(member.name.utf8)
      let sizes = number(member.content.count, 4) + number(member.content.count, 4)
      let common = number(20, 2) + number(0, 2) + number(0, 2) + number(0, 8) + sizes + number(name.count, 2)
      directory += number(0x0201_4B50, 4) + number(20, 2) + common + number(0, 2) + number(0, 2)
      directory += number(0, 2) + number(0, 2) + number(0, 4) + number(result.count, 4) + name
      result += number(0x0403_4B50, 4) + common + number(0, 2) + name + member.content
    }
    let end = number(members.count, 2) + number(members.count, 2) + number(directory.count, 4)
    return result + directory + number(0x0605_4B50, 4) + number(0, 4) + end + number(result.count, 4)
      + number(0, 2)
  }
}
