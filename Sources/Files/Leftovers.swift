internal import Foundation
internal import Synchronization

/// What killed processes left: found by its hidden name, and known by the lock that nobody holds.
public enum Leftovers {
  /// Puts into place what a killed process had begun to put into a folder: without that, files of it are old and new.
  ///
  /// Where the system exchanges folders there is never such a thing; see ``StagedFiles``.
  public static func finish(in folder: String) {
    for name in namesInFolder(folder) {
      guard let ending = hidden(name)?.ending, ["commit", "undo"].contains(ending) else { continue }
      let path = "\(folder)/\(name)"
      guard let lock = StagingFolder.locked(path) else { continue }
      defer { close(lock) }
      let journal = Journal(path, of: folder)
      if ending == "undo" {
        journal.undo()
      } else {
        // What fails now may be tried again.
        guard journal.replay().failure == nil else { continue }
      }
      StagingFolder.delete(path)
    }
  }

  /// Takes away, or brings to its end, what killed processes left in a folder.
  static func sweep(_ folder: String) {
    finish(in: folder)
    for name in namesInFolder(folder) {
      guard let found = hidden(name), ["partial", "work"].contains(found.ending) else { continue }
      let path = "\(folder)/\(name)"
      guard let lock = StagingFolder.locked(path) else { continue }
      defer { close(lock) }
      switch (found.ending, found.folder) {
      case ("work", _): try? FileManager.default.removeItem(atPath: path)
      case (_, nil): StagingFolder.delete(path)
      case (_, let replaced?):
        if FileIdentity("\(path)/\(Replacement.record)") != nil {
          StagingFolder.delete(path)
        } else if let held = FolderLock("\(folder)/\(replaced)", waits: false) {
          withExtendedLifetime(held) { Replacement(recordedIn: "\(folder)/\(replaced)").finish(old: path) }
        }
      }
    }
  }

  /// What a hidden name says: `.clew-12-3.partial`, or `.NAME.clew-12-3.partial`.
  private static func hidden(_ name: String) -> (folder: String?, ending: String)? {
    guard name.hasPrefix("."), name.contains("clew-"),
      let match = name.wholeMatch(of: /\.(?:(.+)\.)?clew-[0-9]+-[0-9]+\.(partial|commit|undo|work)/)
    else {
      return nil
    }
    return (match.output.1.map { String($0) }, String(match.output.2))
  }
}

/// A folder for the time of some work, with a hidden name, locked as long as somebody holds it.
public final class WorkTree: Sendable {
  public let path: String
  private let descriptor: Int32

  /// Makes one in a folder, which is made if it is missing, and takes away those that killed processes left there.
  public init(in folder: String, named name: String) throws(FileError) {
    let parent = try OutputPlace.folder(folder)
    Leftovers.sweep(parent)
    while true {
      let path = StagingFolder.newPath(in: parent, of: name, ending: "work")
      _ = Unfinished.things.withLock { $0.trees.insert(path) }
      do { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) } catch {
        throw .cannotWrite(path: path, reason: FileCalls.reason(errno))
      }
      guard let opened = StagingFolder.locked(path) else { continue }
      (self.path, descriptor) = (path, opened)
      return
    }
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
    _ = Unfinished.things.withLock { $0.trees.remove(path) }
    close(descriptor)
  }
}
