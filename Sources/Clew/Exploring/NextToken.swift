internal import Attribution
internal import Foundation
internal import Tokenization

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

/// The probabilities of a vocabulary's tokens, from their logits.
/// ```
/// p[k] = exp(logit[k] − log Σ exp logit)
/// ```
struct Distribution {
  /// `[vocabulary]`.
  private let logits: ArraySlice<Float>
  /// `log Σ exp logit`.
  private let logSum: Double

  /// - Throws: ``AttributionError/notFinite(place:)`` for logits that give no probabilities.
  init(logits: ArraySlice<Float>) throws(AttributionError) {
    guard !logits.isEmpty, logits.allSatisfy(\.isFinite) else {
      throw .notFinite(place: "the model's output")
    }
    self.logits = logits
    let largest = Double(logits.max() ?? 0)
    logSum = largest + log(logits.reduce(0) { $0 + exp(Double($1) - largest) })
  }

  func logProbability(of token: Int) -> Double { Double(logits[logits.startIndex + token]) - logSum }
  func probability(of token: Int) -> Double { exp(logProbability(of: token)) }

  var entropy: Double {
    logits.indices.reduce(0) { sum, place in
      let logProbability = Double(logits[place]) - logSum
      return sum - exp(logProbability) * logProbability
    }
  }

  /// The place of a token among all, sorted by probability: 1 for the likeliest.
  func rank(of token: Int) -> Int {
    let own = logits[logits.startIndex + token]
    var rank = 1
    for (other, logit) in logits.enumerated() where logit > own || logit == own && other < token { rank += 1 }
    return rank
  }

  /// The most probable tokens, in order.
  func likeliest(_ count: Int) -> [Int] {
    // Inserting is quicker for a few, and hopeless for many.
    guard count <= 32 else {
      let values = Array(logits)
      return Array(values.indices.sorted { (-values[$0], $0) < (-values[$1], $1) }.prefix(count))
    }
    var best: [(token: Int, logit: Float)] = []
    for (token, logit) in logits.enumerated() {
      if best.count == count, logit <= best.last?.logit ?? .infinity { continue }
      let place = best.firstIndex { $0.logit < logit } ?? best.count
      best.insert((token, logit), at: place)
      if best.count > count { best.removeLast() }
    }
    return best.map(\.token)
  }
}
