/// What can go wrong with a graph that comes from outside: what happened, where, and what to do next.
public enum GraphError: Error, Equatable, Sendable {
  /// A share of influence was asked for that is no share.
  case shareOutOfRange(name: String, value: Double)
  /// A number of the graph is infinite or not a number; `place` says which.
  case notFinite(place: String)
}

extension GraphError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .shareOutOfRange(let name, let value):
      "The \(name) is \(value), but a share lies between 0 and 1. Ask for 0.8, say, to keep the nodes that "
        + "carry four fifths of the influence."
    case .notFinite(let place):
      "\(place) is not a finite number, so the graph cannot be used. Trace the prompt again, with larger "
        + "floating-point numbers if the model overflows, or correct the file that the graph was read from."
    }
  }
}
