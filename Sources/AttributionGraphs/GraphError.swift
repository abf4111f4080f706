/// What can go wrong with a graph that comes from outside: what happened, where, and what to do next.
public enum GraphError: Error, Equatable, Sendable {
  /// A share of influence was asked for that is no share.
  case shareOutOfRange(name: String, value: Double)
  /// A number of the graph is infinite or not a number; `place` says which.
  case notFinite(place: String)
  /// The bytes are no JSON.
  case notJSON(offset: Int, reason: String)
  /// The values lie in each other deeper than any graph file has a use for.
  case nestedTooDeeply(offset: Int, limit: Int)
  /// The bytes are JSON, but no graph.
  case notAGraph(reason: String)
  /// A question is about a node that the graph does not have.
  case noSuchPlace(Int, nodeCount: Int)
  /// A number in a question is beyond what can be answered.
  case outOfRange(name: String, value: Int, range: ClosedRange<Int>)
  /// A node is in two of the groups of a question.
  case inTwoGroups(place: Int)
  /// An answer was to be lowered that the graph's nodes do not raise.
  case nothingToLower(value: Double)
  /// A search cannot be read; `place` counts its characters from 1.
  case badQuery(place: Int, reason: String)
  /// Two nodes of a graph that is to be written have one id.
  case repeatedID(String)
  /// An entry of a saved view, or of a change to it, is none; `place` is its path.
  case badView(place: String, reason: String)
  /// A file could not be read or written.
  case fileFailed(path: String, action: String, reason: String)
  /// What a file holds is wrong in the way that the inner error says.
  indirect case badFile(path: String, error: GraphError)
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
    case .notJSON(let offset, let reason):
      "The file is not JSON: \(reason) at byte \(offset). "
        + (reason.hasPrefix("NaN")
          ? "A weight or activation was not finite when the file was made; have its maker write it without such numbers."
          : "Check that the file was downloaded as a whole and is not compressed.")
    case .nestedTooDeeply(let offset, let limit):
      "At byte \(offset) values lie in each other more than \(limit) deep, which no attribution graph needs. "
        + "Check where the file comes from."
    case .notAGraph(let reason):
      "The file is JSON but no attribution graph: \(reason). A graph file is an object with 'metadata', "
        + "'qParams', 'nodes' and 'links'."
    case .noSuchPlace(let place, let nodeCount):
      "There is no node at place \(place): the graph has \(nodeCount) nodes, and their places count from 0. Ask for "
        + "one of them."
    case .outOfRange(let name, let value, let range):
      "The \(name) is \(value). Ask for one from \(range.lowerBound) to \(range.upperBound)."
    case .inTwoGroups(let place):
      "The node at place \(place) is in two groups, so what is taken away with it is not clear. Put each node into "
        + "one group."
    case .nothingToLower(let value):
      "The inputs of the answer sum to \(value), so there is nothing of it that could be lowered by a part. Choose an "
        + "answer that the graph's nodes work for, or a larger share of the graph."
    case .badQuery(let place, let reason):
      "The search cannot be read at character \(place): \(reason)."
    case .repeatedID(let id):
      "Two nodes have the id '\(id)', so links to it would be ambiguous. Give each node its own id before "
        + "the graph is written."
    case .badView(let place, let reason):
      "In the saved view, \(place) \(reason). Correct the entry or take it out."
    case .fileFailed(let path, let action, let reason):
      "\(path) could not be \(action): \(reason). Check the path, its permissions and the free space."
    case .badFile(let path, let error): "\(path): \(error)"
    }
  }
}

extension GraphError {
  /// Refuses a number that is not in its range.
  static func check(_ name: String, _ value: Int, in range: ClosedRange<Int>) throws(GraphError) {
    guard range.contains(value) else { throw .outOfRange(name: name, value: value, range: range) }
  }
}
