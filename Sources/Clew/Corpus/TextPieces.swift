internal import Checkpoints
internal import Foundation
internal import Tensors

/// A file of UTF-8 text in documents: stretches between blank lines, none longer than a limit.
///
/// The file is mapped, checked from end to end once, and then read piece by piece, so that its size does not matter.
struct TextPieces: Sendable {
  private let file: MappedFile
  var path: String { file.path }
  var byteCount: Int { file.bytes.count }

  /// The longest document in bytes; a longer one is cut, at white space if there is some.
  static let longest = 1 << 16
  private static let stride = 1 << 24

  /// Maps a file and checks it.
  init(_ url: URL) throws(CorpusError) {
    do throws(TensorError) { file = try MappedFile(url) } catch {
      switch error {
      case .cannotRead(let path, let reason): throw .cannotRead(path: path, reason: reason)
      case .torn(let path): throw .cannotRead(path: path, reason: "it became shorter")
      }
    }
    do throws(CheckpointError) { try GitLFS.check(file.bytes, path: file.path) } catch {
      throw .badTokens(error)
    }
    try check()
  }

  private func check() throws(CorpusError) {
    let bytes = file.bytes
    var byte = 0, forgotten = 0, hasText = false
    while byte < bytes.count {
      let first = bytes[byte]
      if first < 0x80 {
        guard first != 0 else { throw .binary(path: path, byte: byte) }
        if first > 0x20 { hasText = true }
        byte += 1
      } else {
        let length = Self.scalarLength(bytes, at: byte)
        guard length > 0 else { throw .notUTF8(path: path, byte: byte) }
        hasText = true
        byte += length
      }
      if byte - forgotten >= Self.stride {
        file.forget(forgotten..<byte)
        forgotten = byte
      }
    }
    guard hasText else { throw .empty(path: path) }
  }

  /// The bytes of the scalar that begins at a byte of 0x80 or more; 0 if none does.
  private static func scalarLength(_ bytes: UnsafeRawBufferPointer, at start: Int) -> Int {
    let first = bytes[start]
    let (length, low, high): (Int, UInt8, UInt8) =
      switch first {
      case 0xC2...0xDF: (2, 0x80, 0xBF)
      case 0xE0: (3, 0xA0, 0xBF)
      case 0xED: (3, 0x80, 0x9F)
      case 0xE1...0xEF: (3, 0x80, 0xBF)
      case 0xF0: (4, 0x90, 0xBF)
      case 0xF1...0xF3: (4, 0x80, 0xBF)
      case 0xF4: (4, 0x80, 0x8F)
      default: (0, 0, 0)
      }
    guard length > 0, start + length <= bytes.count, (low...high).contains(bytes[start + 1]) else { return 0 }
    for place in start + 2..<start + max(2, length) where bytes[place] & 0xC0 != 0x80 { return 0 }
    return length
  }

  /// The next document from a byte on, without the white space around it, and the byte behind it; `nil` at the end.
  func document(from start: Int) -> (text: String, begin: Int, end: Int)? {
    let bytes = file.bytes
    var begin = start
    // A byte-order mark is no part of the text.
    if begin == 0, bytes.count >= 3, bytes.prefix(3).elementsEqual([0xEF, 0xBB, 0xBF]) { begin = 3 }
    while begin < bytes.count, Self.isSpace(bytes[begin]) { begin += 1 }
    guard begin < bytes.count else { return nil }
    let limit = min(bytes.count, begin + Self.longest)
    var end = begin, lastText = begin, lastSpace: Int?
    var lineIsBlank = false
    scan: while end < limit {
      let byte = bytes[end]
      if byte == 0x0A {
        if lineIsBlank { break scan }
        lineIsBlank = true
      } else if !Self.isSpace(byte) {
        lineIsBlank = false
        lastText = end + 1
      }
      if Self.isSpace(byte) { lastSpace = end }
      end += 1
    }
    if end == limit, limit < bytes.count {
      // Cut at white space, else in front of a scalar.
      if let lastSpace {
        end = lastSpace
      } else {
        while bytes[end] & 0xC0 == 0x80 { end -= 1 }
      }
      lastText = min(lastText, end)
      while lastText > begin, Self.isSpace(bytes[lastText - 1]) { lastText -= 1 }
    }
    return (String(decoding: bytes[begin..<lastText], as: UTF8.self), begin, end)
  }

  /// Lets the system take back what was read.
  func forget(_ range: Range<Int>) { file.forget(range) }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || (0x09...0x0D).contains(byte)
  }
}
