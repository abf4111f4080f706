public import Foundation

/// A short name for what stands in a folder of weights, to tell later whether it is the same.
///
/// FNV-1a, 64 bits, over every file's name and size, its first 64 KiB (a safetensors header, a whole configuration)
/// and 4 KiB at each sixteenth of the rest. It notices other weights; it is no protection against forgery.
public enum Fingerprint {
  /// The fingerprint of a folder's files, as 16 hexadecimal digits.
  public static func of(folder: URL) -> String {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return of(
      files: names.sorted()
        .filter { name in [".safetensors", ".json", ".yaml"].contains(where: name.hasSuffix) }
        .map { folder.appending(path: $0) })
  }

  /// The fingerprint of files in their order, as 16 hexadecimal digits; their folders do not count.
  public static func of(files: [URL]) -> String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    func take(_ bytes: [UInt8]) {
      for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }
    for url in files {
      guard let file = try? FileHandle(forReadingFrom: url) else { continue }
      defer { try? file.close() }
      let size = (try? file.seekToEnd()) ?? 0
      take(Array("\(url.lastPathComponent) \(size)\n".utf8))
      for (offset, count) in samples(of: size) {
        try? file.seek(toOffset: offset)
        take(Array((try? file.read(upToCount: count)) ?? Data()))
      }
    }
    let text = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - text.count) + text
  }

  private static func samples(of size: UInt64) -> [(offset: UInt64, count: Int)] {
    let head: UInt64 = 65_536
    guard size > head else { return [(0, Int(size))] }
    return [(0, Int(head))] + (0..<16).map { (head + (size - head) / 16 * $0, 4096) }
  }
}
