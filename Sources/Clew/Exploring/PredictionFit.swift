/// How well predicted changes agree with measured ones.
public struct PredictionFit: Codable, Equatable, Sendable {
  /// How many pairs there are.
  public let count: Int
  /// The part of the measured changes' variance that the predictions themselves account for, not a line through them;
  /// negative where the measured mean would be the better guess. `nil` where nothing varies.
  /// ```
  /// R² = 1 − Σ (measured − predicted)² / Σ (measured − mean of measured)²
  /// ```
  public let rSquared: Double?
  /// Pearson's correlation; `nil` where one side does not vary.
  public let correlation: Double?
  /// The slope of the least-squares line of what is measured over what is predicted; `nil` where nothing is predicted to
  /// vary. Below 1 the graph says too much.
  public let slope: Double?
  /// The places of the pairs that miss by the most, the worst first.
  public let worst: [Int]

  init(count: Int, rSquared: Double?, correlation: Double?, slope: Double?, worst: [Int]) {
    self.count = count
    self.rSquared = rSquared
    self.correlation = correlation
    self.slope = slope
    self.worst = worst
  }

  /// - Parameters:
  ///   - pairs: What was predicted and what was measured.
  ///   - worstCount: How many of the worst are named.
  public init(_ pairs: [(predicted: Double, measured: Double)], worstCount: Int = 10) {
    count = pairs.count
    let number = Double(max(1, pairs.count))
    let meanPredicted = pairs.reduce(0) { $0 + $1.predicted } / number
    let meanMeasured = pairs.reduce(0) { $0 + $1.measured } / number
    var (squares, predictedVariance, measuredVariance, covariance) = (0.0, 0.0, 0.0, 0.0)
    for (predicted, measured) in pairs {
      squares += (measured - predicted) * (measured - predicted)
      predictedVariance += (predicted - meanPredicted) * (predicted - meanPredicted)
      measuredVariance += (measured - meanMeasured) * (measured - meanMeasured)
      covariance += (predicted - meanPredicted) * (measured - meanMeasured)
    }
    let bothVary = predictedVariance > 0 && measuredVariance > 0
    rSquared = measuredVariance > 0 ? 1 - squares / measuredVariance : nil
    correlation = bothVary ? covariance / (predictedVariance * measuredVariance).squareRoot() : nil
    slope = predictedVariance > 0 ? covariance / predictedVariance : nil
    let misses = pairs.map { abs($0.measured - $0.predicted) }
    worst = Array(misses.indices.sorted { (-misses[$0], $0) < (-misses[$1], $1) }.prefix(max(0, worstCount)))
  }
}
