internal import Foundation
internal import Synchronization

/// What goes away when the process is stopped: what nobody was told of yet.
public enum Unfinished {
  struct Things {
    /// Hidden folders with files that are not in their places yet.
    var stagings: Set<String> = []
    /// Folders that go with all that lies in them.
    var trees: Set<String> = []
    /// Files that claim a place.
    var claims: Set<String> = []
    /// Folders that were made on the way and may have stayed empty, the innermost first.
    var folders: [String] = []
    /// How often files were brought into their places.
    var commits = 0
  }

  static let things = Mutex(Things())

  /// Takes all of it away and ends the process.
  /// - Parameter say: Says so, knowing whether files came into their places before; none do from then on.
  public static func endProcess(status: Int32, saying say: (_ hasFinished: Bool) -> Void = { _ in }) -> Never
  {
    things.withLock { things in
      say(things.commits > 0)
      for path in things.stagings { StagingFolder.delete(path) }
      for path in things.trees { try? FileManager.default.removeItem(atPath: path) }
      for path in things.claims { unlink(path) }
      for path in things.folders { rmdir(path) }
      _exit(status)
    }
  }
}

/// Folders that were made on the way to one, which go again if they stay empty.
final class MadeFolders: Sendable {
  private let paths: [String]  // the innermost first

  /// How often to begin anew while others take away what was just made.
  static let mostTurns = 100

  /// Makes a folder and those on the way to it.
  init(to folder: String) throws(FileError) {
    var made: [String] = []
    for _ in 1...Self.mostTurns {
      let (path, error) = Self.make(folder, &made)
      guard error == 0 || error == EEXIST || error == ENOENT else {
        throw .cannotWrite(path: path, reason: FileCalls.reason(error))
      }
      // One on the way may be gone again: it was empty, and another process had made it.
      if FileIdentity(folder, followsLinks: true) != nil { break }
    }
    paths = made
    let there = FileIdentity(folder, followsLinks: true)
    guard there?.isFolder == true else {
      throw .cannotWrite(path: folder, reason: FileCalls.reason(there == nil ? ENOENT : ENOTDIR))
    }
    guard access(folder, W_OK) == 0 else {
      throw .cannotWrite(path: folder, reason: FileCalls.reason(errno))
    }
  }

  /// Makes what is missing on the way to a folder.
  /// - Parameter made: Gets what was missing.
  /// - Returns: The first that cannot be made, and why.
  private static func make(_ folder: String, _ made: inout [String]) -> (path: String, error: Int32) {
    var missing: [String] = []
    var next = URL(filePath: folder)
    while next.path != "/", FileIdentity(next.path, followsLinks: true) == nil {
      missing.append(next.path)
      next.deleteLastPathComponent()
    }
    made = missing + made.filter { !missing.contains($0) }
    Unfinished.things.withLock { things in
      things.folders = missing + things.folders.filter { !missing.contains($0) }
    }
    for path in missing.reversed() {
      let error = FileCalls.makeFolder(path)
      guard error == 0 || error == EEXIST else { return (path, error) }
      // What stands in a folder is safe when its own name is.
      if error == 0 { _ = FileCalls.syncFolder(URL(filePath: path).deletingLastPathComponent().path) }
    }
    return (folder, 0)
  }

  deinit {
    Unfinished.things.withLock { things in
      // A folder that holds something is not removed.
      for path in paths { rmdir(path) }
      things.folders.removeAll { paths.contains($0) }
    }
  }
}
