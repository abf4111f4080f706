internal import Foundation

extension TranscoderTrainer {
  /// Thresholds at which the wanted number of features is active on tokens that nothing was learned from.
  ///
  /// JumpReLU: the learned thresholds times one factor, or one a layer where L0 is wanted by layer; features keep
  /// their proportions. Thresholds only rise: where fewer features are active than wanted they stay, because what
  /// lies below them was never learned from, and would add error with its activity. TopK and BatchTopK: one threshold
  /// a layer, over which as many features are active as wanted. ReLU has none.
  ///
  /// L0 moves in steps, and where many positions share one preactivation in a long one: the end of the step that is
  /// nearer to the wanted L0 counts. See ``cleared(_:batches:wanted:scaling:share:)`` for the distance that
  /// thresholds then keep from preactivations.
  /// - Parameters:
  ///   - wanted: Active features a token, one number for the mean over layers or one a layer; `nil` for what training
  ///     aimed at.
  ///   - tolerance: Where no more than this share too many are active, learned thresholds stay.
  /// - Returns: `[layer][feature]`, and the factors or thresholds that were found, `[layer]`.
  public func calibratedThresholds(
    _ batches: [TrainingBatch], wanted: [Double]? = nil, tolerance: Double
  ) -> (thresholds: [[Float]], factors: [Double]) {
    let learned = thresholds
    let wanted = wanted ?? settings.wantedActive
    let single = learned.indices.map { [$0] }
    switch settings.activation {
    case .reLU: return (learned, Array(repeating: 1, count: shape.layerCount))
    case .jumpReLU:
      let groups = wanted.count == 1 ? [Array(learned.indices)] : single
      let active = activeFeatures(batches, thresholds: learned)
      let misses = zip(groups, wanted).map { Self.mean(active, over: $0) / $1 - 1 }
      guard misses.contains(where: { $0 > tolerance }) else {
        return (learned, Array(repeating: 1, count: shape.layerCount))
      }
      let logarithms = search(batches, groups: groups, wanted: wanted) { layer, value in
        learned[layer].map { $0 * Float(exp(value)) }
      }
      let result = learned.indices.map { layer in learned[layer].map { $0 * Float(exp(logarithms[layer])) } }
      return (result, logarithms.map { exp($0) })
    case .topK, .batchTopK:
      let byLayer = wanted.count == 1 ? single.map { _ in wanted[0] } : wanted
      let found = search(batches, groups: single, wanted: byLayer) { layer, value in
        Array(repeating: Float(value), count: learned[layer].count)
      }
      return (found.enumerated().map { Array(repeating: Float($1), count: learned[$0].count) }, found)
    }
  }

  private static func mean(_ values: [Double], over layers: [Int]) -> Double {
    layers.reduce(0) { $0 + values[$1] } / Double(max(1, layers.count))
  }

  /// The value of each group of layers, at least 0, with which about the wanted number of features is active; fewer
  /// are with larger values.
  /// - Returns: By layer. Of two neighbouring values the one whose number is nearer.
  private func search(
    _ batches: [TrainingBatch], groups: [[Int]], wanted: [Double],
    thresholds: (_ layer: Int, _ value: Double) -> [Float]
  ) -> [Double] {
    func byLayer(_ values: [Double]) -> [Double] {
      var result = [Double](repeating: 0, count: shape.layerCount)
      for (group, layers) in groups.enumerated() { for layer in layers { result[layer] = values[group] } }
      return result
    }
    func active(_ values: [Double]) -> [Double] {
      let values = byLayer(values)
      let active = activeFeatures(batches, thresholds: values.indices.map { thresholds($0, values[$0]) })
      return groups.map { Self.mean(active, over: $0) }
    }
    var low = groups.map { _ in 0.0 }, high = groups.map { _ in 1.0 }
    var most = active(low), least = active(high)
    // At 0 there may be too few already; then nothing is to be searched.
    for group in groups.indices where most[group] <= wanted[group] {
      (high[group], least[group]) = (0, most[group])
    }
    while let group = groups.indices.first(where: { least[$0] > wanted[$0] && high[$0] < 1e30 }) {
      (low[group], most[group]) = (high[group], least[group])
      high[group] *= 2
      least = active(high)
    }
    for _ in 0..<26 where low != high {
      let middle = zip(low, high).map { ($0 + $1) / 2 }
      for (group, mean) in active(middle).enumerated() {
        if mean > wanted[group] {
          (low[group], most[group]) = (middle[group], mean)
        } else {
          (high[group], least[group]) = (middle[group], mean)
        }
      }
    }
    return byLayer(
      groups.indices.map { group in
        most[group] - wanted[group] < wanted[group] - least[group] ? low[group] : high[group]
      })
  }
}
