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
      var error = FileCalls.makeFolder(path)
      if error == 0 {
        let (opened, failure) = Self.lockedNew(path)
        if failure == 0 {
          (self.path, descriptor) = (path, opened)
          return
        }
        error = failure
      }
      _ = Unfinished.things.withLock { $0.stagings.remove(path) }
      // A name that is taken, and one that was swept before it could be locked.
      guard error == EEXIST || error == ESTALE else {
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
    let (opened, error) = opened(path)
    if error != 0, opened >= 0 { close(opened) }
    return error == 0 ? opened : nil
  }

  /// Opens and locks a folder that was just made; if that fails it is removed again.
  /// - Returns: An error number, `ESTALE` if another has swept it away; the lock is missing where there are none.
  static func lockedNew(_ path: String) -> (descriptor: Int32, error: Int32) {
    let (opened, error) = opened(path)
    if error == 0 || opened >= 0 && FolderLock.isMissing(error) { return (opened, 0) }
    if opened >= 0 { close(opened) }
    if error == ENOENT || error == EWOULDBLOCK { return (-1, ESTALE) }
    if error != ESTALE { _ = FileCalls.removeFolder(path) }
    return (-1, error)
  }

  private static func opened(_ path: String) -> (descriptor: Int32, error: Int32) {
    let opened = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
    guard opened >= 0 else { return (-1, errno) }
    let error = FolderLock.take(opened, waits: false)
    guard error == 0 else { return (opened, error) }
    guard let mine = FileIdentity(opened), mine == FileIdentity(path) else { return (opened, ESTALE) }
    return (opened, 0)
  }

  /// Makes it belong to whom another folder belongs to.
  /// - Returns: Whether that can be done.
  func takeOwner(of other: FileIdentity) -> Bool {
    guard let own = FileIdentity(path) else { return false }
    if own.owner != other.owner || own.group != other.group {
      guard chown(path, other.owner, other.group) == 0 else { return false }
    }
    return chmod(path, other.mode) == 0
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
