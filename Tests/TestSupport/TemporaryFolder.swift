public import Foundation

/// An empty folder of a test's own, which goes with all that is in it when nobody holds it any more.
public final class TemporaryFolder: Sendable {
  public let url: URL

  public init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "clew-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  /// A file or folder in it.
  public func url(_ path: String) -> URL { url.appending(path: path) }

  /// Writes a file in it and says where it is.
  @discardableResult
  public func write(_ path: String, _ bytes: some Sequence<UInt8>) throws -> URL {
    let file = url(path)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: file)
    return file
  }

  /// The paths of all files below it, in order.
  public func files() throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: url.path).filter { path in
      var isFolder: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: url(path).path, isDirectory: &isFolder)
      return !isFolder.boolValue
    }.sorted()
  }
}
