/// How well features reconstruct MLP outputs: sums over rows `y` with reconstructions `ŷ` and errors `e = y − ŷ`,
/// in double precision.
public struct ReconstructionTally: Sendable {
  /// Rows counted.
  public private(set) var rows = 0
  /// Active features, over all rows.
  public private(set) var active = 0
  /// `Σ|e|²`
  public private(set) var errorSquares = 0.0
  /// `Σ|y|²`
  public private(set) var targetSquares = 0.0
  private var outputSquares = 0.0
  private var products = 0.0
  private var cosines = 0.0
  private var lengthRatios = 0.0
  private var errorShares = 0.0
  // Sums about the first row, so that a large mean does not drown the variance.
  private var shift: [Double] = []
  private var shiftedSum: [Double] = []
  private var shiftedSquares = 0.0

  public init() {}

  /// Counts one row.
  /// - Parameters:
  ///   - target: `y`, what the MLP writes, `[dModel]`.
  ///   - output: `ŷ`, `[dModel]`.
  ///   - active: How many features are active there.
  /// - Returns: `|e| / |y|`.
  @discardableResult
  public mutating func add(target: Span<Float>, output: Span<Float>, active: Int) -> Double {
    if shift.isEmpty {
      shift = (0..<target.count).map { Double(target[$0]) }
      shiftedSum = Array(repeating: 0, count: target.count)
    }
    var (ee, yy, rr, yr, ss) = (0.0, 0.0, 0.0, 0.0, 0.0)
    for i in 0..<target.count {
      let (y, r) = (Double(target[i]), Double(output[i]))
      ee += (y - r) * (y - r)
      yy += y * y
      rr += r * r
      yr += y * r
      let s = y - shift[i]
      ss += s * s
      shiftedSum[i] += s
    }
    rows += 1
    self.active += active
    errorSquares += ee
    targetSquares += yy
    outputSquares += rr
    products += yr
    shiftedSquares += ss
    cosines += yy > 0 && rr > 0 ? yr / (yy * rr).squareRoot() : 0
    lengthRatios += yy > 0 ? (rr / yy).squareRoot() : 0
    let share = yy > 0 ? (ee / yy).squareRoot() : 0
    errorShares += share
    return share
  }

  /// `Σ|y − ȳ|²`, with `ȳ` the mean of the rows counted.
  public var variation: Double {
    shiftedSquares - shiftedSum.reduce(0) { $0 + $1 * $1 } / Double(max(1, rows))
  }
  /// The mean `ȳ` of the rows counted, `[dModel]`.
  public var mean: [Double] { zip(shift, shiftedSum).map { $0 + $1 / Double(max(1, rows)) } }

  /// Fraction of variance unexplained, `Σ|e|² / Σ|y − ȳ|²`; `nil` for fewer than two rows or rows that are equal.
  public var unexplainedVariance: Double? {
    rows > 1 && variation > 0 ? errorSquares / variation : nil
  }
  /// The FVU that the best common factor on `ŷ` would leave; far below the FVU, it says that outputs are scaled.
  public var rescaledUnexplainedVariance: Double? {
    guard rows > 1, variation > 0, outputSquares > 0 else { return nil }
    return max(0, targetSquares - products * products / outputSquares) / variation
  }
  /// That factor, `Σ y·ŷ / Σ|ŷ|²`.
  public var bestFactor: Double? { outputSquares > 0 ? products / outputSquares : nil }
  /// Normalised mean squared error, `Σ|e|² / Σ|y|²`.
  public var normalizedSquaredError: Double { targetSquares > 0 ? errorSquares / targetSquares : 0 }
  /// The mean of `cos(y, ŷ)`.
  public var cosine: Double { mean(cosines) }
  /// The mean of `|ŷ| / |y|`.
  public var lengthRatio: Double { mean(lengthRatios) }
  /// The mean of `|e| / |y|`.
  public var errorNormShare: Double { mean(errorShares) }
  /// `Σ|ŷ|² / Σ y·ŷ`; below 1 means that outputs are too short.
  public var relativeBias: Double? { products != 0 ? outputSquares / products : nil }
  /// Mean active features a row.
  public var activeFeatures: Double { mean(Double(active)) }

  private func mean(_ sum: Double) -> Double { rows > 0 ? sum / Double(rows) : 0 }
}
