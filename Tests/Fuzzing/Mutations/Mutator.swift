internal import Tensors

/// Damages files of one kind, at the places that their format has, or anywhere.
struct Mutator {
  let kind: FileKind
  /// A sound file of the same kind, of which parts may be taken.
  let donor: [UInt8]

  func damaged(_ bytes: [UInt8], using generator: inout SeededGenerator) -> [UInt8] {
    var result = bytes
    for _ in 0..<generator.pick([1, 1, 1, 2, 4]) {
      result = damagedOnce(result, using: &generator)
    }
    return result
  }

  private func damagedOnce(_ bytes: [UInt8], using generator: inout SeededGenerator) -> [UInt8] {
    if kind == .bytes || generator.chance(5) { return anywhere(bytes, using: &generator) }
    let atItsPlaces: [UInt8]? =
      switch kind {
      case .json: JSONMutation.damaged(bytes, donor: donor, using: &generator)
      case .yaml: LineMutation.damaged(bytes, donor: donor, isYAML: true, using: &generator)
      case .text: LineMutation.damaged(bytes, donor: donor, isYAML: false, using: &generator)
      case .safetensors: SafetensorsMutation.damaged(bytes, donor: donor, using: &generator)
      case .npz: ZipMutation.damaged(bytes, donor: donor, using: &generator)
      case .npy: NumpyMutation.damaged(bytes, using: &generator)
      case .bytes: nil
      }
    return atItsPlaces ?? anywhere(bytes, using: &generator)
  }

  /// Bits, bytes, stretches and numbers of a file that is nothing but bytes.
  private func anywhere(_ bytes: [UInt8], using generator: inout SeededGenerator) -> [UInt8] {
    var result = bytes
    // What is decided stands at the beginning and at the end of most files.
    func place() -> Int {
      let count = max(1, result.count)
      switch Int.random(in: 0..<4, using: &generator) {
      case 0: return Int.random(in: 0..<min(count, 128), using: &generator)
      case 1: return max(0, count - 1 - Int.random(in: 0..<min(count, 64), using: &generator))
      default: return Int.random(in: 0..<count, using: &generator)
      }
    }
    guard !result.isEmpty else { return (0..<9).map { _ in UInt8.random(in: 0...255, using: &generator) } }
    switch Int.random(in: 0..<8, using: &generator) {
    case 0, 1: result[place()] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
    case 2: result[place()] = UInt8.random(in: 0...255, using: &generator)
    case 3:
      let start = place()
      let count = Int.random(in: 1...generator.pick([1, 4, 64, 4096]), using: &generator)
      result.removeSubrange(start..<min(result.count, start + count))
    case 4:
      let count = Int.random(in: 1...generator.pick([1, 4, 64, 4096]), using: &generator)
      let byte = UInt8.random(in: 0...255, using: &generator)
      result.insert(contentsOf: repeatElement(byte, count: count), at: place())
    case 5: result.removeLast(result.count - place())
    case 6:
      let end = donor.isEmpty ? 0 : Int.random(in: 0..<donor.count, using: &generator)
      result = Array(result[..<place()]) + donor[end...]
    default:
      Self.write(
        generator.pick(HostileValues.integers), width: generator.pick([1, 2, 4, 8]), at: place(), in: &result)
    }
    return result
  }

  /// Writes a number, the smallest byte first, as far as there is room.
  static func write(_ value: Int, width: Int, at place: Int, in bytes: inout [UInt8]) {
    for offset in 0..<width where bytes.indices.contains(place + offset) {
      bytes[place + offset] = UInt8(truncatingIfNeeded: value >> (8 * offset))
    }
  }

  /// Reads a number, the smallest byte first; bytes that are not there are zero.
  static func number(_ bytes: [UInt8], at place: Int, width: Int) -> Int {
    (0..<width).reduce(0) {
      $0 | (bytes.indices.contains(place + $1) ? Int(bytes[place + $1]) << (8 * $1) : 0)
    }
  }
}
