internal import Foundation
internal import Tensors

extension Transformer {
  /// What attention adds to the residual stream.
  /// ```
  /// attnOut = post( Σ_h A[h] · (norm1(r⁻) · W_V[h]) · W_O[h] + b )
  /// A[h] = softmax(cap(scale · rotate(norm1(r⁻) W_Q[h]) · rotate(norm1(r⁻) W_K[h])ᵀ)), readers see no later position
  /// ```
  func attend(
    _ residual: Matrix, _ block: Block, layer: Int, caches: inout [KeyValueCache], rows: Rows,
    freezing freeze: Freeze?, recording: inout Recording?
  ) -> Matrix {
    let (normalized, scales) = block.attentionNorm(
      residual, frozenScales: freeze.flatMap { $0.norms ? $0.recording.attentionNormScales[layer] : nil })
    recording?.attentionNormScales.append(scales)
    let keys = heads(
      block.attention.key, block.attention.keyNorm, of: normalized, layer: layer, positions: rows.positions)
    let values = block.attention.value(normalized)
    for (text, own) in rows.texts.enumerated() {
      caches[text].append(keys: keys, values: values, rows: own.rows, layer: layer)
    }
    let heads = AttentionHeads(configuration, layer: layer, sinks: block.attention.sinks)
    let mixed: Matrix
    if let freeze, freeze.attention {
      let patterns = freeze.recording.attentionPatterns[layer]
      recording?.attentionPatterns.append(patterns)
      mixed = heads.mix(caches[0].values[layer], by: patterns)
    } else {
      let queries = self.heads(
        block.attention.query, block.attention.queryNorm, of: normalized, layer: layer,
        positions: rows.positions)
      let patterns: Matrix
      (mixed, patterns) = heads(queries, rows, caches, layer: layer, keepsPatterns: recording != nil)
      recording?.attentionPatterns.append(patterns)
    }
    let written = block.attention.output(mixed)
    guard let norm = block.attentionPostNorm else {
      recording?.attentionPostNormScales.append([])
      return written
    }
    let (output, postScales) = norm(
      written, frozenScales: freeze.flatMap { $0.norms ? $0.recording.attentionPostNormScales[layer] : nil })
    recording?.attentionPostNormScales.append(postScales)
    return output
  }

  /// Queries or keys of every head, normalised and rotated as the layer does, `[position, head · dHead]`.
  private func heads(
    _ map: Linear, _ norm: NormLayer?, of normalized: Matrix, layer: Int, positions: [Int]
  ) -> Matrix {
    var x = map(normalized)
    if let norm {
      let width = configuration.dHead
      let rows = Matrix(rows: x.rows * x.columns / width, columns: width, values: x.values)
      x = Matrix(rows: x.rows, columns: x.columns, values: norm(rows).y.values)
    }
    guard let rotary = configuration.attention[layer].rotary else { return x }
    for (row, position) in positions.enumerated() {
      x.withRow(row) { rotary.rotate(&$0, position: position) }
    }
    return x
  }
}
