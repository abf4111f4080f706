internal import CKernels
internal import Tensors

/// The backward run: with `G` the loss's gradient at the reconstruction, all gradients.
/// ```
/// da = G Dᵀ + λ c ‖D‖ sech²(c ‖D‖ a) / B       dz = da where a > 0
/// dE = dzᵀ x      dbE = Σ dz      dD = aᵀ G + D / ‖D‖ · λ c Σ sech² a / B      dbD = Σ G      dS = Gᵀ x
/// d ln θ = −θ² / ε · Σ da over |z − θ| < ε / 2
/// ```
extension TranscoderTrainer {
  /// Features whose gradients one thread makes at a time: few enough that their decoders and gradients stay in the
  /// second-level cache with a block's, many enough that a block is fetched seldom.
  private func pieceFeatures(_ layer: FeatureParameters) -> Int {
    let fitting = (512 << 10) / (8 * (layer.decoderWidth + layer.inputWidth))
    let share = (layer.featureCount + Parallel.threadCount - 1) / Parallel.threadCount
    return max(16, min(fitting, share))
  }

  func pullBack(_ batch: TrainingBatch) {
    let width = shape.layerCount * shape.dModel
    for layer in layers {
      let first = layer.layer * shape.dModel
      for i in 0..<shape.dModel {
        layer.decoderBias.gradientStart[i] = memory.sums[..<memory.blockCount].reduce(0) {
          $0 + $1[first + i]
        }
      }
      if let skip = layer.skip {
        ck_multiply_transposed(
          memory.reconstruction.pointer + first, width, batch.input(layer: layer.layer, row: 0), shape.dModel,
          skip.gradientStart, shape.dModel, shape.dModel, batch.rows, shape.dModel, 0)
      }
      let dense = isDense(layer) ? memory.denseStart() : nil
      if let dense { project(layer, into: dense) }
      pullBack(layer, batch, dense: dense)
    }
  }

  /// `G Dᵀ` of every feature and token, `[block][feature, blockTokens]`.
  private func project(_ layer: FeatureParameters, into dense: UnsafeMutablePointer<Float>) {
    let target = SharedPointer(dense)
    memory.forEachBlock { [memory, shape] lane, block in
      let rows = memory.tokens(block), width = shape.layerCount * shape.dModel
      let gradient =
        memory.reconstruction.pointer + rows.lowerBound * width + layer.layer * shape.dModel
      ck_pack(gradient, CK_F32, rows.count, layer.decoderWidth, width, 1, lane.panels.pointer)
      var product = ck_product(
        m: layer.featureCount, n: rows.count, k: layer.decoderWidth, segments: 1, a: layer.decoder.start,
        a_row_stride: layer.decoderWidth, a_segment_stride: 0, b: lane.panels.pointer,
        b_panel_stride: layer.decoderWidth * Packing.panelColumns, b_row_stride: Packing.panelColumns,
        c: target.pointer + block * layer.featureCount * memory.blockTokens,
        c_row_stride: memory.blockTokens, accumulate: 0)
      ck_multiply(&product)
    }
  }

  private func pullBack(
    _ layer: FeatureParameters, _ batch: TrainingBatch, dense: UnsafeMutablePointer<Float>?
  ) {
    let width = shape.layerCount * shape.dModel
    let lists = memory.entries[layer.layer]
    let blocks = (0..<memory.blockCount).map { block in
      let row = memory.tokens(block).lowerBound, entries = lists[block]
      return ck_entries(
        token: entries.token, value: entries.value, slope: entries.slope, start: entries.start,
        gradient: memory.reconstruction.pointer + row * width + layer.layer * shape.dModel,
        input: batch.input(layer: layer.layer, row: row),
        dense: dense.map { $0 + block * layer.featureCount * memory.blockTokens })
    }
    let isJump = settings.activation == .jumpReLU
    let shared = SharedPointer((blocks: blocks, dense: dense))
    let bandwidth = isJump ? Float(settings.bandwidth) : 0
    let pieceFeatures = pieceFeatures(layer)
    let pieces = (layer.featureCount + pieceFeatures - 1) / pieceFeatures
    memory.forEach(pieces) { [memory] lane, piece in
      var description = ck_feature_layer(
        input_width: layer.inputWidth, decoder_width: layer.decoderWidth, gradient_stride: width,
        dense_stride: memory.blockTokens, decoder: layer.decoder.start, threshold: layer.threshold.pointer,
        penalty: layer.penalty.pointer, shrink: layer.shrink.pointer, revival: layer.revival.pointer,
        input_sum: layer.inputSum.pointer, tokens: memory.rows, bandwidth: bandwidth,
        decoder_gradient: layer.decoder.gradientStart, encoder_gradient: layer.encoder.gradientStart,
        bias_gradient: layer.encoderBias.gradientStart, threshold_gradient: layer.logThreshold.gradientStart,
        pull: layer.pull.pointer, fired: layer.fired)
      let first = piece * pieceFeatures
      let count = min(pieceFeatures, layer.featureCount - first)
      ck_feature_pullback(&description, shared.pointer.blocks, shared.pointer.blocks.count, first, count)
      guard shared.pointer.dense != nil else { return }
      for (block, entries) in shared.pointer.blocks.enumerated() {
        Self.addProducts(layer, entries, first: first, count: count, block: block, memory: memory, lane: lane)
      }
    }
  }

  /// `dE += dzᵀ x` and `dD += aᵀ G` of some features and one block, as products.
  private static func addProducts(
    _ layer: FeatureParameters, _ entries: ck_entries, first: Int, count: Int, block: Int,
    memory: StepMemory, lane: StepMemory.Lane
  ) {
    let tokens = memory.blockTokens, rows = memory.tokens(block).count
    let width = memory.shape.layerCount * memory.shape.dModel
    var encoder = ck_product(
      m: count, n: layer.inputWidth, k: rows, segments: 1, a: entries.dense + first * tokens,
      a_row_stride: tokens, a_segment_stride: 0, b: entries.input, b_panel_stride: Packing.panelColumns,
      b_row_stride: layer.inputWidth, c: layer.encoder.gradientStart + first * layer.inputWidth,
      c_row_stride: layer.inputWidth, accumulate: 1)
    ck_multiply(&encoder)
    ck_spread(
      entries.token, entries.value, entries.start + first, count, tokens, layer.threshold.pointer + first,
      lane.dense.pointer)
    var decoder = ck_product(
      m: count, n: layer.decoderWidth, k: rows, segments: 1, a: lane.dense.pointer, a_row_stride: tokens,
      a_segment_stride: 0, b: entries.gradient, b_panel_stride: Packing.panelColumns, b_row_stride: width,
      c: layer.decoder.gradientStart + first * layer.decoderWidth, c_row_stride: layer.decoderWidth,
      accumulate: 1)
    ck_multiply(&decoder)
  }
}
