/// What can be wrong with a file or a folder that is to be written.
public enum FileError: Error, Equatable, CustomStringConvertible {
  /// It cannot be written, and what was there is as it was.
  case cannotWrite(path: String, reason: String)
  /// Some files of several are the new ones: a call failed, and so did putting the old ones back.
  case partlyWritten(path: String, reason: String, replaced: [String])
  /// It is in its place, but the disk has not confirmed it.
  case unconfirmed(path: String, reason: String)
  /// Another process writes there.
  case busy(path: String, process: Int?)

  public var description: String {
    switch self {
    case .cannotWrite(let path, let reason):
      "\(path) cannot be written: \(reason). Nothing was changed; free some space or choose another folder."
    case .partlyWritten(let path, let reason, let replaced):
      "\(path) cannot be written: \(reason). \(replaced.joined(separator: ", ")) beside it had been replaced by then; "
        + "run the command again once that is mended."
    case .unconfirmed(let path, let reason):
      "\(path) was written, but the disk did not confirm it: \(reason). Check the disk, and run the command again."
    case .busy(let path, let process):
      "\(path) is being written by another clew\(process.map { " (process \($0))" } ?? ""). "
        + "Wait until it has ended, or choose another folder."
    }
  }
}
