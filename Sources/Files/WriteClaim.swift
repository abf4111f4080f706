public import Foundation
internal import Synchronization

/// The right to write a folder or a file for the whole time of some work: others are refused, and not made to wait.
///
/// A hidden file says who has it, `.clew.lock` in the folder or `.NAME.clew.lock` beside the file. What counts is the
/// system's lock on that file, which ends with the process: one that was left by a process that is no more claims nothing.
public final class WriteClaim: Sendable {
  /// What is claimed, links followed.
  public let path: String
  private let file: String
  private let descriptor: Int32
  private let made: MadeFolders

  /// Claims a folder, which is made if it is missing, and goes again if it stays empty.
  /// - Throws: ``FileError/busy(path:process:)`` if another has it.
  public convenience init(folder: URL) throws(FileError) {
    let path = try OutputPlace.folder(folder.path)
    try self.init(path, file: path + "/.clew.lock", in: path, named: folder.relativePath)
  }

  /// Claims a file, there or not yet.
  public convenience init(file: URL) throws(FileError) {
    guard case .file(let path) = try OutputPlace(file.path) else {
      throw .cannotWrite(path: file.relativePath, reason: "it is no plain file")
    }
    let url = URL(filePath: path)
    let folder = url.deletingLastPathComponent().path
    try self.init(
      path, file: "\(folder)/.\(url.lastPathComponent).clew.lock", in: folder, named: file.relativePath)
  }

  private init(_ path: String, file: String, in folder: String, named name: String) throws(FileError) {
    (self.path, self.file) = (path, file)
    var turns = 0
    while true {
      turns += 1
      let made = try MadeFolders(to: folder)
      let opened = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
      guard opened >= 0 else {
        let error = errno
        // Another may have taken the folder away since it was looked at.
        if error == ENOENT, turns < MadeFolders.mostTurns { continue }
        throw .cannotWrite(path: name, reason: FileCalls.reason(error))
      }
      let error = FolderLock.take(opened, waits: false)
      if error == EWOULDBLOCK {
        let holder = Self.holder(opened)
        close(opened)
        throw .busy(path: name, process: holder)
      }
      // One that was removed before it could be locked claims nothing.
      guard let mine = FileIdentity(opened), mine == FileIdentity(file) else {
        close(opened)
        continue
      }
      _ = Unfinished.things.withLock { $0.claims.insert(file) }
      _ = ftruncate(opened, 0)
      _ = FileCalls.write(Array("\(getpid())\n".utf8), to: opened)
      (descriptor, self.made) = (opened, made)
      return
    }
  }

  private static func holder(_ descriptor: Int32) -> Int? {
    var bytes = [UInt8](repeating: 0, count: 20)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    return Int(String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).trimmingCharacters(in: .newlines))
  }

  deinit {
    Unfinished.things.withLock { things in
      unlink(file)
      things.claims.remove(file)
    }
    close(descriptor)
  }
}
