internal import Foundation
internal import Tensors

/// How a model's activations are normalised for training, and folded back into the weights afterwards.
/// ```
/// x' = (x − mean x) · √d / rms(|x − mean x|)        y' = (y − mean y) / rms(|y − mean y|)
/// ```
/// so that `E|x'|² = d` and `E|y'|² = 1`: the loss is then the sum of the layers' unexplained variance.
public struct ActivationScaling: Codable, Hashable, Sendable {
  /// `mean x`, `[layer][dModel]`.
  public let inputMeans: [[Float]]
  /// What centred inputs are multiplied by, `[layer]`.
  public let inputScales: [Float]
  /// `mean y`, `[layer][dModel]`.
  public let targetMeans: [[Float]]
  /// What centred targets are divided by, `[layer]`.
  public let targetScales: [Float]
  /// The longest input, `|x|`, and the longest target, `|y|`, that are trained on, `[2, layer]`.
  public let longest: [Float]

  /// Measures tokens: for each all layers' inputs, then all layers' targets, `[2, layer, dModel]`.
  /// - Parameter outlierFactor: Tokens with a norm over this many times what 99 of 100 tokens stay below are left out,
  ///   here and by ``normalizer()``. The median would be no measure: tokens at which a layer works may well lie far
  ///   over it where most of the text leaves the layer idle.
  public init(
    rows: [[Float]], layerCount: Int, dModel: Int, outlierFactor: Float = 10
  ) throws(TrainingError) {
    guard rows.count >= 16 else { throw .tooFewTokens(count: rows.count, needed: 16) }
    var norms = [[Float]](repeating: [], count: 2 * layerCount)
    for row in rows {
      for (part, norm) in Self.norms(row.span, dModel: dModel).enumerated() { norms[part].append(norm) }
    }
    let longest = norms.map { outlierFactor * $0.sorted()[$0.count * 99 / 100] }
    for (part, length) in longest.enumerated() where !length.isFinite || length <= 0 {
      let name = part < layerCount ? "the input of the MLP" : "the output of the MLP"
      throw .nothingToLearn(
        layer: part % layerCount,
        what: length == 0
          ? "\(name) is zero at 99 of 100 tokens" : "\(name) holds numbers that are not finite")
    }
    let kept = rows.filter { row in zip(Self.norms(row.span, dModel: dModel), longest).allSatisfy { $0 <= $1 }
    }
    var means = [[Double]](repeating: Array(repeating: 0, count: dModel), count: 2 * layerCount)
    for row in kept {
      for part in means.indices {
        for i in 0..<dModel { means[part][i] += Double(row[part * dModel + i]) / Double(kept.count) }
      }
    }
    var squares = [Double](repeating: 0, count: 2 * layerCount)
    for row in kept {
      for part in means.indices {
        for i in 0..<dModel {
          let value = Double(row[part * dModel + i]) - means[part][i]
          squares[part] += value * value / Double(kept.count)
        }
      }
    }
    for (part, square) in squares.enumerated() where !square.isFinite || square <= 0 {
      let name = part < layerCount ? "the input of the MLP" : "the output of the MLP"
      throw .nothingToLearn(
        layer: part % layerCount,
        what: square == 0 ? "\(name) is the same at every token" : "\(name) spreads beyond what numbers hold")
    }
    let lists = means.map { $0.map { Float($0) } }
    inputMeans = Array(lists[..<layerCount])
    targetMeans = Array(lists[layerCount...])
    inputScales = squares[..<layerCount].map { Float((Double(dModel) / $0).squareRoot()) }
    targetScales = squares[layerCount...].map { Float($0.squareRoot()) }
    self.longest = longest
  }

  /// No change at all.
  public init(identityFor shape: TranscoderShape) {
    inputMeans = Array(repeating: Array(repeating: 0, count: shape.dModel), count: shape.layerCount)
    targetMeans = inputMeans
    inputScales = Array(repeating: 1, count: shape.layerCount)
    targetScales = inputScales
    longest = Array(repeating: .infinity, count: 2 * shape.layerCount)
  }

  /// Whether it fits a model and can be divided by: what is read from a file may be anything.
  public func isSound(layerCount: Int, dModel: Int) -> Bool {
    let means = inputMeans + targetMeans
    let scales = inputScales + targetScales
    return inputMeans.count == layerCount && targetMeans.count == layerCount
      && means.allSatisfy { $0.count == dModel && $0.allSatisfy(\.isFinite) }
      && inputScales.count == layerCount && targetScales.count == layerCount
      && scales.allSatisfy { $0.isFinite && $0 > 0 }
      && longest.count == 2 * layerCount && longest.allSatisfy { $0 > 0 }
  }

  private static func norms(_ row: Span<Float>, dModel: Int) -> [Float] {
    (0..<row.count / dModel).map { part in
      var squares: Float = 0
      for i in part * dModel..<(part + 1) * dModel { squares += row[i] * row[i] }
      return squares.squareRoot()
    }
  }

  /// The same as lists over a whole token, `[2, layer, dModel]`, quick to apply.
  public func normalizer() -> ActivationNormalizer { ActivationNormalizer(self) }
}

/// Normalises tokens, and leaves out those that are far off.
public struct ActivationNormalizer: Sendable {
  private let shifts, factors, largestSquares: [Float]
  private let dModel: Int

  init(_ scaling: ActivationScaling) {
    dModel = scaling.inputMeans[0].count
    shifts = (scaling.inputMeans + scaling.targetMeans).flatMap { $0 }
    let scales = scaling.inputScales + scaling.targetScales.map { 1 / $0 }
    factors = scales.flatMap { Array(repeating: $0, count: scaling.inputMeans[0].count) }
    largestSquares = scaling.longest.map { $0 * $0 }
  }

  /// Normalises a token in place.
  /// - Parameter row: All layers' inputs, then all layers' targets, `[2, layer, dModel]`.
  /// - Returns: Whether it is trained on: none of its norms is far over the usual. What is not a number is, so that
  ///   it is noticed.
  public func apply(_ row: inout MutableSpan<Float>) -> Bool {
    precondition(row.count == shifts.count, "\(row.count) numbers, not \(shifts.count)")
    for (part, limit) in largestSquares.enumerated() {
      let values = row.span.extracting(part * dModel..<(part + 1) * dModel)
      if Kernels.dot(values, values) > limit { return false }
    }
    for i in 0..<row.count { row[i] = (row[i] - shifts[i]) * factors[i] }
    return true
  }
}
