internal import Tensors
internal import Transformers

/// One layer's attention as a frozen linear map, packed for its pullback.
/// ```
/// g⁻[q] = g⁰[q] + Σ_h Σ_p r[q] · A[h][p, q] · (g⁰[p] · W_O[h]ᵀ) · W_V[h]ᵀ N
/// ```
/// `N` folds the norm's gain and, for layer norms, its mean into the columns of `W_Vᵀ`; the norm's frozen scale `r` is
/// folded into the pattern.
struct AttentionTransport: Sendable {
  /// `W_Oᵀ` of each head, `[head]`: `[dModel, dHead]`, packed.
  let outputHeads: [PackedMatrix]
  /// `W_Vᵀ N`: `[keyValueHead · dHead, dModel]`, packed.
  let valueMap: PackedMatrix
  /// The same in rows, to read single vectors through, `[keyValueHead · dHead, dModel]`; kept in the lowest layer.
  var valueRows: Matrix?
  /// `r[q] · A[h][p, q]` at `[head][q][p]`, zero where `p < q`.
  let mixing: [Float]
  /// What the layer writes whatever the residual stream holds: its biases, `[dModel, 1]`, packed; `nil` if nothing.
  let constant: PackedMatrix?

  init(
    _ block: Block, configuration c: TransformerConfiguration, patterns: Matrix, scales: [Float]
  ) {
    let output = block.attention.output
    outputHeads = (0..<c.headCount).map { head in
      PackedMatrix(transposing: output.weight.inputs(head * c.dHead..<(head + 1) * c.dHead).transposed)
    }
    var rows = block.attention.value.weight.matrix()  // [keyValueHead · dHead, dModel]
    rows.foldNorm(block.attentionNorm)
    valueMap = PackedMatrix(transposing: WeightMatrix(rows).transposed)
    valueRows = rows
    mixing = Self.mixing(patterns, scales: scales, headCount: c.headCount)
    constant = Self.constant(block, c).map { PackedMatrix(transposing: $0) }
  }

  private static func mixing(_ patterns: Matrix, scales: [Float], headCount: Int) -> [Float] {
    let count = scales.count
    var mixing = [Float](repeating: 0, count: headCount * count * count)
    for head in 0..<headCount {
      for reader in 0..<count {
        let row = (head * count + reader) * count
        for source in 0...reader {
          mixing[(head * count + source) * count + reader] = scales[source] * patterns.values[row + source]
        }
      }
    }
    return mixing
  }

  /// `W_O (W_V b + b_V) + b_O`: patterns sum to 1, so every reader gets the same; `[1, dModel]`.
  private static func constant(_ block: Block, _ c: TransformerConfiguration) -> Matrix? {
    let attention = block.attention
    let normBias = block.attentionNorm.kind.centers ? block.attentionNorm.bias : nil
    guard normBias != nil || attention.value.bias != nil || attention.output.bias != nil else { return nil }
    let bias = normBias ?? Array(repeating: 0, count: c.dModel)
    let value = attention.value(Matrix(rows: 1, columns: c.dModel, values: bias))
    var heads = Matrix(rows: 1, columns: c.headCount * c.dHead)
    let shared = c.headCount / c.keyValueHeadCount
    for head in 0..<c.headCount {
      for i in 0..<c.dHead { heads.values[head * c.dHead + i] = value.values[head / shared * c.dHead + i] }
    }
    return attention.output(heads)
  }
}

extension Matrix {
  /// Lets each row, a gradient behind a norm, fall through the norm's linear part but for its scale.
  /// ```
  /// row[j] ← g[j] · row[j] − mean(g ⊙ row)        (RMS norm: without the mean)
  /// ```
  mutating func foldNorm(_ norm: NormLayer) {
    for row in 0..<rows { self[row] = norm.frozenPullback(self.row(row), scale: 1)[...] }
  }
}
