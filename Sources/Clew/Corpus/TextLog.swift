internal import Checkpoints
internal import Foundation
internal import Tokenization

/// Texts as lines of token numbers, to which batches are added while a model writes.
///
///     clew-text 1 temperature 1.0 seed 0 model 0f3a…
///     1 403 395 …
///     = 64 9c1d6c0a5b7e2f38
///
/// A line that begins with `=` ends a batch: how many texts were begun so far, the empty ones among them, and the
/// checksum of all bytes before it. What no such line ends was cut off when the process ended; it is taken away, and
/// written again.
final class TextLog {
  private let url: URL
  /// The texts.
  private(set) var rows: [[Token]] = []
  /// How many texts were begun.
  private(set) var begun = 0
  private var checksum = Checksum()
  private var byteCount = 0

  private static let heading = "clew-text 1 "

  /// Takes up a file, or begins it.
  /// - Parameters:
  ///   - name: What the texts depend on.
  ///   - replaces: Whether a file with another name may be thrown away.
  ///   - isSound: Whether a row may be one of these texts; it, and what follows, is written again if not.
  init(
    _ url: URL, name: String, replaces: Bool, isSound: ([Token]) -> Bool
  ) throws(CorpusError) {
    self.url = url
    let first = Array("\(Self.heading)\(name)\n".utf8)
    let isThere = FileManager.default.fileExists(atPath: url.path)
    guard let bytes = isThere ? try? Data(contentsOf: url) : Data() else {
      throw .cannotRead(path: url.path, reason: "it is not readable")
    }
    if !bytes.isEmpty {
      if bytes.starts(with: first) {
        let contents = Contents(bytes, from: first.count, isSound: isSound)
        (rows, begun, checksum, byteCount) = (
          contents.rows, contents.begun, contents.checksum, contents.byteCount
        )
        if byteCount < bytes.count { try write([], cuttingAt: byteCount) }
        return
      }
      guard replaces || first.starts(with: bytes) else {
        throw .otherText(path: url.path, written: Self.name(in: bytes), asked: name)
      }
    }
    do throws(CheckpointError) {
      let batch = try FileBatch(folder: url.deletingLastPathComponent())
      try batch.stage(url.lastPathComponent, first)
      try batch.commit()
    } catch { throw .badTokens(error) }
    checksum.take(first)
    byteCount = first.count
  }

  /// Adds texts.
  /// - Parameter begun: How many texts were begun with them.
  func append(_ texts: [[Token]], begun: Int) throws(CorpusError) {
    var bytes: [UInt8] = []
    for text in texts { bytes += "\(text.map { "\($0)" }.joined(separator: " "))\n".utf8 }
    checksum.take(bytes)
    let end = Array("= \(begun) \(checksum.digits)\n".utf8)
    checksum.take(end)
    try write(bytes + end, cuttingAt: byteCount)
    byteCount += bytes.count + end.count
    rows += texts
    self.begun = begun
  }

  private func write(_ bytes: [UInt8], cuttingAt place: Int) throws(CorpusError) {
    do {
      let file = try FileHandle(forWritingTo: url)
      defer { try? file.close() }
      try file.truncate(atOffset: UInt64(place))
      try file.write(contentsOf: bytes)
    } catch {
      let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError ?? error as NSError
      let reason =
        cause.domain == NSPOSIXErrorDomain
        ? String(cString: strerror(Int32(cause.code))) : cause.localizedDescription
      throw .badTokens(.cannotWrite(path: url.path, reason: reason))
    }
  }

  // MARK: Reading

  /// Whether a file begins like one.
  static func begins(_ url: URL) -> Bool {
    // A pipe would wait, and give its bytes only once.
    guard (try? url.resourceValues(forKeys: [.isRegularFileKey]))?.isRegularFile == true,
      let file = try? FileHandle(forReadingFrom: url)
    else { return false }
    defer { try? file.close() }
    return (try? file.read(upToCount: heading.utf8.count)) == Data(heading.utf8)
  }

  /// All texts of a file that is whole.
  static func read(_ url: URL) throws(CorpusError) -> [[Token]] {
    guard let bytes = try? Data(contentsOf: url) else {
      throw .cannotRead(path: url.path, reason: "it is missing or not readable")
    }
    guard bytes.starts(with: heading.utf8), let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else {
      throw .brokenText(path: url.path, byte: 0)
    }
    let contents = Contents(bytes, from: bytes.distance(from: bytes.startIndex, to: end) + 1) { _ in true }
    guard contents.byteCount == bytes.count else {
      throw .brokenText(path: url.path, byte: contents.byteCount)
    }
    return contents.rows
  }

  /// What a file says that its texts depend on.
  private static func name(in bytes: Data) -> String? {
    guard bytes.starts(with: heading.utf8), let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else {
      return nil
    }
    return String(decoding: bytes[..<end].dropFirst(heading.utf8.count), as: UTF8.self)
  }

  /// The whole batches with which a file begins.
  private struct Contents {
    var rows: [[Token]] = []
    var begun = 0
    var checksum = Checksum()
    /// Bytes up to the end of the last batch.
    var byteCount: Int

    /// - Parameter first: The byte behind the first line.
    init(_ data: Data, from first: Int, isSound: ([Token]) -> Bool) {
      byteCount = first
      let bytes = [UInt8](data)
      bytes.withUnsafeBytes { checksum.take(UnsafeRawBufferPointer(rebasing: $0[..<first])) }
      var batch: [[Token]] = [], batchStart = first, line = first
      while let end = bytes[line...].firstIndex(of: UInt8(ascii: "\n")) {
        let text = bytes[line..<end]
        guard text.first == UInt8(ascii: "=") else {
          guard let row = Self.tokens(text), isSound(row) else { return }
          batch.append(row)
          line = end + 1
          continue
        }
        var next = checksum
        bytes.withUnsafeBytes { next.take(UnsafeRawBufferPointer(rebasing: $0[batchStart..<line])) }
        let parts = text.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
        guard parts.count == 3, parts[2] == next.digits, let count = Int(parts[1]),
          count >= begun + batch.count, count < 1 << 40
        else { return }
        bytes.withUnsafeBytes { next.take(UnsafeRawBufferPointer(rebasing: $0[line...end])) }
        (checksum, begun, byteCount) = (next, count, end + 1)
        rows += batch
        batch = []
        line = end + 1
        batchStart = line
      }
    }

    /// The numbers of a line with a space between each two; `nil` if there are none, or others.
    private static func tokens(_ line: ArraySlice<UInt8>) -> [Token]? {
      var tokens: [Token] = []
      var value = 0, hasDigit = false
      for byte in line {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"):
          value = 10 * value + Int(byte - UInt8(ascii: "0"))
          hasDigit = true
          guard value <= Int(Token.max) else { return nil }
        case UInt8(ascii: " ") where hasDigit:
          tokens.append(Token(value))
          (value, hasDigit) = (0, false)
        default: return nil
        }
      }
      guard hasDigit else { return nil }
      return tokens + [Token(value)]
    }
  }
}
