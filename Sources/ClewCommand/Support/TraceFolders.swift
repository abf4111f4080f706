internal import Clew
internal import Foundation

/// The folders of traces in one folder, named after their prompts: `lily`, `lily-2`, `lily-3`.
///
/// A name keeps little of a prompt, and nothing of the model or of what else was asked, so different traces may have the
/// same one.
struct TraceFolders {
  let parent: URL

  /// A folder that one trace may write, and no other until it is let go.
  struct Place {
    let url: URL
    private let claim: WriteClaim

    init(_ url: URL) throws(FileError) { (self.url, claim) = (url, try WriteClaim(folder: url)) }
  }

  /// The folders of one name that are there, as they were made.
  func all(named slug: String) -> [URL] {
    Array(
      (1...).lazy.map { numbered($0, named: slug) }
        .prefix { FileManager.default.fileExists(atPath: $0.path) })
  }

  /// The folder for a trace: one that holds the same trace, or nothing, or that is not there yet.
  /// - Parameter request: The trace's fingerprint; `nil` for a folder of its own in any case.
  func place(named slug: String, for request: String? = nil) throws -> Place {
    for number in (request == nil ? lastNumber(named: slug) + 1 : 1)... {
      let folder = numbered(number, named: slug)
      guard Self.isFree(folder, for: request), let place = try Self.unlessBusy(folder) else { continue }
      // Another may have been quicker.
      if Self.isFree(folder, for: request) { return place }
    }
    preconditionFailure("the numbers have come to an end")
  }

  /// The greatest number that a folder of a name has, 0 if there is none.
  private func lastNumber(named slug: String) -> Int {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: parent.path)) ?? []
    return names.reduce(0) { last, name in
      if name == slug { return max(last, 1) }
      guard name.hasPrefix("\(slug)-"), let number = Int(name.dropFirst(slug.count + 1)) else { return last }
      return number < 1 << 40 ? max(last, number) : last
    }
  }

  /// A folder for one trace; `nil` if another is writing it.
  private static func unlessBusy(_ folder: URL) throws -> Place? {
    do { return try Place(folder) } catch FileError.busy { return nil }
  }

  /// A folder that was named for a trace.
  /// - Parameter overwrites: Whether it may hold something else.
  /// - Throws: ``OutputError/occupied(folder:holds:)``, and what claiming it throws.
  static func place(_ folder: URL, for request: String, overwrites: Bool) throws -> Place {
    let place = try Place(folder)
    if !overwrites, !isFree(folder, for: request) {
      let holds =
        run(in: folder).map { run in
          (run["settings"]?.object?["prompt"]?.string).map { "the trace of another request, “\($0)”" }
            ?? "another trace"
        } ?? "something else than a trace"
      throw OutputError.occupied(folder: folder.relativePath, holds: holds)
    }
    return place
  }

  /// The folders that hold a trace, those that were made or changed last at the end.
  func latest(_ count: Int) -> [URL] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: parent.path)) ?? []
    let dated = names.filter { !$0.hasPrefix(".") }.compactMap { name -> (URL, Date)? in
      let folder = parent.appending(path: name)
      let run = folder.appending(path: "run.json").path
      guard let date = try? FileManager.default.attributesOfItem(atPath: run)[.modificationDate] as? Date,
        FileManager.default.fileExists(atPath: folder.appending(path: "graph.json").path)
      else { return nil }
      return (folder, date)
    }
    return dated.sorted { ($0.1, $0.0.path) < ($1.1, $1.0.path) }.suffix(count).map(\.0)
  }

  /// Whether a trace loses nothing of others in a folder.
  private static func isFree(_ folder: URL, for request: String?) -> Bool {
    guard FileManager.default.fileExists(atPath: folder.path) else { return true }
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path) else { return false }
    // Of claims, and of what killed processes left.
    if names.allSatisfy({ $0.hasPrefix(".clew") }) { return true }
    return request != nil && run(in: folder)?["request"]?.string == request
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
