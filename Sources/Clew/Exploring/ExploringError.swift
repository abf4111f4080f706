/// What can be wrong with what a reader asks of a live model.
public enum ExploringError: Error, Equatable, CustomStringConvertible {
  /// A feature gets two values at one position.
  case changedTwice(FeaturePlace)
  /// A feature is to be set to something that is no finite number.
  case notFinite(FeaturePlace)
  /// A position where no feature is replaced.
  case noFeatures(FeaturePlace)
  /// A swap with a value too many or too few.
  case unevenSwap(replacements: Int, values: Int)
  /// A node that the traced graph does not have.
  case noSuchNode(id: String)
  /// A number outside its range.
  case outOfRange(name: String, value: Int, range: ClosedRange<Int>)
  /// A trace of a run in which MLP outputs or norms are held.
  case cannotTraceHeld
  /// A trace of a changed run, to be changed once more from the start.
  case changedAlready
  /// A name that no graph can have.
  case badName(String)
  /// More traces wait than the queue holds.
  case queueFull(capacity: Int)
  /// A trace that is not there, or not any more.
  case noSuchTrace(id: Int)

  public var description: String {
    switch self {
    case .changedTwice(let place):
      "the feature \(place.id) is changed twice. Put every feature into one change only."
    case .notFinite(let place):
      "the feature \(place.id) is to be set to something that is no finite number. Name a smaller value or factor."
    case .noFeatures(let place):
      "the feature \(place.id) cannot be changed: position \(place.position) has no features. Name a later position."
    case .unevenSwap(let replacements, let values):
      "a swap puts in \(replacements) features but has \(values) values. Give one value for each, or none."
    case .noSuchNode(let id):
      "the graph has no node '\(id)'. Take the ids from the nodes of the traced graph."
    case .outOfRange(let name, let value, let range):
      "\(name) is \(value), but it must lie in \(range.lowerBound) to \(range.upperBound)."
    case .cannotTraceHeld:
      "a changed run can be traced with attention patterns held, but not with norms or MLP outputs held. Hold less."
    case .changedAlready:
      "the trace is of a run that was changed already, and another run would start without that. Change the prompt's own trace."
    case .badName(let name):
      "a graph cannot be named '\(name)'. Use letters, digits, '_', '.' and '-', at most 200 of them."
    case .queueFull(let capacity):
      "\(capacity) traces are waiting already. Let one end, or cancel one."
    case .noSuchTrace(let id):
      "there is no trace \(id) any more. Trace the prompt again."
    }
  }
}
