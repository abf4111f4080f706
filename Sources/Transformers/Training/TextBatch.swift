public import Tokenization

/// Texts to learn from, their tokens one text after another.
public struct TextBatch: Sendable {
  /// `[row]`.
  public let tokens: [Token]
  /// The rows of each text.
  public let texts: [Range<Int>]
  /// How much the prediction of the token after a row counts, `[row]`; 0 at the end of each text.
  public let weights: [Float]

  /// Texts whose tokens all count alike, each token predicted from those before it.
  public init(_ texts: some Sequence<[Token]>) {
    self.init(texts.map { text in (text, Array(repeating: 1, count: max(0, text.count - 1))) })
  }

  /// Texts with a weight for every token but the first.
  public init(_ weighted: [(text: [Token], weights: [Float])]) {
    var tokens: [Token] = [], texts: [Range<Int>] = [], weights: [Float] = []
    for (text, own) in weighted where !text.isEmpty {
      precondition(own.count == text.count - 1, "\(own.count) weights for \(text.count) tokens")
      texts.append(tokens.count..<tokens.count + text.count)
      tokens += text
      weights += own + [0]
    }
    self.tokens = tokens
    self.texts = texts
    self.weights = weights
  }

  /// The sum of all weights.
  public var totalWeight: Double { weights.reduce(0) { $0 + Double($1) } }
}
