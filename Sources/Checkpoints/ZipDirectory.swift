/// The directory of a zip file whose members are stored without compression.
struct ZipDirectory {
  /// One member.
  struct Member {
    let name: String
    /// Where its content lies in the file.
    let bytes: Range<Int>
  }

  /// What is wrong with an archive.
  struct Fault: Error {
    let reason: String
  }

  let members: [Member]

  /// Reads and checks the directory of a whole file.
  init(_ bytes: UnsafeRawBufferPointer) throws(Fault) {
    let file = LittleEndianBytes(bytes)
    let end = try Self.end(of: file)
    var members: [Member] = []
    var at = end.start
    for _ in 0..<end.count {
      let (member, next) = try Self.member(at: at, of: file, before: end.start)
      members.append(member)
      at = next
    }
    guard at == end.start + end.size else {
      throw Fault(
        reason: "its directory has \(end.size) bytes, but its \(end.count) entries take \(at - end.start)")
    }
    var reached = 0
    for member in members.sorted(by: { ($0.bytes.lowerBound, $0.name) < ($1.bytes.lowerBound, $1.name) }) {
      guard member.bytes.lowerBound >= reached else {
        throw Fault(reason: "the member '\(member.name)' overlaps the one before it")
      }
      reached = member.bytes.upperBound
    }
    self.members = members
  }

  /// Where the directory lies, by the record at the end of the file.
  private static func end(
    of file: LittleEndianBytes
  ) throws(Fault) -> (start: Int, size: Int, count: Int) {
    // A comment of up to 65,535 bytes may follow the record of 22.
    guard
      let record = stride(from: file.count - 22, through: max(0, file.count - 22 - 65_535), by: -1)
        .first(where: {
          file.number($0, 4) == 0x0605_4B50 && file.number($0 + 20, 2) == file.count - $0 - 22
        })
    else { throw Fault(reason: "it has no directory at its end") }
    var (count, size, start) = (
      file.number(record + 10, 2) ?? 0, file.number(record + 12, 4) ?? 0, file.number(record + 16, 4) ?? 0
    )
    var limit = record
    if count == 0xFFFF || size == 0xFFFF_FFFF || start == 0xFFFF_FFFF {
      // The wider record, found through its locator in front of the narrow one.
      guard file.number(record - 20, 4) == 0x0706_4B50, let wide = file.number(record - 12, 8),
        file.number(wide, 4) == 0x0606_4B50, let wideCount = file.number(wide + 32, 8),
        let wideSize = file.number(wide + 40, 8), let wideStart = file.number(wide + 48, 8)
      else { throw Fault(reason: "its directory's place is not to be found") }
      (count, size, start, limit) = (wideCount, wideSize, wideStart, wide)
    }
    guard start <= limit, size <= limit - start, count <= size / 46 else {
      throw Fault(
        reason: "its directory would be \(count) entries in \(size) bytes from byte \(start) on, "
          + "but it ends at byte \(limit)")
    }
    return (start, size, count)
  }

  /// One entry of the directory, and where the next one begins.
  private static func member(
    at entry: Int, of file: LittleEndianBytes, before limit: Int
  ) throws(Fault) -> (Member, next: Int) {
    guard file.number(entry, 4) == 0x0201_4B50, let flags = file.number(entry + 8, 2),
      let method = file.number(entry + 10, 2), var stored = file.number(entry + 20, 4),
      var size = file.number(entry + 24, 4), let nameLength = file.number(entry + 28, 2),
      let extraLength = file.number(entry + 30, 2), let commentLength = file.number(entry + 32, 2),
      var header = file.number(entry + 42, 4), let name = file.text(entry + 46, nameLength)
    else { throw Fault(reason: "its directory breaks off") }
    // Numbers too large for four bytes stand in an extra field, in this order.
    var wide = wideNumbers(from: entry + 46 + nameLength, count: extraLength, of: file)[...]
    func widened(_ narrow: Int) throws(Fault) -> Int {
      guard narrow == 0xFFFF_FFFF else { return narrow }
      guard let number = wide.popFirst() else { throw Fault(reason: "the member '\(name)' has no size") }
      return number
    }
    size = try widened(size)
    stored = try widened(stored)
    header = try widened(header)
    guard flags & 1 == 0 else { throw Fault(reason: "the member '\(name)' is encrypted") }
    guard method == 0, stored == size else {
      throw Fault(
        reason: "the member '\(name)' is compressed")
    }
    guard file.number(header, 4) == 0x0403_4B50, let ownLength = file.number(header + 26, 2),
      let ownExtra = file.number(header + 28, 2), file.text(header + 30, ownLength) == name
    else { throw Fault(reason: "the member '\(name)' is not where the directory says") }
    let start = header + 30 + ownLength + ownExtra
    guard start <= limit, size <= limit - start else {
      throw Fault(reason: "the member '\(name)' would be \(size) bytes from byte \(start) on of \(limit)")
    }
    return (
      Member(name: name, bytes: start..<start + size), entry + 46 + nameLength + extraLength + commentLength
    )
  }

  /// The eight-byte numbers of the extra field for wide members, if there is one.
  private static func wideNumbers(from start: Int, count: Int, of file: LittleEndianBytes) -> [Int] {
    var at = start
    while at + 4 <= start + count, let kind = file.number(at, 2), let length = file.number(at + 2, 2) {
      if kind == 1 {
        let inside = min(length, start + count - at - 4)
        return (0..<inside / 8).compactMap { file.number(at + 4 + 8 * $0, 8) }
      }
      at += 4 + length
    }
    return []
  }
}

/// Bytes that are read as numbers with the smallest first; outside of them there is nothing.
private struct LittleEndianBytes {
  private let bytes: UnsafeRawBufferPointer

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var count: Int { bytes.count }

  /// A number of so many bytes; `nil` if it does not lie in the file, or is too large for any file.
  func number(_ start: Int, _ width: Int) -> Int? {
    guard start >= 0, start <= bytes.count - width else { return nil }
    let value = (0..<width).reduce(UInt64(0)) { $0 | UInt64(bytes[start + $1]) << (8 * UInt64($1)) }
    return value < 1 << 62 ? Int(value) : nil
  }

  func text(_ start: Int, _ length: Int) -> String? {
    guard start >= 0, length >= 0, start <= bytes.count - length else { return nil }
    return String(decoding: bytes[start..<start + length], as: UTF8.self)
  }
}
