internal import Foundation
internal import Tensors

/// The distance that thresholds keep from preactivations.
///
/// Another program adds up the same preactivation in another order, and from weights with the normalisation folded in;
/// a threshold that stands where preactivations lie is then passed here and not there. Texts that begin alike share
/// theirs, so that whole groups of positions can change sides at once.
extension TranscoderTrainer {
  /// Thresholds moved away from the preactivations next to them, into the middle of the gap or as far as is needed;
  /// the same features stay active.
  ///
  /// Where the gap is too narrow to tell its sides apart after rounding, the preactivations around it count as one
  /// value, and the threshold goes to the side of them that brings L0 nearer to the wanted.
  /// - Parameters:
  ///   - thresholds: `[layer][feature]`, 0 or more.
  ///   - wanted: Active features a token, as ``calibratedThresholds(_:wanted:tolerance:)`` takes them.
  ///   - share: How much of itself a threshold may move where it could be nearer to a preactivation; never less than
  ///     rounding makes needed.
  public func cleared(
    _ thresholds: [[Float]], batches: [TrainingBatch], wanted: [Double]? = nil, scaling: ActivationScaling,
    share: Float
  ) -> [[Float]] {
    guard settings.activation != .reLU else { return thresholds }
    let wanted = wanted ?? settings.wantedActive
    let rounding = roundingBounds(scaling)
    let distances = zip(thresholds, rounding).map { thresholds, bounds in
      zip(thresholds, bounds).map { max(share * $0, 16 * $1) }
    }
    let near = preactivations(
      batches, around: thresholds, within: distances.map { $0.map { ThresholdGaps.reach * $0 } })
    // What L0 exceeds the wanted by, in positions.
    let rows = Double(batches.reduce(0) { $0 + $1.rows })
    let active = activeFeatures(batches, thresholds: thresholds)
    let hasOneMean = wanted.count == 1 && settings.activation == .jumpReLU
    var excess = active.enumerated().map { layer, mean in
      rows * (mean - wanted[wanted.count == 1 ? 0 : layer])
    }
    if hasOneMean { excess = [excess.reduce(0, +)] }
    var result = thresholds
    for layer in thresholds.indices {
      for (feature, values) in near[layer].sorted(by: { $0.key < $1.key }) {
        let gaps = ThresholdGaps(
          values.sorted(), threshold: thresholds[layer][feature], narrowest: 4 * rounding[layer][feature],
          distance: distances[layer][feature])
        let place = hasOneMean ? 0 : layer
        let (threshold, change) = gaps.clear(excess: excess[place])
        result[layer][feature] = threshold
        excess[place] += Double(change)
      }
    }
    return result
  }

  /// Preactivations so near to their thresholds that rounding may decide, a token, `[layer]`.
  public func undecidedFeatures(
    _ batches: [TrainingBatch], thresholds: [[Float]], scaling: ActivationScaling
  ) -> [Double] {
    let near = preactivations(batches, around: thresholds, within: roundingBounds(scaling))
    let rows = Double(max(1, batches.reduce(0) { $0 + $1.rows }))
    return near.map { Double($0.values.reduce(0) { $0 + $1.count }) / rows }
  }

  /// How far a preactivation may lie from the same one that another program finds with folded weights,
  /// `[layer][feature]`.
  /// ```
  /// 8 · 2⁻²⁴ · (‖E‖ · (√d + 2 · s · ‖mean x‖) + |bE|)
  /// ```
  /// where `√d` is the root mean square of normalised inputs, and `s · mean x` what folding adds to them and takes off
  /// again in the bias.
  private func roundingBounds(_ scaling: ActivationScaling) -> [[Float]] {
    layers.map { layer in
      let means = scaling.inputMeans[layer.layer]
      let shift = scaling.inputScales[layer.layer] * Kernels.dot(means.span, means.span).squareRoot()
      let reach = Float(layer.inputWidth).squareRoot() + 2 * shift
      let encoder = layer.encoder.list, width = layer.inputWidth
      return layer.encoderBias.list.enumerated().map { feature, bias in
        let row = encoder[feature * width..<(feature + 1) * width]
        let norm = row.reduce(Float(0)) { $0 + $1 * $1 }.squareRoot()
        return 8 * 0x1p-24 * (norm * reach + abs(bias))
      }
    }
  }

  /// The preactivations of each feature within a distance of its threshold, `[layer][feature: values]`.
  private func preactivations(
    _ batches: [TrainingBatch], around thresholds: [[Float]], within distances: [[Float]]
  ) -> [[Int: [Float]]] {
    var found = [[Int: [Float]]](repeating: [:], count: shape.layerCount)
    let lowest = zip(thresholds, distances).map { zip($0, $1).map { ($0 - $1).nextDown } }
    for batch in batches where batch.rows > 0 {
      findEntries(batch, over: lowest)
      for layer in layers.indices {
        for entries in memory.entries[layer][..<memory.blockCount] {
          for feature in 0..<shape.featureCount {
            let limit = thresholds[layer][feature] + distances[layer][feature]
            for place in Int(entries.start[feature])..<Int(entries.start[feature + 1])
            where entries.value[place] <= limit {
              found[layer][feature, default: []].append(entries.value[place])
            }
          }
        }
      }
    }
    return found
  }
}

/// The gaps between the preactivations around one threshold.
struct ThresholdGaps {
  /// How many distances from the threshold preactivations are looked at.
  static let reach: Float = 4

  /// The preactivations, smallest first.
  private let values: [Float]
  private let threshold: Float
  /// The width from which on the sides of a gap can be told apart after rounding.
  private let narrowest: Float
  /// How far from a preactivation is far enough.
  private let distance: Float
  /// How many values the threshold is not under.
  private let below: Int

  init(_ values: [Float], threshold: Float, narrowest: Float, distance: Float) {
    self.values = values
    self.threshold = threshold
    self.narrowest = narrowest
    self.distance = distance
    below = values.count { $0 <= threshold }
  }

  /// A gap lies below each value, and one over the last; the outer ones end where nobody has looked.
  private func ends(_ gap: Int) -> (bottom: Float, top: Float) {
    (
      gap == 0 ? threshold - Self.reach * distance : values[gap - 1],
      gap == values.count ? threshold + Self.reach * distance : values[gap]
    )
  }

  private func isWide(_ gap: Int) -> Bool {
    let (bottom, top) = ends(gap)
    return top - bottom >= narrowest && top > narrowest / 2
  }

  /// The threshold in the gap that it is in, or in the next one that is wide enough.
  /// - Parameter excess: How many positions too many are active.
  /// - Returns: The threshold, and how many positions more are active over it.
  func clear(excess: Double) -> (threshold: Float, change: Int) {
    if isWide(below) { return (inside(below), 0) }
    let up = (below + 1..<values.count + 1).first(where: isWide)
    let down = (0..<below).last(where: isWide)
    let nearest = [up, down].compactMap { $0 }
      .min { abs(excess + Double(below - $0)) < abs(excess + Double(below - $1)) }
    guard let nearest else { return (inside(below), 0) }
    return (inside(nearest), below - nearest)
  }

  /// The place in a gap that is nearest to the threshold and far enough from both ends, or the middle.
  private func inside(_ gap: Int) -> Float {
    let (bottom, top) = ends(gap)
    let margin = min((top - bottom) / 2, distance)
    // A threshold under 0 would let negative preactivations through.
    let place = max(0, bottom + margin, min(top - margin, threshold))
    return place >= bottom && place < top ? place : max(0, bottom)
  }
}
