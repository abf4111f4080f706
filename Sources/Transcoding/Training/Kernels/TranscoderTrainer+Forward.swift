internal import CKernels
internal import Foundation
internal import Tensors

/// The forward run: preactivations, what of them counts, and the reconstruction.
extension TranscoderTrainer {
  /// The lists that hold for a whole step: thresholds, norms, and what they scale.
  func prepare(_ batch: TrainingBatch) {
    let c = Float(settings.sharpness), tokens = Float(batch.rows)
    for layer in layers {
      let count = layer.featureCount
      ck_row_norms(layer.decoder.start, count, layer.decoderWidth, layer.norm.pointer)
      let isPenalized = settings.activation.isPenalized
      let lambda = isPenalized ? Float(controller.penalty(layer: layer.layer)) : 0
      let half = Float(settings.bandwidth) / 2
      for f in 0..<count {
        let norm = layer.norm[f]
        layer.sharpness[f] = c * norm
        layer.penalty[f] = lambda * c * norm / tokens
        layer.shrink[f] = norm > 0 ? lambda * c / (norm * tokens) : 0
        let isDead = layer.idleTokens[f] >= settings.deadAfter
        layer.revival[f] = isDead ? Float(settings.deadPenalty) * norm / tokens : 0
        switch settings.activation {
        case .jumpReLU:
          layer.threshold[f] = exp(layer.logThreshold.start[f])
          layer.low[f] = layer.threshold[f] - half
        case .reLU, .topK: (layer.threshold[f], layer.low[f]) = (0, 0)
        case .batchTopK: (layer.threshold[f], layer.low[f]) = (0, memory.candidateBounds[layer.layer])
        }
      }
      layer.fired.update(repeating: 0, count: count)
      layer.inputSum.clear(0..<layer.inputWidth)
      ck_add_rows(
        batch.input(layer: layer.layer, row: 0), batch.rows, layer.inputWidth, layer.inputSum.pointer)
    }
  }

  /// Finds the entries of every layer and block.
  func encode(_ batch: TrainingBatch) {
    if case .topK(let k) = settings.activation { encode(batch, keep: k) } else { encodeOverBounds(batch) }
  }

  /// Finds what is over the layers' bounds.
  func encodeOverBounds(_ batch: TrainingBatch) { encode(batch, keep: nil) }

  private func encode(_ batch: TrainingBatch, keep: Int?) {
    memory.forEachBlock { [layers, memory] lane, block in
      for layer in layers { Self.encode(layer, batch, block: block, keep: keep, memory: memory, lane: lane) }
    }
  }

  /// ```
  /// z = E x + bE, kept where z > low
  /// ```
  private static func encode(
    _ layer: FeatureParameters, _ batch: TrainingBatch, block: Int, keep: Int?, memory: StepMemory,
    lane: StepMemory.Lane
  ) {
    let rows = memory.tokens(block), width = layer.inputWidth
    let panels = lane.panels.pointer, dense = lane.dense.pointer
    ck_pack(
      batch.input(layer: layer.layer, row: rows.lowerBound), CK_F32, rows.count, width, width, 1, panels)
    let entries = memory.entries[layer.layer][block]
    entries.start[0] = 0
    for first in stride(from: 0, to: layer.featureCount, by: memory.featureChunk) {
      let count = min(memory.featureChunk, layer.featureCount - first)
      var product = ck_product(
        m: count, n: rows.count, k: width, segments: 1, a: layer.encoder.start + first * width,
        a_row_stride: width, a_segment_stride: 0, b: panels, b_panel_stride: width * Packing.panelColumns,
        b_row_stride: Packing.panelColumns, c: dense, c_row_stride: memory.blockTokens, accumulate: 0)
      ck_multiply(&product)
      let bias = layer.encoderBias.start + first
      if let keep {
        ck_keep_largest(dense, memory.blockTokens, count, rows.count, bias, keep)
        entries.scanKept(
          dense, stride: memory.blockTokens, features: first..<first + count, tokens: rows.count)
      } else {
        entries.scan(
          dense, stride: memory.blockTokens, features: first..<first + count, tokens: rows.count, bias: bias,
          low: layer.low.pointer + first)
      }
    }
  }

  /// Slopes of the penalty at every entry.
  /// - Returns: `Σ_l λ[l] · mean Σ tanh(c · ‖D‖ · a)`.
  func applyPenalty() -> Double {
    var total = 0.0
    for layer in layers {
      let lists = memory.entries[layer.layer][..<memory.blockCount]
      guard settings.activation.isPenalized else {
        for entries in lists { entries.slope.update(repeating: 0, count: entries.count) }
        continue
      }
      var sums = [Double](repeating: 0, count: lists.count)
      sums.withUnsafeMutableBufferPointer { sums in
        let sums = SharedPointer(sums)
        memory.forEachBlock { _, block in
          let entries = lists[block]
          sums.pointer[block] = ck_penalty(
            entries.value, entries.start, layer.featureCount, layer.threshold.pointer,
            layer.sharpness.pointer, entries.slope)
        }
      }
      total += controller.penalty(layer: layer.layer) * sums.reduce(0, +) / Double(memory.rows)
    }
    return total
  }

  /// Whether so many entries of a layer count that products are faster.
  func isDense(_ layer: FeatureParameters) -> Bool {
    switch settings.activation {
    case .topK(let k), .batchTopK(let k):
      return Double(k) > settings.denseShare * Double(layer.featureCount)
    case .jumpReLU, .reLU: break
    }
    let count = memory.entries[layer.layer][..<memory.blockCount].reduce(0) { $0 + $1.count }
    return Double(count) > settings.denseShare * Double(memory.rows * layer.featureCount)
  }

  /// Reconstructs the targets; leaves `scale · (ŷ − y)` in their place.
  /// ```
  /// ŷ[l] = bD[l] + Σ_{s ≤ l} a[s] D[s→l] (+ S[l] x[l])
  /// ```
  /// - Returns: `mean |y − ŷ|²`, `[layer]`.
  func reconstruct(_ batch: TrainingBatch, scale: Float) -> [Double] {
    let isDense = layers.map { self.isDense($0) }
    let blocks = memory.blockCount
    memory.losses.withUnsafeMutableBufferPointer { losses in
      memory.sums.withUnsafeMutableBufferPointer { sums in
        let losses = SharedPointer(losses), sums = SharedPointer(sums)
        memory.forEachBlock { [layers, memory, shape] lane, block in
          let rows = memory.tokens(block), width = shape.layerCount * shape.dModel
          let y = memory.reconstruction.pointer + rows.lowerBound * width
          Self.begin(y, rows: rows.count, layers: layers, shape: shape)
          for layer in layers {
            if let skip = layer.skip {
              Self.addSkip(skip, layer, batch, rows: rows, to: y, stride: width, lane: lane)
            }
            Self.decode(
              layer, memory.entries[layer.layer][block], rows: rows.count, isDense: isDense[layer.layer],
              to: y + layer.layer * shape.dModel, stride: width, memory: memory, lane: lane)
          }
          for l in 0..<shape.layerCount { losses.pointer[block][l] = 0 }
          sums.pointer[block].withUnsafeMutableBufferPointer { sum in
            sum.update(repeating: 0)
            losses.pointer[block].withUnsafeMutableBufferPointer { loss in
              ck_residual(
                y, batch.target(row: rows.lowerBound), rows.count, shape.layerCount, shape.dModel, scale,
                loss.baseAddress, sum.baseAddress)
            }
          }
        }
      }
    }
    return (0..<shape.layerCount).map { layer in
      memory.losses[..<blocks].reduce(0) { $0 + $1[layer] } / Double(memory.rows)
    }
  }

  private static func begin(
    _ y: UnsafeMutablePointer<Float>, rows: Int, layers: [FeatureParameters], shape: TranscoderShape
  ) {
    for row in 0..<rows {
      for layer in layers {
        (y + (row * shape.layerCount + layer.layer) * shape.dModel)
          .update(from: layer.decoderBias.start, count: shape.dModel)
      }
    }
  }

  private static func decode(
    _ layer: FeatureParameters, _ entries: EntryList, rows: Int, isDense: Bool,
    to y: UnsafeMutablePointer<Float>, stride: Int, memory: StepMemory, lane: StepMemory.Lane
  ) {
    guard isDense else {
      ck_decode(
        entries.token, entries.value, entries.start, layer.featureCount, layer.threshold.pointer,
        layer.decoder.start, layer.decoderWidth, y, stride)
      return
    }
    let dense = lane.dense.pointer, tokens = memory.blockTokens
    for first in Swift.stride(from: 0, to: layer.featureCount, by: memory.featureChunk) {
      let count = min(memory.featureChunk, layer.featureCount - first)
      ck_spread(
        entries.token, entries.value, entries.start + first, count, tokens, layer.threshold.pointer + first,
        dense)
      ck_multiply_transposed(
        dense, tokens, layer.decoder.start + first * layer.decoderWidth, layer.decoderWidth, y, stride, rows,
        count, layer.decoderWidth, 1)
    }
  }

  private static func addSkip(
    _ skip: LearnedTensor, _ layer: FeatureParameters, _ batch: TrainingBatch, rows: Range<Int>,
    to y: UnsafeMutablePointer<Float>, stride: Int, lane: StepMemory.Lane
  ) {
    let width = layer.inputWidth, panels = lane.panels.pointer
    ck_pack(skip.start, CK_F32, width, width, width, 1, panels)
    var product = ck_product(
      m: rows.count, n: width, k: width, segments: 1,
      a: batch.input(layer: layer.layer, row: rows.lowerBound), a_row_stride: width, a_segment_stride: 0,
      b: panels, b_panel_stride: width * Packing.panelColumns, b_row_stride: Packing.panelColumns,
      c: y + layer.layer * width, c_row_stride: stride, accumulate: 1)
    ck_multiply(&product)
  }
}
