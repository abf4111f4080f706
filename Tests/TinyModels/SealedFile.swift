public import Foundation
internal import Clew

/// Files that end with a checksum, for tests that change what comes before it.
public enum SealedFile {
  /// Makes the last eight bytes the checksum of all others, as ``SafetensorsFile/isIntact`` wants it.
  public static func seal(_ url: URL) throws {
    var bytes = [UInt8](try Data(contentsOf: url))
    guard bytes.count >= 8 else { return }
    bytes.removeLast(8)
    var checksum = Checksum()
    checksum.take(bytes)
    bytes += withUnsafeBytes(of: checksum.value.littleEndian) { Array($0) }
    try Data(bytes).write(to: url)
  }
}
