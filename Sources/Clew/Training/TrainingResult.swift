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
  /// Active features a token that were asked for: one number for the mean over layers, or one a layer.
  public var wantedActiveFeatures: [Double]
  /// What both were with thresholds as they were learned.
  public var learnedUnexplainedVariance: [Double]
  public var learnedActiveFeatures: [Double]
  /// What thresholds were multiplied by, or, for TopK and BatchTopK, the thresholds, `[layer]`.
  public var factors: [Double]
  /// Tokens learned from.
  public var tokens: Int
  /// CPU seconds of the whole run.
  public var cpuSeconds: Double

  /// Where the active features are not what was asked for, by more than a tenth of it: the layers, or all of them for their
  /// mean. Thresholds are only raised, and where many positions share a value there is none between.
  public var misses: [(layer: Int?, active: Double, wanted: Double)] {
    let mean = activeFeatures.reduce(0, +) / Double(max(1, activeFeatures.count))
    let pairs: [(layer: Int?, active: Double, wanted: Double)] =
      wantedActiveFeatures.count == 1
      ? [(nil, mean, wantedActiveFeatures[0])]
      : zip(activeFeatures, wantedActiveFeatures).enumerated().map { ($0, $1.0, $1.1) }
    return pairs.filter { abs($0.active - $0.wanted) > 0.1 * $0.wanted }
  }
}
