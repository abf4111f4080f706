internal import Foundation
internal import Synchronization

/// Files that appear together or not at all.
///
/// They are written to a hidden folder, and reach the disk there, before any comes into its place. A process that is killed
/// at any moment leaves either what was there before or all of them:
///
/// - A folder that is theirs alone (``init(replacing:owned:renaming:)``) is put in place whole by one call, which exchanges
///   it with the one that is there; what else lay in that one is in the new one then.
/// - A single file is moved into its place by one call.
/// - Several files for a folder that holds others as well (``init(folder:)``), and a folder that cannot be exchanged (a
///   file system that lacks the call, a mount point, the folder that the process works in), are moved one after the other.
///   From the first move on the hidden folder is called `.clew-PROCESS-NUMBER.commit`, and the next process that writes or
///   reads there brings the move to its end (``Leftovers/finish(in:)``). If a move fails, those before it are undone.
public final class StagedFiles: @unchecked Sendable {
  // Used by one task at a time; what a signal takes away has its own lock.
  private let folder: String
  private let replacement: Replacement?
  private let made: MadeFolders
  private var staging: StagingFolder?
  private var names: [String] = []
  private var known: Set<String> = []
  /// Files beyond this number reach the disk when all are written, and not each by itself.
  private static let syncedOneByOne = 64

  /// Files for a folder, which is made if it is missing and goes again if it stays empty.
  public init(folder: String) throws(FileError) {
    self.folder = try OutputPlace.folder(folder)
    made = try MadeFolders(to: self.folder)
    replacement = nil
    if let failure = Leftovers.sweep(self.folder) { throw failure }
  }

  /// Files that are all of a folder's results: it is replaced as a whole, but for what others put there.
  /// - Parameters:
  ///   - owned: The names of files that go with the old folder even if no new one takes their place.
  ///   - renaming: New names for files that others put there.
  public init(
    replacing folder: String, owned: [String], renaming: [String: String] = [:]
  ) throws(FileError) {
    self.folder = try OutputPlace.folder(folder)
    made = try MadeFolders(to: self.folder)
    replacement = Replacement(of: self.folder, owned: Set(owned), renaming: renaming)
    if let failure = Leftovers.sweep(self.folder) { throw failure }
    Leftovers.sweep(URL(filePath: self.folder).deletingLastPathComponent().path)
  }

  // Before the folders in which it lies, which go only if they are empty.
  deinit { staging = nil }

  // MARK: Writing

  /// Writes one file, of which a closure hands on one part after another.
  /// - Parameter make: Hands on parts as long as it is told that more are wanted; then it may throw anything.
  /// - Throws: ``FileError``, or what the closure throws while more is wanted.
  public func stage(
    _ name: String, throwing make: (_ handOn: @escaping ([UInt8]) -> Bool) throws -> Void
  ) throws {
    let (descriptor, place) = try begin(name)
    var failure: Int32 = 0
    do {
      try make { part in
        if failure == 0 { failure = FileCalls.write(part, to: descriptor) }
        return failure == 0
      }
    } catch  where failure == 0 {
      close(descriptor)
      throw error
    } catch {}
    try end(descriptor, place, failure)
  }

  /// Writes one file, of which a closure hands on one part after another.
  public func stage(
    _ name: String, _ make: (_ handOn: (_ part: [UInt8]) -> Bool) -> Void
  ) throws(FileError) {
    let (descriptor, place) = try begin(name)
    var failure: Int32 = 0
    make { part in
      if failure == 0 { failure = FileCalls.write(part, to: descriptor) }
      return failure == 0
    }
    try end(descriptor, place, failure)
  }

  private func begin(_ name: String) throws(FileError) -> (descriptor: Int32, place: String) {
    let place = "\(folder)/\(name)"
    let there = FileIdentity(place, followsLinks: true)
    if let there, !there.isPlainFile {
      throw .cannotWrite(
        path: place, reason: there.isFolder ? "there is a folder of that name" : "it is no plain file")
    }
    let staging = try currentStaging()
    if known.insert(name).inserted { names.append(name) }
    let (descriptor, error) = FileCalls.create("\(staging.path)/\(name)")
    guard error == 0 else { throw .cannotWrite(path: place, reason: FileCalls.reason(error)) }
    // What was for some eyes only stays so.
    if let there { fchmod(descriptor, there.mode) }
    return (descriptor, place)
  }

  private func end(_ descriptor: Int32, _ place: String, _ failure: Int32) throws(FileError) {
    var failure = failure
    if failure == 0, names.count <= Self.syncedOneByOne { failure = FileCalls.sync(descriptor) }
    if close(descriptor) != 0, failure == 0 { failure = errno }
    guard failure == 0 else { throw .cannotWrite(path: place, reason: FileCalls.reason(failure)) }
  }

  private func currentStaging() throws(FileError) -> StagingFolder {
    if let staging { return staging }
    let new =
      if let beside = replacement?.staging() { beside } else { try StagingFolder(in: folder) }
    staging = new
    return new
  }

  // MARK: Into place

  /// Brings every staged file into its place, without being stopped by ``Unfinished/endProcess(status:)`` in between.
  public func commit() throws(FileError) {
    guard let staging else { return }
    for name in names.dropFirst(Self.syncedOneByOne) { try sync(name, in: staging) }
    if let replacement, replacement.isBeside(staging) {
      if try !replacement.exchange(staging, names: names) {
        let own = try StagingFolder(in: folder)
        try replacement.move(staging, to: own, names: names)
        try replacement.prepare(own, names: names)
        try moveOneByOne(own)
      }
    } else {
      try replacement?.prepare(staging, names: names)
      try moveOneByOne(staging)
    }
    self.staging = nil
    (names, known) = ([], [])
  }

  private func sync(_ name: String, in staging: StagingFolder) throws(FileError) {
    let descriptor = open("\(staging.path)/\(name)", O_RDONLY | O_CLOEXEC)
    var error = descriptor < 0 ? errno : FileCalls.sync(descriptor)
    if descriptor >= 0, close(descriptor) != 0, error == 0 { error = errno }
    guard error == 0 else { throw .cannotWrite(path: "\(folder)/\(name)", reason: FileCalls.reason(error)) }
  }

  private func moveOneByOne(_ staging: StagingFolder) throws(FileError) {
    var error = FileCalls.syncFolder(staging.path)
    guard error == 0 else { throw .cannotWrite(path: folder, reason: FileCalls.reason(error)) }
    let failure: FileError? = Unfinished.things.withLock { things in
      if let name = names.first, namesInFolder(staging.path) == [name] {
        let error = FileCalls.move("\(staging.path)/\(name)", to: "\(folder)/\(name)")
        if error != 0 {
          return .cannotWrite(path: "\(folder)/\(name)", reason: FileCalls.reason(error))
        }
      } else if let failure = Journal.commit(staging, to: folder, &things) {
        return failure
      }
      things.commits += 1
      return nil
    }
    if let failure { throw failure }
    error = FileCalls.syncFolder(folder)
    guard error == 0 else { throw .unconfirmed(path: folder, reason: FileCalls.reason(error)) }
  }
}
