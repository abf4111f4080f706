/// What a vertex of an attribution graph stands for.
///
/// Layers and positions count from 0; position 0 is the first token of the prompt, usually BOS.
public enum Node: Hashable, Sendable {
  /// A transcoder feature that is active at one position.
  case feature(layer: Int, index: Int, position: Int)
  /// What the transcoders leave unexplained of one MLP output at one position.
  case error(layer: Int, position: Int)
  /// The token embedding at one position.
  case embedding(position: Int)
  /// A candidate next token read after `position`. Virtual targets (the difference of two tokens, a
  /// direction) carry ids from the vocabulary size upward.
  case logit(token: Int, position: Int)

  /// The position in the prompt.
  public var position: Int {
    switch self {
    case .feature(_, _, let position), .error(_, let position), .embedding(let position),
      .logit(_, let position):
      position
    }
  }

  /// The layer of a feature or an error; `nil` for embeddings, which lie below, and logits, which lie above.
  public var layer: Int? {
    switch self {
    case .feature(let layer, _, _), .error(let layer, _): layer
    case .embedding, .logit: nil
    }
  }
}
