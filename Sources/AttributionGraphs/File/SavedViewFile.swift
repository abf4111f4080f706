import Foundation

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
    let bytes: [UInt8]
    do {
      bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    } catch {
      let reason = access(path, R_OK) == 0 ? error.localizedDescription : String(cString: strerror(errno))
      throw .fileFailed(path: path, action: "read", reason: reason)
    }
    do throws(GraphError) {
      try self.init(sidecar: bytes)
    } catch {
      throw .badFile(path: path, error: error)
    }
  }

  /// Writes the view as a sidecar, beside its place first and then renamed into it.
  /// - Throws: ``GraphError``.
  public func write(toFile path: String) throws(GraphError) {
    let bytes = try sidecar()
    do {
      try Data(bytes).write(to: URL(filePath: path), options: .atomic)
    } catch {
      throw .fileFailed(path: path, action: "written", reason: error.localizedDescription)
    }
  }
}
