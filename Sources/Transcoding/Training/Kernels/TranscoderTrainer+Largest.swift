internal import Tensors

/// BatchTopK: one cut through all of a layer's preactivations in a batch.
extension TranscoderTrainer {
  /// Sets each layer's threshold so that its `k · tokens` largest positive values lie over it; equals at the cut all
  /// stay out.
  ///
  /// Candidates are what lies over half of the cut before, which changes nothing but the time: where they are too
  /// few, all positive values are.
  func chooseLargest(_ k: Int, of batch: TrainingBatch) {
    let wanted = k * memory.rows
    var cuts = layers.map { cut($0, wanted: wanted) }
    if cuts.indices.contains(where: { cuts[$0] == nil && memory.candidateBounds[$0] > 0 }) {
      for layer in layers {
        memory.candidateBounds[layer.layer] = 0
        for feature in 0..<layer.featureCount { layer.low[feature] = 0 }
      }
      encode(batch)
      cuts = layers.map { cut($0, wanted: wanted) }
    }
    for layer in layers {
      let threshold = cuts[layer.layer] ?? 0
      memory.candidateBounds[layer.layer] = threshold / 2
      for feature in 0..<layer.featureCount { layer.threshold[feature] = threshold }
    }
  }

  /// The value that `wanted` candidates are over, equals aside; `nil` if there are not that many.
  private func cut(_ layer: FeatureParameters, wanted: Int) -> Float? {
    let lists = memory.entries[layer.layer][..<memory.blockCount]
    guard lists.reduce(0, { $0 + $1.count }) > wanted else { return nil }
    // The bits of positive numbers are ordered as they are: first the upper half, then the lower.
    func find(rank: Int, bucket: (UInt32) -> Int?) -> (bucket: Int, above: Int) {
      var counts = [Int](repeating: 0, count: 1 << 16)
      for entries in lists {
        for place in 0..<entries.count {
          if let bucket = bucket(entries.value[place].bitPattern) { counts[bucket] += 1 }
        }
      }
      var above = 0
      for bucket in counts.indices.reversed() {
        if above + counts[bucket] > rank { return (bucket, above) }
        above += counts[bucket]
      }
      return (0, above)
    }
    let upper = find(rank: wanted) { Int($0 >> 16) }
    let lower = find(rank: wanted - upper.above) { Int($0 >> 16) == upper.bucket ? Int($0 & 0xFFFF) : nil }
    return Float(bitPattern: UInt32(upper.bucket) << 16 | UInt32(lower.bucket))
  }
}
