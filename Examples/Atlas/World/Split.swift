internal import Tensors

/// What is kept from training, decided by texts alone, so that it is the same in every run.
enum Split {
  private static let seed: UInt64 = 0x41_74_6C_61_73  // "Atlas"

  /// A generator whose seed is the text (FNV-1a) and the name of the world.
  static func generator(for text: String) -> SeededGenerator {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return SeededGenerator(seed: hash ^ seed)
  }

  /// Whether a text belongs to the part of `1 / parts` that is kept from training.
  static func holdsOut(_ text: String, oneIn parts: UInt64) -> Bool {
    var generator = generator(for: text)
    return generator.next() % parts == 0
  }
}

extension SeededGenerator {
  /// An item of a list that is not empty.
  mutating func pick<Item>(_ items: [Item]) -> Item { items[pick(0..<items.count)] }

  /// A number of a range that is not empty.
  mutating func pick(_ range: Range<Int>) -> Int {
    range.lowerBound + Int(next() % UInt64(range.count))
  }
}
