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

  public var description: String {
    switch self {
    case .transformer(let error): error.description
    case .transcoding(let error): error.description
    case .outOfRange(let reason): reason
    }
  }
}
