public import Foundation
internal import Synchronization

/// Files that appear together or not at all.
///
/// Each is written beside its place under a hidden name; ``commit()`` renames them into place. A batch that
/// is dropped, or a process that ends by ``endProcess(status:)``, leaves what was there before.
public final class FileBatch: @unchecked Sendable {
  // Used by one task at a time; the list of unfinished files has its own lock.
  private let folder: URL
  private var staged: [(temporary: String, final: String)] = []
  private let madeFolder: Bool
  private static let unfinished = Mutex<Set<String>>([])

  /// A batch for a folder, which is made if it is missing.
  public init(folder: URL) throws(CheckpointError) {
    self.folder = folder
    madeFolder = !FileManager.default.fileExists(atPath: folder.path)
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw .cannotWrite(path: folder.path, reason: Self.reason(of: error))
    }
    guard access(folder.path, W_OK) == 0 else {
      throw .cannotWrite(path: folder.path, reason: String(cString: strerror(errno)))
    }
  }

  deinit {
    for file in staged { Self.remove(file.temporary) }
    if madeFolder, !staged.isEmpty { rmdir(folder.path) }
  }

  /// Writes one file beside its place.
  public func stage(_ name: String, _ bytes: [UInt8]) throws(CheckpointError) {
    try stage(name, parts: [bytes])
  }

  /// Writes one file, in parts, beside its place.
  public func stage(_ name: String, parts: some Sequence<[UInt8]>) throws(CheckpointError) {
    let final = folder.appending(path: name).path
    let temporary = folder.appending(path: ".\(name).\(getpid()).partial").path
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw .cannotWrite(path: final, reason: String(cString: strerror(errno)))
    }
    _ = Self.unfinished.withLock { $0.insert(temporary) }
    staged.append((temporary, final))
    var failure: Int32 = 0
    for part in parts {
      failure = Self.write(part, to: descriptor)
      if failure != 0 { break }
    }
    if close(descriptor) != 0, failure == 0 { failure = errno }
    guard failure == 0 else {
      throw .cannotWrite(path: final, reason: String(cString: strerror(failure)))
    }
  }

  /// Moves every staged file into its place, without being stopped by ``endProcess(status:)`` in between.
  public func commit() throws(CheckpointError) {
    let failure: CheckpointError? = Self.unfinished.withLock { unfinished in
      while let file = staged.first {
        guard rename(file.temporary, file.final) == 0 else {
          return .cannotWrite(path: file.final, reason: String(cString: strerror(errno)))
        }
        unfinished.remove(file.temporary)
        staged.removeFirst()
      }
      return nil
    }
    if let failure { throw failure }
  }

  /// Removes every file that any batch has staged and not moved, and ends the process: for one that is stopped.
  public static func endProcess(status: Int32) -> Never {
    unfinished.withLock { unfinished in
      for path in unfinished { unlink(path) }
      _exit(status)
    }
  }

  private static func remove(_ path: String) {
    unlink(path)
    _ = unfinished.withLock { $0.remove(path) }
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

  private static func reason(of error: any Error) -> String {
    let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
    if let underlying, underlying.domain == NSPOSIXErrorDomain {
      return String(cString: strerror(Int32(underlying.code)))
    }
    return (error as NSError).localizedDescription
  }
}
