internal import Tensors

/// Damage to the header of a NumPy array.
enum NumpyMutation {
  static func damaged(_ bytes: [UInt8], using generator: inout SeededGenerator) -> [UInt8]? {
    let start = 10
    let length = Mutator.number(bytes, at: 8, width: 2)
    guard bytes.count >= start + length, length > 4 else { return nil }
    var result = bytes
    if generator.chance(3) {
      let header = String(decoding: bytes[start..<start + length], as: UTF8.self)
      let data = start + length..<bytes.count
      if let kind = FloatKind(name: header.contains("f8") ? "F64" : header.contains("f2") ? "F16" : "F32"),
        header.contains("f")
      {
        kind.magnify(&result, in: data, using: &generator)
      } else if !data.isEmpty {
        let place = Int.random(in: data, using: &generator)
        Mutator.write(
          generator.pick(HostileValues.integers), width: generator.pick([1, 2, 4, 8]), at: place, in: &result)
      }
      return result
    }
    if generator.chance(6) {
      Mutator.write(generator.pick([length - 1, length + 1, 0, 0xFFFF]), width: 2, at: 8, in: &result)
      return result
    }
    if generator.chance(8) {
      result[6] = UInt8.random(in: 0...4, using: &generator)
      return result
    }
    var text = String(decoding: bytes[start..<start + length], as: UTF8.self)
    let numbers = text.matches(of: #/[0-9]+/#)
    switch Int.random(in: 0..<4, using: &generator) {
    case 0, 1:
      guard let match = numbers.randomElement(using: &generator) else { return nil }
      text.replaceSubrange(
        match.range, with: HostileValues.number(near: Int(match.output), using: &generator))
    case 2:
      let pairs = [
        ("'descr'", "'type'"), ("<", ">"), ("<f4", "<f8"), ("False", "True"), ("(", "(0, "), ("(", "["),
        (",)", ")"),
        ("'shape': (", "'shape': (1, "), ("i8", "i4"), ("u2", "u1"), ("<", "|"), ("'", "\""), (":", ""),
      ]
      let (old, new) = generator.pick(pairs)
      text.replace(old, with: new, maxReplacements: 1)
    default:
      var letters = Array(text.utf8)
      letters[Int.random(in: 0..<letters.count, using: &generator)] = generator.pick(
        Array("0129,(){}' \":<fiu".utf8))
      text = String(decoding: letters, as: UTF8.self)
    }
    // The header's length goes along, so that what follows stays in its place.
    let header = Array(text.utf8)
    result.replaceSubrange(start..<start + length, with: header)
    Mutator.write(header.count, width: 2, at: 8, in: &result)
    return result
  }
}
