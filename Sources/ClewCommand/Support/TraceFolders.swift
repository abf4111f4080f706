internal import Clew
internal import Foundation

/// The folders of traces in one folder, named after their prompts: `lily`, `lily-2`, `lily-3`.
///
/// A name keeps little of a prompt, so different prompts may have the same one.
struct TraceFolders {
  let parent: URL

  /// The folders of one name that are there, as they were made.
  func all(named slug: String) -> [URL] {
    Array(
      (1...).lazy.map { numbered($0, named: slug) }
        .prefix { FileManager.default.fileExists(atPath: $0.path) })
  }

  /// A folder that is not there yet: what was traced and pinned before stays.
  func new(named slug: String) -> URL { numbered(all(named: slug).count + 1, named: slug) }

  /// The folder for a trace of a prompt: one that holds such a trace, or no graph, or that is not there yet.
  func place(of prompt: String, named slug: String) -> URL {
    all(named: slug).first { folder in
      guard FileManager.default.fileExists(atPath: folder.appending(path: "graph.json").path) else {
        return true
      }
      return Self.run(in: folder)?["settings"]?.object?["prompt"]?.string == prompt
    } ?? new(named: slug)
  }

  private func numbered(_ number: Int, named slug: String) -> URL {
    parent.appending(path: number == 1 ? slug : "\(slug)-\(number)")
  }

  /// The transcoders that a graph was traced with: the name of their folder, and their fingerprint; `nil` if nothing beside it
  /// says so.
  static func transcoders(of input: GraphInput) -> (name: String, fingerprint: String)? {
    let made = run(in: URL(filePath: input.file).deletingLastPathComponent())?["transcoders"]?.object
    guard let fingerprint = made?["fingerprint"]?.string else { return nil }
    return (made?["folder"]?.string ?? "unnamed", fingerprint)
  }

  /// What a trace's folder says of how it was made.
  static func run(in folder: URL) -> JSONObject? {
    guard let bytes = try? Data(contentsOf: folder.appending(path: "run.json")) else { return nil }
    return try? JSON(parsing: Array(bytes)).object
  }
}
