public import Foundation

/// A folder for the time of some work: it goes away with all that lies in it when nobody holds it any more, or when the
/// process is stopped.
public final class WorkFolder: Sendable {
  public let url: URL

  /// Names a hidden folder in another one; what writes into it makes it.
  public init(in folder: URL, named name: String) {
    url = folder.appending(path: ".\(name)-\(getpid())")
    FileBatch.watch(tree: url.path)
  }

  deinit { FileBatch.remove(tree: url.path) }
}
