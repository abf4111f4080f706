public import Tokenization
public import Transcoding

/// What a trace starts from.
public enum AttributionTarget: Hashable, Sendable {
  /// A candidate next token.
  case token(Token)
  /// The first token's logit less the second's.
  case difference(Token, Token)
  /// The likeliest token of several that spell a word.
  case word(TokenChoice)
  /// The likeliest token of one word's less that of another's.
  case wordDifference(TokenChoice, TokenChoice)
  /// The preactivation of an active feature.
  case feature(FeatureID, position: Int)
}

/// How a prompt is traced.
public struct AttributionSettings: Sendable {
  /// The part of the influence that must be followed to its ends; 1 computes every row.
  public var coverage = 0.99
  /// The most logit nodes.
  public var maxLogits = 10
  /// Logit nodes are the fewest most probable tokens whose probabilities reach this sum.
  public var logitMass = 0.95
  /// What to trace instead of the most probable tokens.
  public var targets: [AttributionTarget] = []
  /// The most feature rows that are computed, shared out over the layers by their active features.
  public var rowLimit: Int?
  /// The most working memory for pullbacks, in bytes, over all threads.
  public var workingMemory = 1 << 30
  /// What the whole process may hold, in bytes, mapped weights included; what the machine has if `nil`.
  public var memoryLimit: Int?

  /// Whether what follows keeps every node, so that memory for all edges is set aside before work begins.
  public var keepsEveryNode = false

  public init() {}

  func validate() throws(AttributionError) {
    guard coverage >= 0, coverage <= 1 else {
      throw .badSetting(name: "the coverage", value: "\(coverage)", range: "0 to 1")
    }
    guard logitMass > 0, logitMass <= 1 else {
      throw .badSetting(name: "the logit mass", value: "\(logitMass)", range: "more than 0 and at most 1")
    }
    guard maxLogits > 0 else {
      throw .badSetting(name: "the number of logits", value: "\(maxLogits)", range: "1 and up")
    }
    guard rowLimit ?? 1 > 0 else {
      throw .badSetting(name: "the row limit", value: "\(rowLimit ?? 0)", range: "1 and up")
    }
  }
}
