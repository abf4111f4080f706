internal import Foundation
internal import Synchronization

/// What killed processes left: found by its hidden name, and known by the lock that nobody holds.
public enum Leftovers {
  /// Puts into place what a killed process had begun to put into a folder: without that, files of it are old and new.
  ///
  /// Where the system exchanges folders there is never such a thing; see ``StagedFiles``.
  /// - Returns: Why one of them cannot be brought to its end; what is written now would be replaced by it later.
  @discardableResult
  public static func finish(in folder: String) -> FileError? {
    var failure: FileError?
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
        if let (name, error) = journal.replay().failure {
          failure = .cannotWrite(
            path: "\(folder)/\(name)",
            reason:
              "\(FileCalls.reason(error)); it is of an earlier run that was killed, and waits in \(path)")
          continue
        }
      }
      StagingFolder.delete(path)
    }
    return failure
  }

  /// Takes away, or brings to its end, what killed processes left in a folder.
  /// - Returns: Why that cannot be done, see ``finish(in:)``.
  @discardableResult
  static func sweep(_ folder: String) -> FileError? {
    let failure = finish(in: folder)
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
    return failure
  }

  /// Whether a hidden folder lies there that another took the place of.
  static func isPutOut(of replaced: String, in folder: String) -> Bool {
    namesInFolder(folder).contains { name in
      guard let found = hidden(name), found.folder == replaced, found.ending == "partial" else {
        return false
      }
      return FileIdentity("\(folder)/\(name)/\(Replacement.record)") == nil
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
      let (opened, error) = StagingFolder.lockedNew(path)
      if error == 0 {
        (self.path, descriptor) = (path, opened)
        return
      }
      _ = Unfinished.things.withLock { $0.trees.remove(path) }
      guard error == ESTALE else { throw .cannotWrite(path: path, reason: FileCalls.reason(error)) }
    }
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
    _ = Unfinished.things.withLock { $0.trees.remove(path) }
    close(descriptor)
  }
}
