public import AttributionGraphs
internal import Foundation
public import ReplacementModels
internal import Tensors
public import Tokenization
internal import Transcoding
internal import Transformers

/// A logit node of a trace: a direction at the output of the final norm, and the weight that flows from it.
public struct LogitTarget: Sendable {
  /// The token; differences of tokens get ids from the vocabulary size upward.
  public let token: Token
  /// The tokens that it is made of: one, or the two of a difference.
  public let tokens: [Token]
  /// What it shows: the token's text, or `A − B`.
  public let text: String
  /// The token's probability as next token; `nil` for a difference, which has none.
  public let probability: Double?
  /// What flows from it, the root weight `w`: the probability, or of a difference the sum of both.
  public let weight: Double
  /// The model's logit; of a difference, the first less the second, before a model that caps its logits has capped them.
  public let logit: Double
  /// What is compared, if it is a difference.
  public let difference: LogitDifference?
  /// `W_U[k] − mean W_U`, or `W_U[a] − W_U[b]`, `[dModel]`.
  public let direction: [Float]

  /// Its label in files.
  var label: String { difference?.label ?? GraphNode.logitLabel(token: text, probability: probability ?? 0) }
}

extension LocalReplacementModel {
  /// The probabilities of the next token, `[vocabulary]`.
  public func nextTokenProbabilities() -> [Double] {
    let logits = recording.lastLogits
    let largest = logits.max() ?? 0
    let weights = logits.map { exp(Double($0 - largest)) }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }

  /// The logit nodes that settings ask for.
  func logitTargets(
    _ settings: AttributionSettings, tokenizer: Tokenizer
  ) throws(AttributionError) -> [LogitTarget] {
    let probabilities = nextTokenProbabilities()
    guard probabilities.allSatisfy(\.isFinite) else { throw .notFinite(place: "the model's output") }
    let wanted =
      settings.targets.isEmpty
      ? Self.likeliest(probabilities, settings) : settings.targets.map { $0.resolved(probabilities) }
    let unembedding = transformer.unembedding
    let sum = unembedding.sumOfRows()
    let mean = sum.map { Float($0 / Double(unembedding.outputs)) }
    var targets: [LogitTarget] = []
    var seen: Set<AttributionTarget> = []
    for target in wanted where seen.insert(target).inserted {
      switch target {
      case .token(let token):
        try check(token)
        let row = unembedding.row(Int(token))
        targets.append(
          LogitTarget(
            token: token, tokens: [token], text: tokenizer.text(of: token),
            probability: probabilities[Int(token)], weight: probabilities[Int(token)],
            logit: Double(recording.lastLogits[Int(token)]), difference: nil,
            direction: zip(row, mean).map { $0 - $1 }))
      case .difference(let first, let second):
        try check(first)
        try check(second)
        guard first != second else {
          throw .badTarget(
            text: "\(tokenizer.text(of: first))-\(tokenizer.text(of: second))",
            reason: "the difference of a token from itself is zero; name two tokens")
        }
        targets.append(
          difference(first, second, number: targets.count, probabilities: probabilities, tokenizer: tokenizer)
        )
      case .feature, .word, .wordDifference: continue
      }
    }
    return targets
  }

  /// The logit node of one answer against another.
  /// - Parameter number: How many targets stand before it.
  private func difference(
    _ first: Token, _ second: Token, number: Int, probabilities: [Double], tokenizer: Tokenizer
  ) -> LogitTarget {
    let unembedding = transformer.unembedding
    let direction = zip(unembedding.row(Int(first)), unembedding.row(Int(second))).map { $0 - $1 }
    let logits = value(ofOutputDirection: direction, position: recording.positionCount - 1)
    let last = recording.lastLogits
    let difference = LogitDifference(
      tokens: [Int(first), Int(second)], texts: [tokenizer.text(of: first), tokenizer.text(of: second)],
      logits: logits,
      // The normaliser is the same for both, so this is exact even where a probability is too small for a number.
      logProbabilities: Double(last[Int(first)]) - Double(last[Int(second)]))
    return LogitTarget(
      token: Token(unembedding.outputs + number), tokens: [first, second], text: difference.text,
      probability: nil, weight: probabilities[Int(first)] + probabilities[Int(second)], logit: logits,
      difference: difference, direction: direction)
  }

  /// A direction's value at the output of the final norm.
  func value(ofOutputDirection vector: [Float], position: Int) -> Double {
    let row = recording.residualFinal.rows(position..<position + 1)
    let y = transformer.finalNorm(row, frozenScales: [recording.finalNormScales[position]]).y
    return zip(vector, y.values).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }

  /// Which tokens were taken for words that several spell.
  func resolvedChoices(_ settings: AttributionSettings, tokenizer: Tokenizer) -> [ResolvedChoice] {
    let choices = settings.targets.flatMap(\.choices)
    if choices.isEmpty { return [] }
    let probabilities = nextTokenProbabilities()
    var seen: Set<TokenChoice> = []
    return choices.filter { seen.insert($0).inserted }.map { choice in
      ResolvedChoice(
        choice: choice, taken: choice.likeliest(probabilities),
        candidates: choice.tokens.map { token in
          let isThere = probabilities.indices.contains(Int(token))
          return (tokenizer.text(of: token), isThere ? probabilities[Int(token)] : 0)
        })
    }
  }

  private func check(_ token: Token) throws(AttributionError) {
    guard token >= 0, Int(token) < transformer.unembedding.outputs else {
      throw .badTarget(
        text: "\(token)", reason: "the model's tokens are 0 to \(transformer.unembedding.outputs - 1)")
    }
  }

  /// The fewest most probable tokens that reach the mass, at most as many as allowed.
  private static func likeliest(
    _ probabilities: [Double], _ settings: AttributionSettings
  ) -> [AttributionTarget] {
    let order = probabilities.indices.sorted { (-probabilities[$0], $0) < (-probabilities[$1], $1) }
    var mass = 0.0
    var chosen: [AttributionTarget] = []
    for index in order.prefix(settings.maxLogits) {
      chosen.append(.token(Token(index)))
      mass += probabilities[index]
      if mass >= settings.logitMass { break }
    }
    return chosen
  }
}
