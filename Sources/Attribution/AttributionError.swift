public import ReplacementModels
internal import Tensors
public import Tokenization

/// What can keep a prompt from being traced.
public enum AttributionError: Error, Equatable, CustomStringConvertible {
  /// The model or the transcoders cannot take the prompt.
  case replacement(ReplacementError)
  /// The prompt cannot be split into tokens.
  case tokenization(TokenizationError)
  /// A token that cannot be put in front of the prompt.
  case badOpening(name: String, reason: String)
  /// A target that the prompt does not have.
  case badTarget(text: String, reason: String)
  /// A setting outside its range.
  case badSetting(name: String, value: String, range: String)
  /// A number that is not finite came out of the model.
  case notFinite(place: String)
  /// The trace would take more memory than it may have.
  case tooLarge(what: String, needed: Int, limit: Int, fittingRows: Int)
  /// Not even the model's run fits into memory.
  case runTooLarge(tokens: Int, needed: Int, limit: Int)
  /// The node cut leaves more edges than there is memory for.
  case tooManyEdges(count: Int, needed: Int, limit: Int)
  /// The trace is no longer wanted.
  case cancelled

  public var description: String {
    switch self {
    case .replacement(let error): error.description
    case .tokenization(let error): error.description
    case .badOpening(let name, let reason): "the opening token '\(name)' cannot be put in front: \(reason)."
    case .badTarget(let text, let reason): "the target '\(text)' cannot be traced: \(reason)."
    case .badSetting(let name, let value, let range): "\(name) is \(value), but it must lie in \(range)."
    case .notFinite(let place):
      "\(place) holds numbers that are not finite. The weights may be damaged or belong to another model."
    case .tooLarge(let what, let needed, let limit, let rows):
      "\(what) takes up to \(ByteText.of(needed)), but the limit is \(ByteText.of(limit)). Allow --memory "
        + "\(ByteText.option(needed)) where the machine has it, "
        + (rows > 0
          ? "shorten the prompt, or compute fewer rows (--max-rows \(rows))." : "or shorten the prompt.")
    case .runTooLarge(let tokens, let needed, let limit):
      "running \(tokens) tokens through the model alone takes up to \(ByteText.of(needed)), but the limit is "
        + "\(ByteText.of(limit)). Allow more than --memory \(ByteText.option(needed)) where the machine has it, for the trace "
        + "takes its own part, or shorten the prompt."
    case .tooManyEdges(let count, let needed, let limit):
      "pruning \(count) edges takes up to \(ByteText.of(needed)), but the limit is \(ByteText.of(limit)). Allow --memory "
        + "\(ByteText.option(needed)) where the machine has it, or keep fewer nodes (--node-share)."
    case .cancelled:
      "the trace was cancelled before its end. Trace the prompt again if it is wanted after all."
    }
  }
}
