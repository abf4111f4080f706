internal import Foundation
internal import Synchronization

/// A hidden folder in which files wait until all are whole, locked as long as its maker holds it.
///
/// `.clew-PROCESS-NUMBER.partial` lies in the folder that its files go to, `.NAME.clew-PROCESS-NUMBER.partial` beside the
/// folder NAME that it is to replace as a whole. One that nobody has locked is what a killed process left.
final class StagingFolder {
  private(set) var path: String
  private let descriptor: Int32
  private var isGone = false
  private static let number = Atomic<Int>(0)

  /// Makes and locks one.
  /// - Parameter name: The folder in the same parent that it is to replace, `nil` to fill the parent itself.
  init(in parent: String, replacing name: String? = nil) throws(FileError) {
    while true {
      let path = Self.newPath(in: parent, of: name, ending: "partial")
      _ = Unfinished.things.withLock { $0.stagings.insert(path) }
      let error = FileCalls.makeFolder(path)
      if let opened = error == 0 ? Self.locked(path) : nil {
        (self.path, descriptor) = (path, opened)
        return
      }
      _ = Unfinished.things.withLock { $0.stagings.remove(path) }
      // A name that is taken, and one that was swept before it could be locked.
      guard error == EEXIST || error == 0 else {
        throw .cannotWrite(path: name.map { "\(parent)/\($0)" } ?? parent, reason: FileCalls.reason(error))
      }
    }
  }

  /// A hidden name that no other has.
  static func newPath(in parent: String, of name: String?, ending: String) -> String {
    let number = number.add(1, ordering: .relaxed).newValue
    return "\(parent)/.\(name.map { "\($0)." } ?? "")clew-\(getpid())-\(number).\(ending)"
  }

  /// Opens and locks a folder that may be a leftover.
  /// - Returns: `nil` if somebody has it, or if it is gone.
  static func locked(_ path: String) -> Int32? {
    let opened = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
    guard opened >= 0 else { return nil }
    guard FolderLock.take(opened, waits: false) == 0, let mine = FileIdentity(opened),
      mine == FileIdentity(path)
    else {
      close(opened)
      return nil
    }
    return opened
  }

  /// Gives it another name, while it stays locked.
  /// - Returns: An error number, 0 for none.
  func move(to place: String) -> Int32 {
    let error = FileCalls.move(path, to: place)
    if error == 0 { path = place }
    return error
  }

  /// Leaves it to others: it was given away.
  func letGo() { isGone = true }

  /// Removes one and the files in it; folders that lie in it are somebody's, and keep it.
  static func delete(_ path: String) {
    for name in namesInFolder(path) { _ = FileCalls.remove("\(path)/\(name)") }
    _ = FileCalls.removeFolder(path)
  }

  deinit {
    if !isGone {
      Self.delete(path)
      _ = Unfinished.things.withLock { $0.stagings.remove(path) }
    }
    close(descriptor)
  }
}
