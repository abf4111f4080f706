internal import Foundation
internal import Tensors
public import Tokenization

/// How the next token is chosen.
public struct Sampling: Sendable {
  /// Zero takes the most probable token; otherwise logits are divided by it.
  public var temperature: Double
  /// Only the most probable tokens whose probabilities first reach this sum are drawn from.
  public var topP: Double
  /// Where the random numbers start.
  public var seed: UInt64

  public init(temperature: Double = 0, topP: Double = 1, seed: UInt64 = 0) {
    self.temperature = temperature
    self.topP = topP
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
    if topP >= 1 {  // nothing is left out, so nothing need be put in order
      var draw = generator.unit() * weights.reduce(0, +)
      for (index, weight) in weights.enumerated() {
        draw -= weight
        if draw < 0 { return Token(index) }
      }
      return Token(weights.count - 1)
    }
    let order = weights.indices.sorted { (-weights[$0], $0) < (-weights[$1], $1) }
    let total = weights.reduce(0, +)
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

extension Transformer {
  /// Continues a text, token by token, with a key/value cache.
  /// - Parameters:
  ///   - prompt: At least one token.
  ///   - count: How many tokens to add at most; the context's end stops earlier.
  ///   - stops: Tokens that end the text; the one met is not returned.
  ///   - each: Called with every new token; returning `false` ends the text.
  /// - Returns: The new tokens.
  public func generate(
    after prompt: [Token], count: Int, sampling: Sampling = .greedy, stops: Set<Token> = [],
    each: (Token) -> Bool = { _ in true }
  ) throws(TransformerError) -> [Token] {
    var cache = KeyValueCache(for: configuration)
    let logits = try run(prompt, cache: &cache)
    return try generate(
      from: logits.values, cache: cache, count: count, sampling: sampling, stops: stops, each: each)
  }

  /// Continues a text that has been run already, with an intervention, say: what it changed stands in the cache.
  /// - Parameters:
  ///   - logits: Those of the next token, `[vocabulary]`.
  ///   - cache: Keys and values of the text so far.
  public func generate(
    from logits: [Float], cache: KeyValueCache, count: Int, sampling: Sampling = .greedy,
    stops: Set<Token> = [], each: (Token) -> Bool = { _ in true }
  ) throws(TransformerError) -> [Token] {
    var (logits, cache) = (logits, cache)
    var generator = SeededGenerator(seed: sampling.seed)
    var result: [Token] = []
    while result.count < count {
      guard Sampling.canChoose(by: logits) else { throw .unusableLogits(position: cache.count - 1) }
      let token = sampling.token(from: logits, using: &generator)
      if stops.contains(token) { break }
      result.append(token)
      guard each(token), result.count < count, cache.count < configuration.contextLength else { break }
      logits = try run([token], cache: &cache).values
    }
    return result
  }
}
