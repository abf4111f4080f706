internal import Foundation

/// A file on the Hugging Face hub, `hf://owner/repository/path?revision=x`, as it lies in the hub's cache on this machine.
struct HubReference {
  let repository: String
  let path: String
  let revision: String

  /// Takes a reference apart; `nil` if it is none, or leads outside its repository.
  init?(_ text: String) {
    guard text.hasPrefix("hf://"), let parts = URLComponents(string: text), let owner = parts.host else {
      return nil
    }
    let steps = parts.path.split(separator: "/", omittingEmptySubsequences: true).map(String.init)
    revision = parts.queryItems?.first { $0.name == "revision" }?.value ?? "main"
    guard steps.count >= 2, !owner.isEmpty,
      // Nothing that leads elsewhere, and nothing that a shell would take for more than a name.
      ([owner] + steps + revision.split(separator: "/", omittingEmptySubsequences: false).map(String.init))
        .allSatisfy({ $0.wholeMatch(of: #/[A-Za-z0-9_-][A-Za-z0-9._-]*/#) != nil })
    else { return nil }
    repository = "\(owner)/\(steps[0])"
    path = steps.dropFirst().joined(separator: "/")
  }

  /// Where the hub's tools keep what they have downloaded.
  static var cache: URL {
    let environment = ProcessInfo.processInfo.environment
    if let path = environment["HF_HUB_CACHE"], !path.isEmpty { return URL(filePath: path) }
    if let path = environment["HF_HOME"], !path.isEmpty { return URL(filePath: path).appending(path: "hub") }
    return FileManager.default.homeDirectoryForCurrentUser.appending(path: ".cache/huggingface/hub")
  }

  /// The file on this machine, if it has been downloaded.
  func file(in cache: URL = HubReference.cache) -> URL? {
    let folder = cache.appending(path: "models--" + repository.replacing("/", with: "--"))
    let reference = try? String(contentsOf: folder.appending(path: "refs/\(revision)"), encoding: .utf8)
    let commit = reference?.trimmingCharacters(in: .whitespacesAndNewlines) ?? revision
    guard !commit.contains("/"), commit != "..", !commit.isEmpty else { return nil }
    let file = folder.appending(path: "snapshots/\(commit)/\(path)")
    return FileManager.default.fileExists(atPath: file.path) ? file : nil
  }

  /// The command that downloads it.
  var download: String {
    "hf download \(repository) \(path)" + (revision == "main" ? "" : " --revision \(revision)")
  }
}
