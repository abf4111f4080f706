internal import Foundation

/// Files on their way from a hidden folder into another one, which can be brought to its end or undone at every moment.
///
/// In the hidden folder, `NAME` is a file that is still to be moved, `.gone.NAME` says that NAME is to go, and `.old.NAME` is
/// what lay in its place. The folder is called `….commit` while files are moved, and `….undo` while they are put back.
struct Journal {
  private let path: String
  private let folder: String
  static let gone = ".gone."
  private static let old = ".old."

  /// - Parameters:
  ///   - path: The hidden folder.
  ///   - folder: Where its files go.
  init(_ path: String, of folder: String) { (self.path, self.folder) = (path, folder) }

  /// Moves all files of a staging folder, or none.
  static func commit(
    _ staging: StagingFolder, to folder: String, _ things: inout Unfinished.Things
  ) -> FileError? {
    let (staged, stem) = (staging.path, staging.path.dropLast("partial".count))
    var error = staging.move(to: stem + "commit")
    if error == 0 { error = FileCalls.syncFolder(folder) }
    guard error == 0 else { return .cannotWrite(path: folder, reason: FileCalls.reason(error)) }
    things.stagings.remove(staged)
    let (moved, failure) = Journal(staging.path, of: folder).replay()
    guard let failure else { return nil }
    _ = staging.move(to: stem + "undo")
    let replaced = Journal(staging.path, of: folder).undo(moved)
    let place = "\(folder)/\(failure.name)"
    let reason = FileCalls.reason(failure.error)
    return replaced.isEmpty
      ? .cannotWrite(path: place, reason: reason)
      : .partlyWritten(path: place, reason: reason, replaced: replaced)
  }

  /// Moves what is still to be moved.
  /// - Returns: What was moved, and whether it took another's place; and what failed then.
  @discardableResult
  func replay() -> (moved: [(name: String, wasThere: Bool)], failure: (name: String, error: Int32)?) {
    var moved: [(name: String, wasThere: Bool)] = []
    for entry in namesInFolder(path) where !entry.hasPrefix(Self.old) {
      let isGone = entry.hasPrefix(Self.gone)
      let name = isGone ? String(entry.dropFirst(Self.gone.count)) : entry
      let place = "\(folder)/\(name)"
      let wasThere = FileIdentity(place) != nil
      // Where files cannot have two names a failure cannot be undone; the move itself needs none.
      if wasThere { _ = FileCalls.link(place, at: "\(path)/\(Self.old)\(name)") }
      var error = isGone ? FileCalls.remove(place) : FileCalls.move("\(path)/\(entry)", to: place)
      if isGone, error == 0 || error == ENOENT { error = FileCalls.remove("\(path)/\(entry)") }
      guard error == 0 else { return (moved, (name, error)) }
      moved.append((name, wasThere))
    }
    return (moved, nil)
  }

  /// Puts back what was replaced, and takes away what is new.
  /// - Parameter moved: What had been moved.
  /// - Returns: The names of those that stayed.
  @discardableResult
  func undo(_ moved: [(name: String, wasThere: Bool)] = []) -> [String] {
    var back: Set<String> = []
    for entry in namesInFolder(path) where entry.hasPrefix(Self.old) {
      let name = String(entry.dropFirst(Self.old.count))
      if FileCalls.move("\(path)/\(entry)", to: "\(folder)/\(name)") == 0 { back.insert(name) }
    }
    for (name, wasThere) in moved where !wasThere {
      if FileCalls.remove("\(folder)/\(name)") == 0 { back.insert(name) }
    }
    return moved.map(\.name).filter { !back.contains($0) }
  }
}
