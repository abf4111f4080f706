internal import AttributionGraphs
public import Foundation

/// The folder that keeps the graph files which were sent to the explorer: `NAME.json`, with what readers pinned in it
/// in `NAME.view.json`.
public struct UploadFolder: Sendable {
  private let folder: URL

  public init(_ folder: URL) { self.folder = folder }

  /// What was kept before, the oldest first.
  public var sources: [GraphSource] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    let files = names.filter { $0.hasSuffix(".json") && !$0.hasSuffix(".view.json") && !$0.hasPrefix(".") }
      .map { folder.appending(path: $0) }
    return files.map { ($0, Self.changed($0)) }.sorted { ($0.1, $0.0.path) < ($1.1, $1.0.path) }
      .map { Self.source(of: $0.0) }
  }

  private static func changed(_ file: URL) -> Date {
    (try? FileManager.default.attributesOfItem(atPath: file.path)[.modificationDate] as? Date) ?? .distantPast
  }

  private static func source(of file: URL) -> GraphSource {
    var source = GraphSource(
      name: file.deletingPathExtension().lastPathComponent,
      viewFile: URL(filePath: SavedView.sidecarPath(besideGraph: file.relativePath))
    ) { OpenGraph(try GraphReading(contentsOfFile: file.path)) }
    source.file = file
    return source
  }

  /// Keeps a file, under a name that none has yet.
  /// - Throws: ``ExplorerError/cannotKeep(path:reason:)``.
  func keep(_ bytes: [UInt8], named name: String) throws(ExplorerError) -> GraphSource {
    let stem = Self.fileName(name)
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let draft = folder.appending(path: ".\(UUID().uuidString).partial")
      defer { try? FileManager.default.removeItem(at: draft) }
      try Data(bytes).write(to: draft, options: .withoutOverwriting)
      let handle = try FileHandle(forUpdating: draft)
      try handle.synchronize()
      try handle.close()
      let file = try claim(stem)
      guard rename(draft.path, file.path) == 0 else { throw Self.failure(file) }
      return Self.source(of: file)
    } catch let error as ExplorerError {
      throw error
    } catch {
      throw .cannotKeep(path: folder.path, reason: error.localizedDescription)
    }
  }

  /// Takes a name that none has yet, whoever else is at it.
  private func claim(_ stem: String) throws(ExplorerError) -> URL {
    var number = 1
    while true {
      let file = folder.appending(path: number == 1 ? "\(stem).json" : "\(stem)-\(number).json")
      number += 1
      // A view that was left behind is another file's.
      if FileManager.default.fileExists(atPath: SavedView.sidecarPath(besideGraph: file.path)) { continue }
      let descriptor = open(file.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
      if descriptor >= 0 {
        close(descriptor)
        return file
      }
      guard errno == EEXIST else { throw Self.failure(file) }
    }
  }

  private static func failure(_ file: URL) -> ExplorerError {
    .cannotKeep(path: file.path, reason: String(cString: strerror(errno)).lowercased())
  }

  /// A file's name in plain letters.
  private static func fileName(_ name: String) -> String {
    let plain = name.unicodeScalars.map { scalar -> Character in
      let isPlain =
        scalar.isASCII
        && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
          || "-_".contains(Character(scalar)))
      return isPlain ? Character(scalar) : "-"
    }
    let stem = String(plain.prefix(80))
    return stem.isEmpty ? "graph" : stem
  }
}
