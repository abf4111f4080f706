/// What a finished run reached on tokens that nothing was learned from.
public struct TrainingResult: Sendable {
  /// Tokens measured.
  public var heldOutTokens: Int
  /// Tokens not measured, and left out of training likewise, because of their norms.
  public var outlierTokens: Int
  /// Fraction of variance unexplained as exported, `[layer]`.
  public var unexplainedVariance: [Double]
  /// Active features a token as exported, `[layer]`.
  public var activeFeatures: [Double]
  /// The same with thresholds as they were learned.
  public var learnedUnexplainedVariance: [Double]
  public var learnedActiveFeatures: [Double]
  /// What thresholds were multiplied by, or, for TopK and BatchTopK, the thresholds, `[layer]`.
  public var factors: [Double]
  /// Tokens learned from.
  public var tokens: Int
  /// CPU seconds of the whole run.
  public var cpuSeconds: Double
}
