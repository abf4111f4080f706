import Files
import Foundation

extension GraphReading {
  /// Reads a graph file, or a pipe to its end.
  /// - Parameter whileWaiting: Called once if a pipe has been silent for two seconds.
  /// - Throws: ``GraphError/fileFailed(path:action:reason:)``, and ``GraphError/badFile(path:error:)`` around what
  ///   ``init(json:idRule:)`` throws.
  public init(
    contentsOfFile path: String, idRule: IDRule = .resolved, whileWaiting: () -> Void = {}
  ) throws(GraphError) {
    let bytes = try FileBytes.read(path, whileWaiting: whileWaiting)
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
  /// The file appears whole, and has reached the disk then; links that lead to it stay.
  /// - Throws: ``GraphError``.
  public func write(toFile path: String) throws(GraphError) {
    try WrittenFile(path).write { files, name in
      try files.stage(
        name,
        throwing: { handOn in
          try GraphWriter.write(self) { (part: [UInt8]) throws(GraphError) in
            guard handOn(part) else {
              throw .fileFailed(path: path, action: "written", reason: "no more is wanted")
            }
          }
        })
    }
  }
}

/// A file of a graph or of a view, in a folder that is there.
struct WrittenFile {
  private let path: String

  init(_ path: String) { self.path = path }

  /// Lets its bytes be staged, and brings them into their place.
  func write(_ stage: (_ files: StagedFiles, _ name: String) throws -> Void) throws(GraphError) {
    func failed(_ reason: String) -> GraphError { .fileFailed(path: path, action: "written", reason: reason) }
    do {
      guard case .file(let place) = try OutputPlace(path) else { throw failed("it is no plain file") }
      let url = URL(filePath: place)
      let folder = url.deletingLastPathComponent().path
      guard FileManager.default.fileExists(atPath: folder) else { throw failed("\(folder) is not there") }
      let files = try StagedFiles(folder: folder)
      try stage(files, url.lastPathComponent)
      try files.commit()
    } catch let error as GraphError {
      throw error
    } catch FileError.cannotWrite(_, let reason) {
      throw failed(reason)
    } catch {
      throw failed("\(error)")
    }
  }
}
