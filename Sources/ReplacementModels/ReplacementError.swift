public import Transcoding
public import Transformers

/// What can keep a prompt's replacement model from being made.
public enum ReplacementError: Error, Equatable, CustomStringConvertible {
  /// The model cannot run the prompt.
  case transformer(TransformerError)
  /// The transcoders do not fit.
  case transcoding(TranscodingError)
  /// A feature or a position that does not exist.
  case outOfRange(reason: String)
  /// A number that is not finite came out of the transcoders.
  case notFinite(place: String)

  public var description: String {
    switch self {
    case .transformer(let error): error.description
    case .transcoding(let error): error.description
    case .outOfRange(let reason): reason
    case .notFinite(let place):
      "\(place) holds numbers that are not finite. The weights may be damaged or belong to another model."
    }
  }
}
