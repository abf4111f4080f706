internal import Foundation
internal import Tensors
internal import Tokenization

/// How the next token is chosen.
public struct Sampling: Sendable {
  /// Zero takes the most probable token; otherwise logits are divided by it.
  public var temperature: Double
  /// Only the most probable tokens whose probabilities first reach this sum are drawn from.
  public var topP: Double
  /// Only so many of the most probable tokens are drawn from; all if `nil`. It counts before ``topP``.
  public var topK: Int?
  /// Where the random numbers start.
  public var seed: UInt64

  public init(temperature: Double = 0, topP: Double = 1, topK: Int? = nil, seed: UInt64 = 0) {
    self.temperature = temperature
    self.topP = topP
    self.topK = topK
    self.seed = seed
  }

  /// Always the most probable token, of equals the one with the lowest id.
  public static let greedy = Sampling()

  /// Whether a token can be chosen by logits: each is a number, and the greatest is finite.
  static func canChoose(by logits: [Float]) -> Bool {
    logits.allSatisfy { !$0.isNaN } && logits.max()?.isFinite == true
  }

  /// Draws a token.
  /// - Parameter logits: `[vocabulary]`, such as ``canChoose(by:)`` takes.
  func token(from logits: [Float], using generator: inout SeededGenerator) -> Token {
    guard temperature > 0 else { return Token(logits.indices.max { logits[$0] < logits[$1] } ?? 0) }
    let largest = logits.max() ?? 0
    let weights = logits.map { exp(Double($0 - largest) / temperature) }
    if topP >= 1, topK == nil {  // nothing is left out, so nothing need be put in order
      var draw = generator.unit() * weights.reduce(0, +)
      for (index, weight) in weights.enumerated() {
        draw -= weight
        if draw < 0 { return Token(index) }
      }
      return Token(weights.count - 1)
    }
    let order = weights.indices.sorted { (-weights[$0], $0) < (-weights[$1], $1) }
      .prefix(topK ?? weights.count)
    let total = topK == nil ? weights.reduce(0, +) : order.reduce(0) { $0 + weights[$1] }
    var kept = 0.0
    var candidates: [Int] = []
    for index in order {
      candidates.append(index)
      kept += weights[index]
      if kept >= topP * total { break }
    }
    var draw = generator.unit() * kept
    for index in candidates {
      draw -= weights[index]
      if draw < 0 { return Token(index) }
    }
    return Token(candidates.last ?? 0)
  }
}
