internal import Foundation
internal import ReplacementModels
public import Tokenization
internal import Tensors
internal import Transcoding
internal import Transformers

/// How well features reconstruct MLP outputs, summed over rows `y` with errors `e = y − ŷ`.
public struct ReconstructionError: Sendable {
  /// Rows counted.
  public private(set) var rows = 0
  /// Active features, over all rows.
  public private(set) var active = 0
  private var errorSquares = 0.0
  private var targetSquares = 0.0
  private var cosines = 0.0
  private var normRatios = 0.0
  private var sum: [Double] = []

  public init() {}

  /// Counts one row.
  /// - Parameters:
  ///   - target: `y`, what the MLP writes, `[dModel]`.
  ///   - error: `e`, `[dModel]`.
  ///   - active: How many features are active there.
  public mutating func add(target: some Collection<Float>, error: some Collection<Float>, active: Int) {
    var (ee, yy, rr, yr) = (0.0, 0.0, 0.0, 0.0)
    if sum.isEmpty { sum = Array(repeating: 0, count: target.count) }
    for (i, (y, e)) in zip(target, error).enumerated() {
      let (y, e) = (Double(y), Double(e))
      let r = y - e
      ee += e * e
      yy += y * y
      rr += r * r
      yr += y * r
      sum[i] += y
    }
    rows += 1
    self.active += active
    errorSquares += ee
    targetSquares += yy
    cosines += yy > 0 && rr > 0 ? yr / (yy * rr).squareRoot() : 0
    normRatios += yy > 0 ? (ee / yy).squareRoot() : 0
  }

  /// Fraction of variance unexplained: `Σ|e|² / Σ|y − mean y|²`; `nil` for fewer than two rows.
  public var unexplainedVariance: Double? {
    guard rows > 1 else { return nil }
    let variance = targetSquares - sum.reduce(0) { $0 + $1 * $1 } / Double(rows)
    return variance > 0 ? errorSquares / variance : nil
  }
  /// Normalised mean squared error: `Σ|e|² / Σ|y|²`.
  public var normalizedSquaredError: Double { targetSquares > 0 ? errorSquares / targetSquares : 0 }
  /// Mean cosine of `y` and `ŷ`.
  public var cosine: Double { rows > 0 ? cosines / Double(rows) : 0 }
  /// Mean active features a row.
  public var activeFeatures: Double { rows > 0 ? Double(active) / Double(rows) : 0 }
  /// Mean of `|e| / |y|`.
  public var errorNormShare: Double { rows > 0 ? normRatios / Double(rows) : 0 }
}

/// The reconstruction error of transcoders on texts: by layer, and by layer and position.
public struct ReconstructionCheck: Sendable {
  /// `[layer]`.
  public private(set) var layers: [ReconstructionError]
  /// `[layer][position]`, over all texts.
  public private(set) var positions: [[ReconstructionError]]
  /// How many texts were read.
  public private(set) var textCount = 0

  public init(layerCount: Int) {
    layers = Array(repeating: ReconstructionError(), count: layerCount)
    positions = Array(repeating: [], count: layerCount)
  }

  /// Reads one text; position 0, which has no features, is left out.
  public mutating func add(_ tokens: [Token], with model: TracingModel) throws {
    let recording = try model.transformer.record(tokens)
    let local = try LocalReplacementModel(
      of: model.transformer, transcoder: model.transcoder, recording: recording)
    for layer in layers.indices {
      for position in local.zeroedPositions.upperBound..<max(1, tokens.count) {
        while positions[layer].count <= position { positions[layer].append(ReconstructionError()) }
        let active = local.activations.places(layer: layer, position: position).count
        let (y, e) = (recording.mlpOutput[layer][position], local.errors[layer][position])
        layers[layer].add(target: y, error: e, active: active)
        positions[layer][position].add(target: y, error: e, active: active)
      }
    }
    textCount += 1
  }
}
