internal import Foundation

extension TranscoderTrainer {
  /// Thresholds at which the wanted number of features is active on tokens that nothing was learned from.
  ///
  /// JumpReLU: the learned thresholds times one factor, or one a layer where L0 is wanted by layer; features keep
  /// their proportions. Thresholds only rise: where fewer features are active than wanted they stay, because what
  /// lies below them was never learned from, and would add error with its activity. TopK and BatchTopK: one threshold a layer, over which as many features are active as were
  /// kept in training. ReLU has none.
  /// - Parameter tolerance: Where no more than this share too many are active, learned thresholds stay.
  /// - Returns: `[layer][feature]`, and the factors or thresholds that were found, `[layer]`.
  public func calibratedThresholds(
    _ batches: [TrainingBatch], tolerance: Double
  ) -> (thresholds: [[Float]], factors: [Double]) {
    let learned = thresholds
    switch settings.activation {
    case .reLU: return (learned, Array(repeating: 1, count: shape.layerCount))
    case .jumpReLU:
      let active = activeFeatures(batches, thresholds: learned)
      let wanted = settings.targetL0
      let groups = wanted.count == 1 ? [Array(0..<shape.layerCount)] : (0..<shape.layerCount).map { [$0] }
      let misses = zip(groups, wanted).map { layers, wanted in
        layers.reduce(0) { $0 + active[$1] } / Double(layers.count) / wanted - 1
      }
      guard misses.contains(where: { $0 > tolerance }) else {
        return (learned, Array(repeating: 1, count: shape.layerCount))
      }
      let logarithms = bisect(batches, groups: groups, wanted: wanted, within: 0...2) { layer, value in
        learned[layer].map { $0 * Float(exp(value)) }
      }
      let result = learned.indices.map { layer in learned[layer].map { $0 * Float(exp(logarithms[layer])) } }
      return (result, logarithms.map { exp($0) })
    case .topK(let k), .batchTopK(let k):
      let groups = (0..<shape.layerCount).map { [$0] }
      let found = bisect(
        batches, groups: groups, wanted: groups.map { _ in Double(k) }, within: 0...64
      ) { layer, value in Array(repeating: Float(value), count: learned[layer].count) }
      return (found.enumerated().map { Array(repeating: Float($1), count: learned[$0].count) }, found)
    }
  }

  /// Halves an interval of one value for each group of layers until the wanted number of features is active; more
  /// are with smaller values.
  private func bisect(
    _ batches: [TrainingBatch], groups: [[Int]], wanted: [Double], within range: ClosedRange<Double>,
    thresholds: (_ layer: Int, _ value: Double) -> [Float]
  ) -> [Double] {
    var low = groups.map { _ in range.lowerBound }, high = groups.map { _ in range.upperBound }
    func byLayer(_ values: [Double]) -> [Double] {
      var result = [Double](repeating: 0, count: shape.layerCount)
      for (group, layers) in groups.enumerated() { for layer in layers { result[layer] = values[group] } }
      return result
    }
    for _ in 0..<24 {
      let middle = zip(low, high).map { ($0 + $1) / 2 }
      let values = byLayer(middle)
      let active = activeFeatures(batches, thresholds: values.indices.map { thresholds($0, values[$0]) })
      for (group, layers) in groups.enumerated() {
        let mean = layers.reduce(0) { $0 + active[$1] } / Double(layers.count)
        if mean > wanted[group] { low[group] = middle[group] } else { high[group] = middle[group] }
      }
    }
    return byLayer(high)
  }
}
