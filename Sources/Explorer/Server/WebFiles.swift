internal import Foundation

/// The explorer's pages, styles and modules, read once: a request's path is looked up among their names and never
/// becomes a path on the disk.
struct WebFiles: Sendable {
  struct File: Sendable {
    let type: String
    let bytes: Data
  }

  let files: [String: File]

  /// Reads the folder that the build puts beside the program.
  init() throws {
    let name = "clew-attribution_Explorer.resources"
    let beside = Bundle.main.executableURL?.resolvingSymlinksInPath().deletingLastPathComponent()
    let places = [beside, Bundle(for: Anchor.self).resourceURL, Bundle.main.resourceURL].compactMap { $0 }
    let folder =
      places.map { $0.appending(path: name).appending(path: "Web") }
      .first { FileManager.default.fileExists(atPath: $0.path) }
    guard let folder else {
      throw ExplorerError.pagesMissing(path: (beside ?? URL(filePath: ".")).appending(path: name).path)
    }
    var files: [String: File] = [:]
    for url in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) {
      guard let type = Self.types[url.pathExtension] else { continue }
      files[url.lastPathComponent] = File(type: type, bytes: try Data(contentsOf: url))
    }
    guard files["index.html"] != nil else { throw ExplorerError.pagesMissing(path: folder.path) }
    self.files = files
  }

  private static let types = [
    "html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
  ]
}

/// Finds the bundle that this code lies in, which in tests is not the program's.
private final class Anchor {}
