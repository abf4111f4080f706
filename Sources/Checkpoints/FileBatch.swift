public import Files
public import Foundation
internal import Tensors

/// Files that appear together or not at all, and have reached the disk then.
///
/// A batch that is dropped, or a process that ends by ``endProcess(status:)``, leaves what was there before, and no folder
/// that it made. `StagedFiles` says what becomes of a process that is killed.
public final class FileBatch: Sendable {
  private let files: StagedFiles
  private let folder: URL

  /// A batch for a folder, which is made if it is missing.
  public init(folder: URL) throws(CheckpointError) {
    self.folder = folder
    do throws(FileError) { files = try StagedFiles(folder: folder.path) } catch {
      throw CheckpointError(error)
    }
  }

  /// A batch that is all of a folder's results: one call puts a new folder in place of the one that is there.
  ///
  /// What others put there stays: it is in the new folder then.
  /// - Parameters:
  ///   - owned: The names of files that go with the old folder even if no new one takes their place.
  ///   - renaming: New names for files that others put there.
  public init(
    replacing folder: URL, owned: [String], renaming: [String: String] = [:]
  ) throws(CheckpointError) {
    self.folder = folder
    do throws(FileError) {
      files = try StagedFiles(replacing: folder.path, owned: owned, renaming: renaming)
    } catch { throw CheckpointError(error) }
  }

  /// Writes one file beside its place.
  public func stage(_ name: String, _ bytes: [UInt8]) throws(CheckpointError) {
    try stage(name, parts: [bytes])
  }

  /// Writes one file, in parts, beside its place.
  public func stage(_ name: String, parts: some Sequence<[UInt8]>) throws(CheckpointError) {
    do throws(FileError) {
      try files.stage(name) { handOn in
        for part in parts where !handOn(part) { break }
      }
    } catch { throw CheckpointError(error) }
  }

  /// Writes one file beside its place, of which a closure hands on one part after another.
  /// - Parameter make: Hands on parts as long as it is told that more are wanted; then it may throw anything.
  /// - Throws: ``CheckpointError``, or what the closure throws while more is wanted.
  public func stage(
    _ name: String, writing make: (_ handOn: @escaping ([UInt8]) -> Bool) throws -> Void
  ) throws {
    do { try files.stage(name, throwing: make) } catch let error as FileError { throw CheckpointError(error) }
  }

  /// Brings every staged file into its place, without being stopped by ``endProcess(status:)`` in between.
  ///
  /// What was computed from a file that has become shorter meanwhile does not come into its place.
  public func commit() throws(CheckpointError) {
    do throws(TensorError) { try TornFiles.check() } catch { throw CheckpointError(error) }
    do throws(FileError) { try files.commit() } catch { throw CheckpointError(error) }
  }

  /// Removes every file that any batch has staged and not moved, and ends the process: for one that is stopped.
  /// - Parameter say: Says so, knowing whether files came into their places before; none do from then on.
  public static func endProcess(status: Int32, saying say: (_ hasFinished: Bool) -> Void = { _ in }) -> Never
  {
    Unfinished.endProcess(status: status, saying: say)
  }
}

extension CheckpointError {
  /// What writing files came to.
  public init(_ error: FileError) {
    if case .cannotWrite(let path, let reason) = error {
      self = .cannotWrite(path: path, reason: reason)
    } else {
      self = .notWritten(error)
    }
  }
}
