/// What can go wrong with memory and files below the level of any format.
public enum TensorError: Error, Equatable, CustomStringConvertible {
  /// A file cannot be opened or mapped.
  case cannotRead(path: String, reason: String)
  /// A mapped file has become shorter since it was opened.
  case torn(path: String)

  public var description: String {
    switch self {
    case .cannotRead(let path, let reason):
      "\(path) cannot be read: \(reason). Check the path and its permissions."
    case .torn(let path):
      "\(path) became shorter while it was in use, so nothing that was computed from it can be trusted. Put the whole "
        + "file back and start again."
    }
  }
}
