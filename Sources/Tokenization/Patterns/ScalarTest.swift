internal import Synchronization

/// Which scalars one item of a regular expression takes: `\p{L}`, `[^\r\n\p{N}]`, a letter in either case.
///
/// Swift's own `Regex` knows the classes of Unicode, and is asked about single scalars only, 128 at a time, each of them
/// once.
final class ScalarTest: Sendable {
  private let source: String
  /// The scalars below 128 that are taken, a bit each.
  private let ascii: Block
  private let blocks = Mutex<[UInt32: Block]>([:])

  /// The answers for 128 scalars in a row.
  private struct Block {
    var low: UInt64 = 0
    var high: UInt64 = 0

    subscript(offset: UInt32) -> Bool {
      get { (offset < 64 ? low >> UInt64(offset) : high >> UInt64(offset - 64)) & 1 == 1 }
      set {
        guard newValue else { return }
        if offset < 64 { low |= 1 << UInt64(offset) } else { high |= 1 << UInt64(offset - 64) }
      }
    }
  }

  /// - Parameter source: A regular expression for one scalar, as Swift writes them.
  /// - Throws: What Swift says of an expression that it does not read.
  init(_ source: String) throws {
    self.source = source
    ascii = try Self.block(of: 0, source)
  }

  private static func block(of number: UInt32, _ source: String) throws -> Block {
    let regex = try Regex(source).matchingSemantics(.unicodeScalar)
    var block = Block()
    for offset in 0..<128 as Range<UInt32> {
      guard let scalar = Unicode.Scalar(number << 7 | offset) else { continue }
      block[offset] = try regex.wholeMatch(in: String(Character(scalar))) != nil
    }
    return block
  }

  /// Whether a scalar is taken.
  func contains(_ scalar: Unicode.Scalar) -> Bool {
    let (number, offset) = (scalar.value >> 7, scalar.value & 127)
    if number == 0 { return ascii[offset] }
    return blocks.withLock { blocks in
      if let block = blocks[number] { return block[offset] }
      // What compiled once compiles again.
      let block = (try? Self.block(of: number, source)) ?? Block()
      blocks[number] = block
      return block[offset]
    }
  }
}
