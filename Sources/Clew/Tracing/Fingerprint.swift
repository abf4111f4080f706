internal import Checkpoints
public import Foundation
public import Transcoding

/// A short name for what stands in a folder of weights, to tell later whether it is the same.
///
/// FNV-1a, 64 bits, over every file's name and size, its first 64 KiB (a safetensors header, a whole configuration)
/// and 4 KiB at each sixteenth of the rest. It notices other weights; it is no protection against forgery.
public enum Fingerprint {
  /// The fingerprint of a folder's files, as 16 hexadecimal digits.
  public static func of(folder: URL) -> String {
    of(files: weightFiles(in: folder))
  }

  /// The fingerprint of transcoders: of their folder, and of files with weights that lie below it or elsewhere.
  public static func of(_ transcoder: Transcoder) -> String {
    let path = transcoder.folder.standardizedFileURL.path
    let others = transcoder.files.filter { $0.deletingLastPathComponent().standardizedFileURL.path != path }
    guard !others.isEmpty else { return of(folder: transcoder.folder) }
    return of(files: weightFiles(in: transcoder.folder) + others)
  }

  /// The same of the transcoders that a folder holds; that of the folder itself if they cannot be loaded.
  public static func of(transcodersIn folder: URL) -> String {
    (try? Transcoder(folder: folder)).map { of($0) } ?? of(folder: folder)
  }

  /// The checksum of all bytes of a folder's files of weights, as 16 hexadecimal digits: for what must not be taken for
  /// something else however little differs.
  static func whole(folder: URL) throws(CheckpointError) -> String {
    try whole(files: weightFiles(in: folder))
  }

  /// The same of files in their order; their folders do not count.
  /// - Throws: ``CheckpointError/cannotRead(path:reason:)``: what was left out would count as equal.
  static func whole(files: [URL]) throws(CheckpointError) -> String {
    var checksum = Checksum()
    for url in files {
      do {
        let file = try FileHandle(forReadingFrom: url)
        defer { try? file.close() }
        let size = try file.seekToEnd()
        try file.seek(toOffset: 0)
        checksum.take(Array("\(url.lastPathComponent) \(size)\n".utf8))
        while let part = try file.read(upToCount: 1 << 22), !part.isEmpty {
          part.withUnsafeBytes { checksum.take($0) }
        }
      } catch {
        throw .cannotRead(path: url.path, reason: error.localizedDescription)
      }
    }
    return checksum.digits
  }

  /// The fingerprint of a text, as 16 hexadecimal digits.
  static func of(text: String) -> String {
    var hash = FNV1a()
    hash.take(text.utf8)
    return hash.digits
  }

  private static func weightFiles(in folder: URL) -> [URL] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.sorted()
      .filter { name in [".safetensors", ".json", ".yaml"].contains(where: name.hasSuffix) }
      .map { folder.appending(path: $0) }
  }

  /// The fingerprint of files in their order, as 16 hexadecimal digits; their folders do not count.
  public static func of(files: [URL]) -> String {
    var hash = FNV1a()
    for url in files {
      guard let file = try? FileHandle(forReadingFrom: url) else { continue }
      defer { try? file.close() }
      let size = (try? file.seekToEnd()) ?? 0
      hash.take("\(url.lastPathComponent) \(size)\n".utf8)
      for (offset, count) in samples(of: size) {
        try? file.seek(toOffset: offset)
        hash.take((try? file.read(upToCount: count)) ?? Data())
      }
    }
    return hash.digits
  }

  private static func samples(of size: UInt64) -> [(offset: UInt64, count: Int)] {
    let head: UInt64 = 65_536
    guard size > head else { return [(0, Int(size))] }
    return [(0, Int(head))] + (0..<16).map { (head + (size - head) / 16 * $0, 4096) }
  }
}

/// The hash of Fowler, Noll and Vo, 64 bits.
private struct FNV1a {
  private var value: UInt64 = 0xCBF2_9CE4_8422_2325

  mutating func take(_ bytes: some Sequence<UInt8>) {
    let next = bytes.withContiguousStorageIfAvailable { [value] bytes in
      var (value, place) = (value, 0)
      while place < bytes.count {
        value = (value ^ UInt64(bytes[place])) &* 0x100_0000_01B3
        place += 1
      }
      return value
    }
    if let next {
      value = next
    } else {
      for byte in bytes { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }
  }

  var digits: String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: 16 - text.count) + text
  }
}
