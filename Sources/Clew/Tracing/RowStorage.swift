internal import Checkpoints
public import Foundation

/// How `graph.safetensors` holds the rows of a trace.
public enum RowStorage: Sendable, Equatable {
  /// As a matrix where every row was computed and there are at most ``denseNodeLimit`` nodes, else row by row.
  case automatic
  /// As a matrix, however large, where every row was computed.
  case dense
  /// Not at all: there is no such file, and a trace is then what is left of it after pruning.
  case none

  /// The most nodes whose rows are written as a matrix unless that is asked for: it then takes 80 MB.
  public static let denseNodeLimit = 4000
}

extension PromptTrace {
  /// Refuses a trace whose rows would not fit on the disk.
  /// - Parameters:
  ///   - bytes: What they may take.
  ///   - free: What the disk has; asked of the system if `nil`.
  /// - Throws: ``TraceFolderError/diskTooFull(folder:needed:free:)``.
  public static func checkRoom(
    for bytes: Int, in folder: URL, free: Int? = nil
  ) throws(TraceFolderError) {
    // The figure, the report and what rounding to blocks takes.
    let needed = bytes + (bytes > 0 ? 1 << 20 : 0)
    guard let free = free ?? DiskSpace.free(at: folder), free < needed else { return }
    throw .diskTooFull(folder: folder.path, needed: needed, free: free)
  }
}
