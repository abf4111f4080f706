internal import AttributionGraphs
internal import Files
internal import Foundation

/// The readers' view of one graph, kept in its sidecar.
///
/// Pages send patches of single entries, which are made one after the other, so that two pages that change different
/// entries lose nothing. Before a patch is answered the file is read again, since somebody else may have changed it, and
/// written; meanwhile its folder is locked, so that two explorers lose nothing either. A file that cannot be read is left
/// alone: the graph opens without it, and nothing is kept.
struct ViewKeeper {
  private(set) var view: SavedView
  /// Counts the changes since the server started.
  private(set) var revision: Int
  /// Why the sidecar cannot be read; then no change is kept.
  private(set) var trouble: GraphError?
  /// What a reader should know of it, in a sentence.
  private(set) var note: String?
  private let file: URL?
  private let graphIdentity: String

  /// Reads the sidecar, or takes what the graph's own file holds.
  /// - Parameter revision: What the changes before this are counted as.
  init(of graph: AttributionGraph, file: URL?, revision: Int = 0) {
    (self.file, self.revision) = (file, revision)
    graphIdentity = graph.identity
    view = graph.openedView()
    guard let file else { return }
    guard FileManager.default.fileExists(atPath: file.path) else { return }
    do throws(GraphError) {
      let kept = try SavedView(contentsOfFile: file.path)
      if kept.isOf(graph) {
        view = kept
      } else {
        note = try Self.setAside(kept, from: file)
      }
    } catch {
      trouble = error
    }
  }

  /// Makes changes, all of them or none, and keeps them.
  /// - Throws: ``GraphError``; then the view is as before.
  mutating func apply(_ patches: [ViewPatch]) throws(GraphError) {
    if let trouble { throw trouble }
    var changed = view
    let lock = try file.map { (file) throws(GraphError) in try Self.lock(beside: file) }
    defer { withExtendedLifetime(lock) {} }
    if let file, FileManager.default.fileExists(atPath: file.path) {
      changed = try SavedView(contentsOfFile: file.path)
      if let other = changed.graphIdentity, other != graphIdentity {
        throw .fileFailed(
          path: file.path, action: "written",
          reason: "it belongs to another graph by now, since the folder was traced anew; open it again")
      }
    }
    try changed.apply(patches)
    changed.graphIdentity = graphIdentity
    if let file { try changed.write(toFile: file.path) }
    view = changed
    revision += 1
  }

  /// Gives a sidecar that is of another graph a name of its own.
  /// - Returns: What was done, in a sentence.
  private static func setAside(_ view: SavedView, from file: URL) throws(GraphError) -> String {
    let lock = try lock(beside: file)
    defer { withExtendedLifetime(lock) {} }
    let name = view.nameAside(of: file)
    guard rename(file.path, file.deletingLastPathComponent().appending(path: name).path) == 0 else {
      throw .fileFailed(path: file.path, action: "renamed", reason: String(cString: strerror(errno)))
    }
    return
      "What was pinned and named in \(file.lastPathComponent) is of another graph; it is kept in \(name)."
  }

  /// Keeps others from writing the folder of a sidecar.
  private static func lock(beside file: URL) throws(GraphError) -> FolderLock {
    do throws(FileError) {
      guard case .file(let place) = try OutputPlace(file.path) else {
        throw .cannotWrite(path: file.path, reason: "it is no plain file")
      }
      return try FolderLock(URL(filePath: place).deletingLastPathComponent())
    } catch {
      guard case .cannotWrite(let path, let reason) = error else {
        throw .fileFailed(path: file.path, action: "written", reason: "\(error)")
      }
      throw .fileFailed(path: path, action: "written", reason: reason)
    }
  }
}
