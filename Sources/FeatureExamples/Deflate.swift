/// Gzip without a library: repeats are found in the last 32 KiB and written with the fixed codes of RFC 1951.
enum Gzip {
  /// A gzip file of some bytes, the same for the same bytes: it names no time and no system.
  static func compressed(_ data: [UInt8]) -> [UInt8] {
    var result: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF]
    result += Deflate.compressed(data)
    for value in [checksum(data), UInt32(truncatingIfNeeded: data.count)] {
      withUnsafeBytes(of: value.littleEndian) { result.append(contentsOf: $0) }
    }
    return result
  }

  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
  }

  /// CRC-32.
  static func checksum(_ data: [UInt8]) -> UInt32 {
    ~data.reduce(~UInt32(0)) { table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ $0 >> 8 }
  }
}

/// The deflate format with fixed codes.
enum Deflate {
  private static let lengthBases: [(base: Int, bits: Int)] =
    codes([8, 4, 4, 4, 4, 4], from: 3) + [(258, 0)]
  private static let distanceBases: [(base: Int, bits: Int)] =
    codes([4] + Array(repeating: 2, count: 13), from: 1)

  /// First values of codes whose extra bits grow by one from group to group.
  private static func codes(_ groups: [Int], from first: Int) -> [(base: Int, bits: Int)] {
    var result: [(Int, Int)] = [], base = first
    for (bits, count) in groups.enumerated() {
      for _ in 0..<count {
        result.append((base, bits))
        base += 1 << bits
      }
    }
    return result
  }

  static func compressed(_ data: [UInt8]) -> [UInt8] {
    var bits = BitWriter()
    bits.put(0b011, count: 3)  // the last block, fixed codes
    var heads = [Int](repeating: -1, count: 1 << 15)
    var previous = [Int](repeating: -1, count: data.count)
    var place = 0
    func key(_ place: Int) -> Int {
      let word = UInt32(data[place]) | UInt32(data[place + 1]) << 8 | UInt32(data[place + 2]) << 16
      return Int((word &* 2_654_435_761) >> 17)
    }
    func remember(_ place: Int) {
      guard place + 2 < data.count else { return }
      let key = key(place)
      previous[place] = heads[key]
      heads[key] = place
    }
    while place < data.count {
      var (length, distance) = (0, 0)
      if place + 2 < data.count {
        var candidate = heads[key(place)], steps = 0
        let limit = min(258, data.count - place)
        while candidate >= 0, place - candidate <= 32_768, steps < 64, length < limit {
          var common = 0
          while common < limit, data[candidate + common] == data[place + common] { common += 1 }
          if common > length { (length, distance) = (common, place - candidate) }
          candidate = previous[candidate]
          steps += 1
        }
      }
      if length >= 3 {
        putLength(length, &bits)
        putDistance(distance, &bits)
        for covered in place..<place + length { remember(covered) }
        place += length
      } else {
        putSymbol(Int(data[place]), &bits)
        remember(place)
        place += 1
      }
    }
    putSymbol(256, &bits)
    return bits.finished()
  }

  private static func putSymbol(_ symbol: Int, _ bits: inout BitWriter) {
    switch symbol {
    case ..<144: bits.putCode(0x30 + symbol, count: 8)
    case ..<256: bits.putCode(0x190 + symbol - 144, count: 9)
    case ..<280: bits.putCode(symbol - 256, count: 7)
    default: bits.putCode(0xC0 + symbol - 280, count: 8)
    }
  }

  private static func putLength(_ length: Int, _ bits: inout BitWriter) {
    let code = lengthBases.lastIndex { $0.base <= length } ?? 0
    putSymbol(257 + code, &bits)
    bits.put(length - lengthBases[code].base, count: lengthBases[code].bits)
  }

  private static func putDistance(_ distance: Int, _ bits: inout BitWriter) {
    let code = distanceBases.lastIndex { $0.base <= distance } ?? 0
    bits.putCode(code, count: 5)
    bits.put(distance - distanceBases[code].base, count: distanceBases[code].bits)
  }
}

/// Bits packed into bytes, the lowest first.
private struct BitWriter {
  private var bytes: [UInt8] = []
  private var buffer: UInt64 = 0
  private var count = 0

  /// A number, its lowest bit first.
  mutating func put(_ value: Int, count width: Int) {
    buffer |= UInt64(value) << UInt64(count)
    count += width
    while count >= 8 {
      bytes.append(UInt8(truncatingIfNeeded: buffer))
      buffer >>= 8
      count -= 8
    }
  }

  /// A code, its highest bit first.
  mutating func putCode(_ code: Int, count width: Int) {
    var reversed = 0
    for bit in 0..<width where code >> bit & 1 == 1 { reversed |= 1 << (width - 1 - bit) }
    put(reversed, count: width)
  }

  func finished() -> [UInt8] { count > 0 ? bytes + [UInt8(truncatingIfNeeded: buffer)] : bytes }
}
