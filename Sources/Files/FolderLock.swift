public import Foundation

/// The right to change what lies in a folder, for moments: others wait for it.
///
/// It is the system's lock on the folder itself (`flock`), so it leaves no file behind and ends with the process that
/// holds it. Whoever reads, merges and writes a file that others write too, or puts a whole folder in another's place,
/// holds it meanwhile.
public final class FolderLock: Sendable {
  private let descriptor: Int32

  /// Waits for the lock on a folder, which must be there.
  public init(_ folder: URL) throws(FileError) {
    guard let descriptor = Self.opened(try OutputPlace.folder(folder.path), waits: true) else {
      throw .cannotWrite(path: folder.relativePath, reason: FileCalls.reason(errno))
    }
    self.descriptor = descriptor
  }

  /// - Returns: `nil` if there is no such folder, or if another holds it and nothing is to be waited for.
  init?(_ path: String, waits: Bool) {
    guard let descriptor = Self.opened(path, waits: waits) else { return nil }
    self.descriptor = descriptor
  }

  /// A folder, opened and locked.
  private static func opened(_ path: String, waits: Bool) -> Int32? {
    while true {
      let opened = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      guard opened >= 0 else { return nil }
      let error = take(opened, waits: waits)
      // Where the file system has no locks there is nobody that could be waited for.
      guard error == 0 || isMissing(error) else {
        close(opened)
        errno = error
        return nil
      }
      // Another folder may have come to lie there meanwhile.
      if let mine = FileIdentity(opened), mine == FileIdentity(path, followsLinks: true) { return opened }
      close(opened)
    }
  }

  /// Whether an error number says that the file system has no locks.
  static func isMissing(_ error: Int32) -> Bool { [ENOTSUP, ENOLCK, EBADF, EINVAL, ENOSYS].contains(error) }

  /// Takes the system's lock on an open file or folder.
  static func take(_ descriptor: Int32, waits: Bool) -> Int32 {
    while flock(descriptor, waits ? LOCK_EX : LOCK_EX | LOCK_NB) != 0 {
      if errno != EINTR { return errno }
    }
    return 0
  }

  deinit { close(descriptor) }
}
