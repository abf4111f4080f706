internal import CKernels
internal import Foundation
internal import Tensors

/// How well features reconstruct tokens that nothing was learned from; everything in normalised units.
public struct HeldOutError: Sendable, Equatable {
  /// Tokens counted.
  public private(set) var rows = 0
  /// `Σ |y − ŷ|²`, `[layer]`.
  public private(set) var errorSquares: [Double]
  /// `Σ |y|²`, `[layer]`.
  public private(set) var targetSquares: [Double]
  /// Active features, `[layer]`.
  public private(set) var active: [Double]
  private var sums: [[Double]]

  public init(layerCount: Int) {
    errorSquares = Array(repeating: 0, count: layerCount)
    targetSquares = errorSquares
    active = errorSquares
    sums = Array(repeating: [], count: layerCount)
  }

  /// Counts some tokens of one layer.
  mutating func add(layer: Int, targets: UnsafePointer<Float>, stride: Int, width: Int, rows: Int) {
    if sums[layer].isEmpty { sums[layer] = Array(repeating: 0, count: width) }
    for row in 0..<rows {
      for i in 0..<width {
        let y = Double(targets[row * stride + i])
        targetSquares[layer] += y * y
        sums[layer][i] += y
      }
    }
  }

  mutating func add(errors: [Double], active counts: [Double], rows: Int) {
    for layer in errors.indices {
      errorSquares[layer] += errors[layer]
      active[layer] += counts[layer]
    }
    self.rows += rows
  }

  /// Fraction of variance unexplained, `Σ|y − ŷ|² / Σ|y − mean y|²`, `[layer]`.
  public var unexplainedVariance: [Double] {
    errorSquares.indices.map { layer in
      let squares = sums[layer].reduce(0) { $0 + $1 * $1 } / Double(max(1, rows))
      return errorSquares[layer] / max(1e-300, targetSquares[layer] - squares)
    }
  }
  /// `Σ|y − ŷ|² / Σ|y|²`, `[layer]`; targets are centred, so it lies close to the fraction of variance.
  public var normalizedSquaredError: [Double] {
    errorSquares.indices.map { errorSquares[$0] / max(1e-300, targetSquares[$0]) }
  }
  /// Mean active features a token, `[layer]`.
  public var activeFeatures: [Double] { active.map { $0 / Double(max(1, rows)) } }
  /// The mean over layers of ``activeFeatures``.
  public var meanActiveFeatures: Double { activeFeatures.reduce(0, +) / Double(max(1, active.count)) }
}

extension TranscoderTrainer {
  /// The thresholds as they are, `[layer][feature]`: those learned, or 0.
  public var thresholds: [[Float]] {
    layers.map { layer in
      settings.activation == .jumpReLU
        ? layer.logThreshold.list.map { exp($0) } : Array(repeating: 0, count: layer.featureCount)
    }
  }

  /// Measures the reconstruction of batches with given thresholds, whatever the activation while training.
  public func evaluate(_ batches: [TrainingBatch], thresholds: [[Float]]) -> HeldOutError {
    var result = HeldOutError(layerCount: shape.layerCount)
    for batch in batches where batch.rows > 0 {
      findActive(batch, thresholds: thresholds)
      let errors = reconstruct(batch, scale: 1)
      let counts = activeCounts()
      for layer in 0..<shape.layerCount {
        result.add(
          layer: layer, targets: batch.target(row: 0) + layer * shape.dModel,
          stride: shape.layerCount * shape.dModel, width: shape.dModel, rows: batch.rows)
      }
      result.add(errors: errors.map { $0 * Double(batch.rows) }, active: counts, rows: batch.rows)
    }
    return result
  }

  /// Mean active features a token with given thresholds, `[layer]`.
  public func activeFeatures(_ batches: [TrainingBatch], thresholds: [[Float]]) -> [Double] {
    var counts = [Double](repeating: 0, count: shape.layerCount)
    var rows = 0
    for batch in batches where batch.rows > 0 {
      findActive(batch, thresholds: thresholds)
      for (layer, count) in activeCounts().enumerated() { counts[layer] += count }
      rows += batch.rows
    }
    return counts.map { $0 / Double(max(1, rows)) }
  }

  private func findActive(_ batch: TrainingBatch, thresholds: [[Float]]) {
    for layer in layers { layer.threshold.write(thresholds[layer.layer], at: 0) }
    findEntries(batch, over: thresholds)
  }

  /// Finds the preactivations over some bounds, `[layer][feature]`.
  func findEntries(_ batch: TrainingBatch, over bounds: [[Float]]) {
    precondition(
      batch.rows <= settings.batchTokens, "\(batch.rows) rows in a batch of \(settings.batchTokens)")
    memory.rows = batch.rows
    for layer in layers { layer.low.write(bounds[layer.layer], at: 0) }
    encodeOverBounds(batch)
  }

  private func activeCounts() -> [Double] {
    layers.map { layer in
      Double(memory.entries[layer.layer][..<memory.blockCount].reduce(0) { $0 + $1.count })
    }
  }
}
