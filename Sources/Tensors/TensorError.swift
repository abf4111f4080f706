/// What can go wrong with memory and files below the level of any format.
public enum TensorError: Error, Equatable, CustomStringConvertible {
  /// A file cannot be opened or mapped.
  case cannotRead(path: String, reason: String)

  public var description: String {
    switch self {
    case .cannotRead(let path, let reason):
      "\(path) cannot be read: \(reason). Check the path and its permissions."
    }
  }
}
