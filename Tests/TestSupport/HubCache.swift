public import Foundation

/// A cache as the tools of the Hugging Face hub keep it: blobs, snapshots of links to them, and names of commits.
public struct HubCache: Sendable {
  private let folder: TemporaryFolder

  public init() throws { folder = try TemporaryFolder() }

  /// What `HF_HUB_CACHE` says of it.
  public var url: URL { folder.url("hub") }
  /// What `HF_HOME` says of it.
  public var home: URL { folder.url }

  /// The folder of one commit of a repository.
  public func snapshot(_ repository: String, _ commit: String) -> URL {
    repositoryFolder(repository).appending(path: "snapshots/\(commit)")
  }

  private func repositoryFolder(_ repository: String) -> URL {
    url.appending(path: "models--" + repository.replacing("/", with: "--"))
  }

  /// Adds files to a commit of a repository, and names the commit.
  public func add(
    _ repository: String, _ files: [String: Data], revision: String? = "main", commit: String = "0123abcd"
  ) throws {
    let root = repositoryFolder(repository)
    func write(_ data: Data, to place: URL) throws {
      try FileManager.default.createDirectory(
        at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
      try data.write(to: place)
    }
    if let revision { try write(Data(commit.utf8), to: root.appending(path: "refs/\(revision)")) }
    for (path, data) in files {
      let blob = "\(commit)-\(path.replacing("/", with: "-"))"
      try write(data, to: root.appending(path: "blobs/\(blob)"))
      let link = snapshot(repository, commit).appending(path: path)
      try FileManager.default.createDirectory(
        at: link.deletingLastPathComponent(), withIntermediateDirectories: true)
      let up = String(repeating: "../", count: path.split(separator: "/").count + 1)
      try FileManager.default.createSymbolicLink(
        atPath: link.path, withDestinationPath: "\(up)blobs/\(blob)")
    }
  }

  /// Adds the files below a folder.
  public func add(
    _ repository: String, contentsOf source: URL, below path: String = "", revision: String? = "main",
    commit: String = "0123abcd", where isWanted: (String) -> Bool = { _ in true }
  ) throws {
    var files: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: source.path) where isWanted(name) {
      guard let data = try? Data(contentsOf: source.appending(path: name)) else { continue }
      files[path.isEmpty ? name : "\(path)/\(name)"] = data
    }
    try add(repository, files, revision: revision, commit: commit)
  }
}
