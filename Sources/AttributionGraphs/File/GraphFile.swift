import Foundation

extension GraphReading {
  /// Reads a graph file.
  /// - Throws: ``GraphError/fileFailed(path:action:reason:)``, and ``GraphError/badFile(path:error:)`` around what
  ///   ``init(json:idRule:)`` throws.
  public init(contentsOfFile path: String, idRule: IDRule = .resolved) throws(GraphError) {
    let bytes: [UInt8]
    do {
      bytes = [UInt8](try Data(contentsOf: URL(filePath: path), options: .mappedIfSafe))
    } catch {
      // Foundation's own words for a missing file are two sentences.
      let reason = access(path, R_OK) == 0 ? error.localizedDescription : String(cString: strerror(errno))
      throw .fileFailed(path: path, action: "read", reason: reason)
    }
    if let other = Self.otherFormat(bytes) {
      throw .fileFailed(path: path, action: "read", reason: other)
    }
    do throws(GraphError) {
      try self.init(json: bytes, idRule: idRule)
    } catch {
      throw .badFile(path: path, error: error)
    }
  }

  /// What a file is by its first bytes, if it is one of those that are often taken for a graph file.
  private static func otherFormat(_ bytes: [UInt8]) -> String? {
    if bytes.starts(with: [0x1F, 0x8B]) { return "it is compressed; unpack it with gunzip" }
    if bytes.starts(with: "PK\u{3}\u{4}".utf8) {
      return
        "it is a zip archive, as circuit-tracer's .pt files are; write the graph as JSON with its create_graph_files"
    }
    if bytes.starts(with: "version https://git-lfs.github.com/spec/".utf8) {
      return "it is a Git LFS pointer, and not the file itself; run git lfs pull in its folder"
    }
    return nil
  }
}

extension AttributionGraph {
  /// Writes the graph as a file that the public viewers read.
  ///
  /// The file is written beside its place and then renamed into it, so that nothing half-written is ever
  /// found there.
  /// - Throws: ``GraphError``.
  public func write(toFile path: String) throws(GraphError) {
    let draft = "\(path).\(ProcessInfo.processInfo.processIdentifier).part"
    guard FileManager.default.createFile(atPath: draft, contents: nil),
      let file = FileHandle(forWritingAtPath: draft)
    else { throw .fileFailed(path: draft, action: "written", reason: "it could not be created") }
    do throws(GraphError) {
      try GraphWriter.write(self) { (bytes: [UInt8]) throws(GraphError) in
        do {
          try file.write(contentsOf: bytes)
        } catch {
          throw GraphError.fileFailed(path: draft, action: "written", reason: error.localizedDescription)
        }
      }
      try? file.close()
      guard rename(draft, path) == 0 else {
        throw GraphError.fileFailed(path: path, action: "written", reason: String(cString: strerror(errno)))
      }
    } catch {
      try? FileManager.default.removeItem(atPath: draft)
      throw error
    }
  }
}
