public import Foundation
internal import Synchronization

/// Files that appear together or not at all.
///
/// Each is written beside its place under a hidden name; ``commit()`` renames them into place. A batch that
/// is dropped, or a process that ends by ``endProcess(status:)``, leaves what was there before, and no folder
/// that it made.
public final class FileBatch: @unchecked Sendable {
  // Used by one task at a time; the list of unfinished files has its own lock.
  private let folder: URL
  private var staged: [(temporary: String, final: String)] = []
  private var removed: [String] = []
  private let madeFolders: [String]  // the innermost first
  private static let unfinished = Mutex(Unfinished())

  private struct Unfinished {
    var files: Set<String> = []
    var folders: [String] = []
    var trees: Set<String> = []
  }

  /// A batch for a folder, which is made if it is missing.
  public init(folder: URL) throws(CheckpointError) {
    self.folder = folder
    let missing = Self.missingFolders(to: folder)
    madeFolders = missing
    Self.unfinished.withLock { $0.folders = missing + $0.folders }
    for path in missing.reversed() where mkdir(path, 0o777) != 0 && errno != EEXIST {
      throw .cannotWrite(path: path, reason: String(cString: strerror(errno)))
    }
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder), isFolder.boolValue
    else {
      throw .cannotWrite(path: folder.path, reason: String(cString: strerror(ENOTDIR)))
    }
    guard access(folder.path, W_OK) == 0 else {
      throw .cannotWrite(path: folder.path, reason: String(cString: strerror(errno)))
    }
  }

  deinit {
    Self.unfinished.withLock { unfinished in
      for file in staged {
        unlink(file.temporary)
        unfinished.files.remove(file.temporary)
      }
      // A folder that holds something is not removed.
      for made in madeFolders { rmdir(made) }
      unfinished.folders.removeAll { madeFolders.contains($0) }
    }
  }

  /// The folders that have to be made on the way to one, the innermost first.
  private static func missingFolders(to folder: URL) -> [String] {
    var missing: [String] = []
    var next = folder.absoluteURL.standardizedFileURL
    while next.path != "/", !FileManager.default.fileExists(atPath: next.path) {
      missing.append(next.path)
      next.deleteLastPathComponent()
    }
    return missing
  }

  /// Writes one file beside its place.
  public func stage(_ name: String, _ bytes: [UInt8]) throws(CheckpointError) {
    try stage(name, parts: [bytes])
  }

  /// Writes one file, in parts, beside its place.
  public func stage(_ name: String, parts: some Sequence<[UInt8]>) throws(CheckpointError) {
    let (descriptor, path) = try begin(name)
    var failure: Int32 = 0
    for part in parts {
      failure = Self.write(part, to: descriptor)
      if failure != 0 { break }
    }
    try end(descriptor, path, failure)
  }

  /// Writes one file beside its place, of which a closure hands on one part after another.
  /// - Parameter make: Hands on parts as long as it is told that more are wanted; then it may throw anything.
  /// - Throws: ``CheckpointError``, or what the closure throws while more is wanted.
  public func stage(
    _ name: String, writing make: (_ handOn: @escaping ([UInt8]) -> Bool) throws -> Void
  ) throws {
    let (descriptor, path) = try begin(name)
    var failure: Int32 = 0
    do {
      try make { part in
        if failure == 0 { failure = Self.write(part, to: descriptor) }
        return failure == 0
      }
    } catch  where failure == 0 {
      close(descriptor)
      throw error
    } catch {}
    try end(descriptor, path, failure)
  }

  private func begin(_ name: String) throws(CheckpointError) -> (descriptor: Int32, path: String) {
    let final = folder.appending(path: name).path
    let temporary = folder.appending(path: ".\(name).\(getpid()).partial").path
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: final, isDirectory: &isFolder), isFolder.boolValue {
      throw .cannotWrite(path: final, reason: "there is a folder of that name")
    }
    // Before the file is made, so that no signal can come between.
    _ = Self.unfinished.withLock { $0.files.insert(temporary) }
    staged.append((temporary, final))
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw .cannotWrite(path: final, reason: String(cString: strerror(errno)))
    }
    return (descriptor, final)
  }

  private func end(_ descriptor: Int32, _ path: String, _ failure: Int32) throws(CheckpointError) {
    var failure = failure
    if close(descriptor) != 0, failure == 0 { failure = errno }
    guard failure == 0 else { throw .cannotWrite(path: path, reason: String(cString: strerror(failure))) }
  }

  /// Names a file of an earlier batch that goes away when the others come into their places.
  public func remove(_ name: String) { removed.append(folder.appending(path: name).path) }

  /// Moves every staged file into its place, without being stopped by ``endProcess(status:)`` in between.
  public func commit() throws(CheckpointError) {
    let failure: CheckpointError? = Self.unfinished.withLock { unfinished in
      while let file = staged.first {
        guard rename(file.temporary, file.final) == 0 else {
          return .cannotWrite(path: file.final, reason: String(cString: strerror(errno)))
        }
        unfinished.files.remove(file.temporary)
        staged.removeFirst()
      }
      for path in removed where unlink(path) != 0 && errno != ENOENT {
        return .cannotWrite(path: path, reason: String(cString: strerror(errno)))
      }
      return nil
    }
    if let failure { throw failure }
  }

  /// Removes every file that any batch has staged and not moved, and ends the process: for one that is stopped.
  public static func endProcess(status: Int32) -> Never {
    unfinished.withLock { unfinished in
      for path in unfinished.files { unlink(path) }
      for path in unfinished.trees { try? FileManager.default.removeItem(atPath: path) }
      for path in unfinished.folders { rmdir(path) }
      _exit(status)
    }
  }

  /// Names a folder that goes away, with all that lies in it, when the process is stopped.
  static func watch(tree: String) { _ = unfinished.withLock { $0.trees.insert(tree) } }

  /// Removes such a folder.
  static func remove(tree: String) {
    try? FileManager.default.removeItem(atPath: tree)
    _ = unfinished.withLock { $0.trees.remove(tree) }
  }

  private static func write(_ part: [UInt8], to descriptor: Int32) -> Int32 {
    part.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        let count = Foundation.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
        if count < 0 {
          if errno == EINTR { continue }
          return errno
        }
        done += count
      }
      return 0
    }
  }
}
