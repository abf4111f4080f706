internal import Foundation

/// A checksum of bytes that come one part after another: XXH64 with seed 0, by Yann Collet.
/// ```
/// v[i] = rotl(v[i] + w[i] · p2, 31) · p1       four lanes of 64-bit words w
/// ```
/// It notices every damage but a deliberate one, at several bytes a nanosecond.
public struct Checksum: Sendable {
  private var lanes: (UInt64, UInt64, UInt64, UInt64)
  private var count: UInt64 = 0
  /// Bytes that do not fill a stripe yet.
  private var rest: [UInt8] = []

  private static let stripe = 32
  private static let p1: UInt64 = 0x9E37_79B1_85EB_CA87
  private static let p2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
  private static let p3: UInt64 = 0x1656_67B1_9E37_79F9
  private static let p4: UInt64 = 0x85EB_CA77_C2B2_AE63
  private static let p5: UInt64 = 0x27D4_EB2F_1656_67C5

  /// The checksum of nothing yet.
  public init() { lanes = (Self.p1 &+ Self.p2, Self.p2, 0, 0 &- Self.p1) }

  /// The checksum of some bytes.
  public static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var checksum = Checksum()
    checksum.take(bytes)
    return checksum.value
  }

  /// Takes the next part.
  public mutating func take(_ bytes: [UInt8]) { bytes.withUnsafeBytes { take($0) } }

  /// Takes the next part.
  public mutating func take(_ bytes: UnsafeRawBufferPointer) {
    count &+= UInt64(bytes.count)
    var start = 0
    if !rest.isEmpty {
      start = min(Self.stripe - rest.count, bytes.count)
      rest += bytes[..<start]
      guard rest.count == Self.stripe else { return }
      lanes = rest.withUnsafeBytes { Self.stripes($0, in: 0..<Self.stripe, lanes) }
      rest.removeAll()
    }
    let end = start + (bytes.count - start) / Self.stripe * Self.stripe
    lanes = Self.stripes(bytes, in: start..<end, lanes)
    rest += bytes[end...]
  }

  /// The checksum of all that was taken.
  public var value: UInt64 {
    var hash = Self.p5
    if count >= UInt64(Self.stripe) {
      hash =
        Self.rotated(lanes.0, 1) &+ Self.rotated(lanes.1, 7) &+ Self.rotated(lanes.2, 12)
        &+ Self.rotated(lanes.3, 18)
      for lane in [lanes.0, lanes.1, lanes.2, lanes.3] {
        hash = (hash ^ Self.round(0, lane)) &* Self.p1 &+ Self.p4
      }
    }
    hash &+= count
    var place = 0
    while place + 8 <= rest.count {
      hash = Self.rotated(hash ^ Self.round(0, word(place, bytes: 8)), 27) &* Self.p1 &+ Self.p4
      place += 8
    }
    if place + 4 <= rest.count {
      hash = Self.rotated(hash ^ word(place, bytes: 4) &* Self.p1, 23) &* Self.p2 &+ Self.p3
      place += 4
    }
    for byte in rest[place...] { hash = Self.rotated(hash ^ UInt64(byte) &* Self.p5, 11) &* Self.p1 }
    hash = (hash ^ hash >> 33) &* Self.p2
    hash = (hash ^ hash >> 29) &* Self.p3
    return hash ^ hash >> 32
  }

  /// The checksum as 16 hexadecimal digits.
  public var digits: String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: 16 - text.count) + text
  }

  private static func stripes(
    _ bytes: UnsafeRawBufferPointer, in range: Range<Int>, _ lanes: (UInt64, UInt64, UInt64, UInt64)
  ) -> (UInt64, UInt64, UInt64, UInt64) {
    var (a, b, c, d) = lanes
    var place = range.lowerBound
    while place < range.upperBound {
      func word(_ offset: Int) -> UInt64 {
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: place + offset, as: UInt64.self))
      }
      a = round(a, word(0))
      b = round(b, word(8))
      c = round(c, word(16))
      d = round(d, word(24))
      place += stripe
    }
    return (a, b, c, d)
  }

  private static func rotated(_ value: UInt64, _ bits: UInt64) -> UInt64 {
    value &<< bits | value &>> (64 - bits)
  }

  private static func round(_ lane: UInt64, _ word: UInt64) -> UInt64 {
    rotated(lane &+ word &* p2, 31) &* p1
  }

  /// A little-endian number among the bytes that are left.
  private func word(_ place: Int, bytes: Int) -> UInt64 {
    (0..<bytes).reduce(0) { $0 | UInt64(rest[place + $1]) << UInt64(8 * $1) }
  }
}
