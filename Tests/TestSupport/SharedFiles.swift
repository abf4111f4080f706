public import Foundation

/// The folder of reference data beside the repository, which a user's clone does not have.
///
/// Tests on real models carry `.enabled(if: SharedFiles.areAvailable)`. Where `CLEW_REQUIRE_SHARED` is set, a
/// missing folder is an error, so that no such test can be skipped unseen.
public enum SharedFiles {
  /// The root of the package.
  public static let packageRoot = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The folder itself: `CLEW_SHARED`, or `shared` beside the package.
  public static let folder: URL =
    ProcessInfo.processInfo.environment["CLEW_SHARED"].map { URL(filePath: $0) }
    ?? packageRoot.deletingLastPathComponent().appending(path: "shared")

  /// Whether the reference data is there.
  public static let areAvailable: Bool = {
    let isThere = FileManager.default.fileExists(atPath: folder.appending(path: "models").path)
    if !isThere, ProcessInfo.processInfo.environment["CLEW_REQUIRE_SHARED"] != nil {
      preconditionFailure("CLEW_REQUIRE_SHARED is set, but there is no reference data at \(folder.path)")
    }
    return isThere
  }()

  /// The sentence that a skipped test shows.
  public static let reason = "the reference data that lies beside the repository is not here"

  /// A file or folder below ``folder``.
  public static func url(_ path: String) -> URL { folder.appending(path: path) }

  /// The JSON object or array in a file below ``folder``.
  public static func json(_ path: String) throws -> Any {
    try JSONSerialization.jsonObject(with: Data(contentsOf: url(path)))
  }
}
