internal import Tensors
internal import Transformers

/// One layer's attention as a frozen linear map, packed for its pullback.
/// ```
/// g⁻[q] = g⁰[q] + Σ_h Σ_p r[q] · A[h][p, q] · s[p] · (g⁰[p] · P W_O[h]ᵀ) · W_V[h]ᵀ N
/// ```
/// `N` folds the norm's gain and, for layer norms, its mean into the columns of `W_Vᵀ`, `P` those of a norm behind attention
/// into the rows of `W_Oᵀ`; the norms' frozen scales `r` and `s` are folded into the pattern.
struct AttentionTransport: Sendable {
  /// `P W_Oᵀ` of each head, `[head]`: `[dModel, dHead]`, packed.
  let outputHeads: [PackedMatrix]
  /// `W_Vᵀ N`: `[keyValueHead · dHead, dModel]`, packed.
  let valueMap: PackedMatrix
  /// The same in rows, to read single vectors through, `[keyValueHead · dHead, dModel]`; kept in the lowest layer.
  var valueRows: Matrix?
  /// `r[q] · A[h][p, q] · s[p]` at `[head][q][p]`, zero where `p < q`.
  let mixing: [Float]
  /// What the layer writes at each position whatever the residual stream holds: its biases, `[position]`: `[dModel, 1]`,
  /// packed; empty if nothing.
  let constants: [PackedMatrix]

  /// - Parameters:
  ///   - patterns: As recorded.
  ///   - scales: The frozen scales of the norm before attention, `[position]`.
  ///   - postScales: Those of the norm behind it; empty if there is none.
  init(
    _ block: Block, configuration c: TransformerConfiguration, patterns: Matrix, scales: [Float],
    postScales: [Float]
  ) {
    let output = block.foldedOutput
    outputHeads = (0..<c.headCount).map { head in
      PackedMatrix(transposing: output.inputs(head * c.dHead..<(head + 1) * c.dHead).transposed)
    }
    var rows = block.attention.value.weight.matrix()  // [keyValueHead · dHead, dModel]
    rows.foldNorm(block.attentionNorm)
    valueMap = PackedMatrix(transposing: WeightMatrix(rows).transposed)
    valueRows = rows
    mixing = Self.mixing(patterns, scales: scales, postScales: postScales, headCount: c.headCount)
    constants = Self.constants(
      block, c, patterns: patterns, postScales: postScales, count: scales.count)
  }

  private static func mixing(
    _ patterns: Matrix, scales: [Float], postScales: [Float], headCount: Int
  ) -> [Float] {
    let count = scales.count
    var mixing = [Float](repeating: 0, count: headCount * count * count)
    for head in 0..<headCount {
      for reader in 0..<count {
        let row = (head * count + reader) * count
        let post = postScales.isEmpty ? 1 : postScales[reader]
        for source in 0...reader {
          mixing[(head * count + source) * count + reader] =
            post * scales[source] * patterns.values[row + source]
        }
      }
    }
    return mixing
  }

  /// `s · P (W_O Σ_h a[h] (W_V b + b_V)[h] + b_O)` at every position, with `a` what a head's pattern sums to: 1 but where
  /// a sink takes a part.
  private static func constants(
    _ block: Block, _ c: TransformerConfiguration, patterns: Matrix, postScales: [Float], count: Int
  ) -> [PackedMatrix] {
    let attention = block.attention
    let normBias = block.attentionNorm.kind.centers ? block.attentionNorm.bias : nil
    guard normBias != nil || attention.value.bias != nil || attention.output.bias != nil else { return [] }
    let bias = normBias ?? Array(repeating: 0, count: c.dModel)
    let value = attention.value(Matrix(rows: 1, columns: c.dModel, values: bias))
    let shared = c.headCount / c.keyValueHeadCount
    func written(_ share: (_ head: Int) -> Float) -> Matrix {
      var heads = Matrix(rows: 1, columns: c.headCount * c.dHead)
      for head in 0..<c.headCount {
        for i in 0..<c.dHead {
          heads.values[head * c.dHead + i] = share(head) * value.values[head / shared * c.dHead + i]
        }
      }
      return attention.output(heads)
    }
    if attention.sinks == nil, block.attentionPostNorm == nil {
      return Array(repeating: PackedMatrix(transposing: written { _ in 1 }), count: count)
    }
    return (0..<count).map { position in
      var row = written { head in
        attention.sinks == nil ? 1 : patterns[head * count + position].reduce(0, +)
      }
      if let norm = block.attentionPostNorm { row = norm(row, frozenScales: [postScales[position]]).y }
      return PackedMatrix(transposing: row)
    }
  }
}

extension Block {
  /// `P W_O`: attention's output map with what is linear of a norm behind it, but for that norm's scale,
  /// `[dModel, head · dHead]`.
  /// ```
  /// P W[i, j] = g[i] · (W[i, j] − mean_i W[i, j])        (RMS norm: without the mean)
  /// ```
  var foldedOutput: WeightMatrix {
    guard let norm = attentionPostNorm else { return attention.output.weight }
    var rows = attention.output.weight.matrix()
    rows.foldNormBehind(norm)
    return WeightMatrix(rows)
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

  /// Lets each column, a vector before a norm, pass the norm's linear part but for its scale.
  /// ```
  /// column[j] ← g[j] · (column[j] − mean(column))        (RMS norm: without the mean)
  /// ```
  mutating func foldNormBehind(_ norm: NormLayer) {
    if norm.kind.centers {
      var mean = [Float](repeating: 0, count: columns)
      for row in 0..<rows {
        for (i, value) in self[row].enumerated() { mean[i] += value / Float(rows) }
      }
      for row in 0..<rows { add(mean, scaledBy: -1, toRow: row) }
    }
    for (row, gain) in norm.gain.enumerated() {
      withRow(row) { values in for i in 0..<values.count { values[i] *= gain } }
    }
  }
}
