internal import AttributionGraphs
internal import Files
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
    } catch {
      throw .cannotKeep(path: folder.path, reason: error.localizedDescription)
    }
    do throws(FileError) {
      // Another explorer that keeps files here waits meanwhile.
      let lock = try FolderLock(folder)
      defer { withExtendedLifetime(lock) {} }
      let file = freeFile(stem)
      try OutputPlace.write(bytes, to: file.path)
      return Self.source(of: file)
    } catch {
      throw .cannotKeep(path: folder.path, reason: Self.reason(error))
    }
  }

  /// A name that none has yet.
  private func freeFile(_ stem: String) -> URL {
    var number = 1
    while true {
      let file = folder.appending(path: number == 1 ? "\(stem).json" : "\(stem)-\(number).json")
      // A view that was left behind is another file's.
      let taken = [file.path, SavedView.sidecarPath(besideGraph: file.path)]
      if !taken.contains(where: FileManager.default.fileExists) { return file }
      number += 1
    }
  }

  private static func reason(_ error: FileError) -> String {
    switch error {
    case .cannotWrite(_, let reason), .partlyWritten(_, let reason, _), .unconfirmed(_, let reason):
      reason.lowercased()
    case .busy: "another clew writes there"
    }
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
