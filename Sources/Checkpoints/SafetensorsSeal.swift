internal import Tensors

/// Files that end with a checksum of all that comes before it, header included: eight bytes, the lowest first, as the
/// tensor `checksum`.
extension SafetensorsFile {
  static let sealName = "checksum"

  /// Whether the file ends with a checksum, and it is that of what comes before.
  public var isIntact: Bool {
    let end = file.bytes.count - 8
    guard let seal = tensors[Self.sealName], seal.typeName == "U8", seal.bytes == end..<file.bytes.count
    else {
      return false
    }
    let stated = file.bytes.loadUnaligned(fromByteOffset: end, as: UInt64.self)
    return Checksum.of(UnsafeRawBufferPointer(rebasing: file.bytes[..<end])) == UInt64(littleEndian: stated)
  }
}

/// The parts of a safetensors file in order, each made when it is asked for, and a checksum at the end.
struct SafetensorsParts: Sequence, IteratorProtocol {
  private let pieces: [() -> [UInt8]]
  private var place = 0
  /// Of what was handed on; `nil` where none is wanted, or it has been handed on itself.
  private var checksum: Checksum?

  init(_ pieces: [() -> [UInt8]], isSealed: Bool) {
    self.pieces = pieces
    if isSealed { checksum = Checksum() }
  }

  mutating func next() -> [UInt8]? {
    if place < pieces.count {
      let part = pieces[place]()
      place += 1
      checksum?.take(part)
      return part
    }
    defer { checksum = nil }
    return checksum.map { checksum in withUnsafeBytes(of: checksum.value.littleEndian) { Array($0) } }
  }
}
