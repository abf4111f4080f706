internal import Tokenization
internal import Transformers

/// What a model expects at one place of a text.
public struct NextToken: Codable, Equatable, Sendable {
  /// One token that may come.
  public struct Candidate: Codable, Equatable, Sendable {
    public let token: Int
    public let text: String
    public let probability: Double
  }

  /// `−Σ p ln p` over the whole vocabulary, in nats.
  public let entropy: Double
  /// The most probable tokens, of equals the one with the lower number first.
  public let candidates: [Candidate]

  init(_ distribution: Distribution, tokenizer: Tokenizer, candidateCount: Int) {
    entropy = distribution.entropy
    candidates = distribution.likeliest(candidateCount).map { token in
      Candidate(
        token: token, text: tokenizer.text(of: Token(token)), probability: distribution.probability(of: token)
      )
    }
  }
}
