import Files
public import Foundation

extension SavedView {
  /// Where the sidecar of a graph is: `view.json` in a trace's folder, `<name>.view.json` beside `<name>.json`.
  /// - Parameter path: A trace's folder, its `graph.json`, or any other graph file.
  public static func sidecarPath(besideGraph path: String) -> String {
    var isDirectory: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue {
      return URL(filePath: path).appending(path: "view.json").path
    }
    let file = URL(filePath: path)
    let folder = file.deletingLastPathComponent()
    let stem = file.pathExtension == "json" ? file.deletingPathExtension() : file
    let own = folder.appending(path: stem.lastPathComponent + ".view.json").path
    let folders = folder.appending(path: "view.json").path
    let isOfTrace =
      file.lastPathComponent == "graph.json"
      && FileManager.default.fileExists(atPath: folder.appending(path: "run.json").path)
    return isOfTrace ? folders : own
  }

  /// Reads a sidecar.
  /// - Throws: ``GraphError/fileFailed(path:action:reason:)``, and ``GraphError/badFile(path:error:)`` around what
  ///   ``init(sidecar:)`` throws.
  public init(contentsOfFile path: String) throws(GraphError) {
    let bytes = try FileBytes.read(path)
    do throws(GraphError) {
      try self.init(sidecar: bytes)
    } catch {
      throw .badFile(path: path, error: error)
    }
  }

  /// The view that a sidecar keeps of a graph; `nil` if there is no such file, or if the view is of another graph.
  /// - Throws: What ``init(contentsOfFile:)`` throws.
  public static func kept(in path: String, of graph: AttributionGraph) throws(GraphError) -> SavedView? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let view = try SavedView(contentsOfFile: path)
    return view.isOf(graph) ? view : nil
  }

  /// The name that a sidecar gets beside its place when its graph is no more there: `view.json` becomes
  /// `view.<identity>.json`.
  public func nameAside(of file: URL) -> String {
    let (stem, ending) = (file.deletingPathExtension().lastPathComponent, file.pathExtension)
    let names = (1...).lazy.map { number in
      "\(stem).\(graphIdentity ?? "another-graph")\(number == 1 ? "" : "-\(number)").\(ending)"
    }
    let folder = file.deletingLastPathComponent()
    return names.first { !FileManager.default.fileExists(atPath: folder.appending(path: $0).path) }
      ?? "\(stem).another-graph.\(ending)"
  }

  /// Writes the view as a sidecar, which appears whole and has reached the disk then.
  /// - Throws: ``GraphError``.
  public func write(toFile path: String) throws(GraphError) {
    let bytes = try sidecar()
    try WrittenFile(path).write { files, name in try files.stage(name) { _ = $0(bytes) } }
  }
}
