public import Foundation
internal import Tensors

/// What is missing of something on the Hugging Face hub, and how it is fetched.
public struct HubError: Error, Equatable, CustomStringConvertible {
  /// What was asked for, as it was written.
  public let name: String
  /// Paths of the files that are missing, if the rest is there; none if nothing is.
  public let missing: [String]
  /// About how many bytes they have, where that is known.
  public let byteCount: Int?
  /// What fetches them; empty for an address that is none of the hub's.
  public let command: String
  /// Revisions that are there instead.
  public let otherRevisions: [String]
  private let cache: String

  /// What stands for all files of weights, where their names are not known.
  public static let weights = "the files of weights"

  public init(
    name: String, missing: [String] = [], byteCount: Int? = nil, command: String,
    otherRevisions: [String] = [],
    cache: URL = HubReference.cache
  ) {
    (self.name, self.missing, self.byteCount) = (name, missing, byteCount)
    (self.command, self.otherRevisions, self.cache) = (command, otherRevisions, cache.path)
  }

  /// Files that were not fetched, with the commands that fetch them, one for each repository and revision.
  /// - Parameters:
  ///   - files: The files, at least one.
  ///   - name: What lists them.
  ///   - present: Files of the same kind that are there, and have about the same size.
  public init(_ files: [HubReference], of name: String, present: [URL] = []) {
    var groups: [(whole: HubReference, paths: [String])] = []
    for file in files {
      let whole = HubReference(repository: file.repository, path: "", revision: file.revision)
      if let place = groups.firstIndex(where: { $0.whole == whole }) {
        groups[place].paths.append(file.path)
      } else {
        groups.append((whole, [file.path]))
      }
    }
    let sizes = present.compactMap { url -> Int? in
      // What a link leads to.
      let path = url.resolvingSymlinksInPath().path
      return (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int
    }
    self.init(
      name: name, missing: files.map { $0.repository == files[0].repository ? $0.path : "\($0)" },
      byteCount: sizes.isEmpty ? nil : sizes.reduce(0, +) / sizes.count * files.count,
      command: groups.map { $0.whole.download($0.paths) }.joined(separator: " && "))
  }

  /// An address that names no repository of the hub, or no folder in one.
  static func notOfHub(_ name: String) -> HubError { HubError(name: name, command: "") }

  public var description: String {
    guard !command.isEmpty else {
      return
        "'\(name)' is no folder on this machine, and names no place on the Hugging Face hub. Name a folder, or "
        + "OWNER/NAME[/FOLDER][@REVISION] of what was fetched from there."
    }
    let size = byteCount.map { ", about \(ByteText.of($0))" } ?? ""
    guard let first = missing.first else {
      let others =
        otherRevisions.isEmpty ? "" : "; it has the revision \(otherRevisions.joined(separator: ", "))"
      return
        "'\(name)' is neither here nor in the Hugging Face cache (\(cache)\(others)). Check the name, or "
        + "fetch it with `\(command)`."
    }
    let others =
      missing.count > 1 ? " and \(missing.count - 1) more file\(missing.count > 2 ? "s" : "")" : ""
    let verb = missing.count > 1 || first == Self.weights ? "are" : "is"
    return "of '\(name)' \(first)\(others) \(verb) not in the Hugging Face cache "
      + "(\(cache))\(size). Fetch what is missing with `\(command)`."
  }
}
