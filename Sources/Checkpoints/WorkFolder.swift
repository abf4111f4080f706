internal import Files
public import Foundation

/// A folder for the time of some work: it goes away with all that lies in it when nobody holds it any more, or when the
/// process is stopped. What a killed process left goes when the next one is made there.
public final class WorkFolder: Sendable {
  public let url: URL
  private let tree: WorkTree

  /// Makes a hidden folder in another one.
  public init(in folder: URL, named name: String) throws(CheckpointError) {
    do throws(FileError) { tree = try WorkTree(in: folder.path, named: name) } catch {
      throw CheckpointError(error)
    }
    url = URL(filePath: tree.path)
  }
}
