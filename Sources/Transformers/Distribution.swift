internal import Foundation

/// The probabilities of a vocabulary's tokens, from their logits.
/// ```
/// p[k] = exp(logit[k] − log Σ exp logit)
/// ```
public struct Distribution: Sendable {
  /// `[vocabulary]`.
  private let logits: ArraySlice<Float>
  /// `log Σ exp logit`.
  private let logSum: Double

  /// - Parameter position: The position that they belong to.
  /// - Throws: ``TransformerError/unusableLogits(position:)`` for logits that give no probabilities.
  public init(logits: ArraySlice<Float>, position: Int) throws(TransformerError) {
    guard !logits.isEmpty, logits.allSatisfy(\.isFinite) else { throw .unusableLogits(position: position) }
    self.logits = logits
    let largest = Double(logits.max() ?? 0)
    logSum = largest + log(logits.reduce(0) { $0 + exp(Double($1) - largest) })
  }

  /// The natural logarithm of a token's probability.
  public func logProbability(of token: Int) -> Double { Double(logits[logits.startIndex + token]) - logSum }
  /// A token's probability, 0 to 1.
  public func probability(of token: Int) -> Double { exp(logProbability(of: token)) }

  /// `−Σ p ln p`, in nats.
  public var entropy: Double {
    logits.indices.reduce(0) { sum, place in
      let logProbability = Double(logits[place]) - logSum
      return sum - exp(logProbability) * logProbability
    }
  }

  /// The place of a token among all, sorted by probability: 1 for the likeliest.
  public func rank(of token: Int) -> Int {
    let own = logits[logits.startIndex + token]
    var rank = 1
    for (other, logit) in logits.enumerated() where logit > own || logit == own && other < token { rank += 1 }
    return rank
  }

  /// The most probable tokens, in order; of equals the one with the lower number first.
  public func likeliest(_ count: Int) -> [Int] {
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
