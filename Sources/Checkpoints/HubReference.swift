public import Foundation

/// A place on the Hugging Face hub, as it lies in the cache that the hub's tools keep on this machine.
///
/// Written `owner/repository`, with `/path` below it and `@revision` where that is not `main`;
/// `hf://owner/repository/path?revision=x`, as configurations of transcoders have it; or as a browser shows it,
/// `https://huggingface.co/owner/repository/tree/revision/path`. In the cache `refs/main` names a
/// commit, and `snapshots/<commit>/` holds links to what was fetched of it. Nothing is ever fetched here.
public struct HubReference: Hashable, Sendable {
  /// `owner/repository`.
  public let repository: String
  /// A file or folder of the repository; empty for the whole.
  public let path: String
  /// A branch, a tag or a commit.
  public let revision: String

  public init(repository: String, path: String, revision: String = "main") {
    (self.repository, self.path, self.revision) = (repository, path, revision)
  }

  /// Takes a link apart; `nil` if it is none, or leads outside its repository.
  public init?(link: String) {
    guard link.hasPrefix("hf://") else { return nil }
    let parts = link.dropFirst(5).split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let fields = parts.count == 2 ? parts[1].split(separator: "&") : []
    let revision = fields.first { $0.hasPrefix("revision=") }.map { String($0.dropFirst(9)) }
    self.init(steps: parts[0].split(separator: "/").map(String.init), revision: revision ?? "main")
  }

  /// Takes `owner/repository[/path][@revision]` apart, or a link; `nil` if it is shaped otherwise.
  public init?(_ name: String) {
    if name.hasPrefix("hf://") {
      self.init(link: name)
      return
    }
    if name.contains("://") {
      self.init(address: name)
      return
    }
    let parts = name.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    guard !name.hasPrefix("/") else { return nil }
    self.init(
      steps: parts[0].split(separator: "/").map(String.init),
      revision: parts.count == 2 ? String(parts[1]) : "main")
  }

  /// Takes the address of a page of the hub apart: that of a repository, or of a folder or file in it; `nil` for any other.
  private init?(address: String) {
    guard let url = URLComponents(string: address), ["https", "http"].contains(url.scheme),
      ["huggingface.co", "www.huggingface.co", "hf.co"].contains(url.host), url.query == nil
    else { return nil }
    let steps = url.path.split(separator: "/").map(String.init)
    if steps.count <= 2 {
      self.init(steps: steps, revision: "main")
    } else if steps.count > 3, ["tree", "blob", "resolve"].contains(steps[2]) {
      self.init(steps: Array(steps[..<2] + steps[4...]), revision: steps[3])
    } else {
      return nil
    }
  }

  private init?(steps: [String], revision: String) {
    // Nothing that leads elsewhere, and nothing that a shell would take for more than a name.
    func isPlain(_ step: String) -> Bool { step.wholeMatch(of: #/[A-Za-z0-9_][A-Za-z0-9._+=-]*/#) != nil }
    let revisions = revision.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard steps.count >= 2, (steps + revisions).allSatisfy(isPlain) else { return nil }
    self.init(
      repository: "\(steps[0])/\(steps[1])", path: steps.dropFirst(2).joined(separator: "/"),
      revision: revision)
  }

  /// Where the hub's tools keep what they have fetched: `HF_HUB_CACHE`, else `hub` in `HF_HOME`, else in
  /// `~/.cache/huggingface`.
  public static var cache: URL {
    let environment = ProcessInfo.processInfo.environment
    func place(_ name: String) -> URL? {
      guard let path = environment[name], !path.isEmpty else { return nil }
      return URL(filePath: (path as NSString).expandingTildeInPath)
    }
    if let cache = place("HF_HUB_CACHE") ?? place("HUGGINGFACE_HUB_CACHE") { return cache }
    let home = place("HOME") ?? FileManager.default.homeDirectoryForCurrentUser
    let general = place("XDG_CACHE_HOME") ?? home.appending(path: ".cache")
    return (place("HF_HOME") ?? general.appending(path: "huggingface")).appending(path: "hub")
  }

  /// The repository's folder in a cache.
  private func folder(in cache: URL) -> URL {
    cache.appending(path: "models--" + repository.replacing("/", with: "--"))
  }

  /// The file or folder on this machine, if it has been fetched; a link whose target is missing counts as missing.
  public func place(in cache: URL = HubReference.cache) -> URL? {
    let folder = folder(in: cache)
    let reference = try? String(contentsOf: folder.appending(path: "refs/\(revision)"), encoding: .utf8)
    let commit = reference?.trimmingCharacters(in: .whitespacesAndNewlines) ?? revision
    guard !commit.contains("/"), commit != "..", !commit.isEmpty else { return nil }
    let snapshot = folder.appending(path: "snapshots/\(commit)")
    let place = path.isEmpty ? snapshot : snapshot.appending(path: path)
    return FileManager.default.fileExists(atPath: place.path) ? place : nil
  }

  /// The revisions of the repository that a cache knows by name.
  public func knownRevisions(in cache: URL = HubReference.cache) -> [String] {
    let refs = folder(in: cache).appending(path: "refs")
    return ((try? FileManager.default.subpathsOfDirectory(atPath: refs.path)) ?? []).filter { name in
      var isFolder: ObjCBool = false
      let path = refs.appending(path: name).path
      return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
    }.sorted { ($0 != "main" ? 1 : 0, $0) < ($1 != "main" ? 1 : 0, $1) }
  }

  /// Says what a folder in a cache is of; `nil` for a folder that lies elsewhere.
  public init?(cachedFolder folder: URL) {
    let steps = folder.standardizedFileURL.pathComponents
    guard let place = steps.lastIndex(of: "snapshots"), place > 0, steps.indices.contains(place + 1) else {
      return nil
    }
    let names = steps[place - 1].split(separator: "--", maxSplits: 1, omittingEmptySubsequences: false)
    guard names.count == 2, names[0] == "models" else { return nil }
    // An owner's name has no two hyphens in a row, and a repository's none either.
    let repository = String(names[1]).replacing("--", with: "/")
    let commit = steps[place + 1]
    let root = URL(filePath: steps[..<(place - 1)].joined(separator: "/").replacing("//", with: "/"))
    let whole = HubReference(repository: repository, path: "")
    let revision = whole.knownRevisions(in: root).first { name in
      let text = try? String(
        contentsOf: whole.folder(in: root).appending(path: "refs/\(name)"), encoding: .utf8)
      return text?.trimmingCharacters(in: .whitespacesAndNewlines) == commit
    }
    self.init(
      repository: repository, path: steps[(place + 2)...].joined(separator: "/"), revision: revision ?? commit
    )
  }

  /// The same place with a file below it.
  public func appending(_ name: String) -> HubReference {
    HubReference(repository: repository, path: path.isEmpty ? name : "\(path)/\(name)", revision: revision)
  }

  /// The last part of its name, as a folder of it would be called.
  public var lastName: String { String((path.isEmpty ? repository : path).split(separator: "/").last ?? "") }

  /// What viewers look its features up by: `owner/repository`, `owner/repository//path`, each perhaps with `@revision`.
  public var scan: String {
    repository + (path.isEmpty ? "" : "//\(path)") + (revision == "main" ? "" : "@\(revision)")
  }

  /// The command that fetches some files of its repository, named by their paths there.
  public func download(_ files: [String]) -> String {
    (["hf download", repository] + files + revisionOption).joined(separator: " ")
  }

  /// The command that fetches the files of its repository that fit one pattern each: of several patterns in one command
  /// older and newer versions of the tool want another spelling.
  public func download(matching patterns: [String]) -> String {
    patterns.map { pattern in
      let inside = path.isEmpty ? pattern : "\(path)/\(pattern)"
      return (["hf download", repository, "--include '\(inside)'"] + revisionOption).joined(separator: " ")
    }.joined(separator: " && ")
  }

  private var revisionOption: [String] { revision == "main" ? [] : ["--revision \(revision)"] }
}

extension HubReference: CustomStringConvertible {
  /// As a user writes it.
  public var description: String {
    repository + (path.isEmpty ? "" : "/\(path)") + (revision == "main" ? "" : "@\(revision)")
  }

  /// What a folder of weights is called: its own name, or that of the repository where it lies in a cache.
  public static func name(of folder: URL) -> String {
    HubReference(cachedFolder: folder)?.lastName ?? folder.lastPathComponent
  }
}
