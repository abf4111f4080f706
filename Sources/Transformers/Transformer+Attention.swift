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
    let held = freeze.flatMap { $0.attention ? $0.recording.attentionPatterns[layer] : nil }
    let queries =
      held == nil
      ? heads(
        block.attention.query, block.attention.queryNorm, of: normalized, layer: layer,
        positions: rows.positions) : Matrix(rows: 0, columns: 0)
    var mixed = Matrix(rows: rows.count, columns: configuration.headCount * configuration.dHead)
    for (text, own) in rows.texts.enumerated() {
      let patterns =
        held
        ?? attentionPatterns(
          queries, keys: caches[text].keys[layer], by: configuration.attention[layer],
          sinks: block.attention.sinks, text: own)
      recording?.attentionPatterns.append(patterns)
      mix(caches[text].values[layer], by: patterns, into: &mixed, rows: own.rows)
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
  func heads(
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

  /// Causal attention patterns of one text, `[head · reader, source]`.
  func attentionPatterns(
    _ queries: Matrix, keys: [Float], by rule: AttentionRule, sinks: [Float]?, text: Rows.Text
  ) -> Matrix {
    let c = configuration
    let readers = text.rows.count
    let sources = text.positions.upperBound
    let keyWidth = c.keyValueHeadCount * c.dHead
    let shared = c.headCount / c.keyValueHeadCount
    var patterns = Matrix(rows: c.headCount * readers, columns: sources)
    for head in 0..<c.headCount {
      let keyOffset = head / shared * c.dHead
      if readers > 8 {
        score(queries, rows: text.rows, keys, head: head, keyOffset: keyOffset, into: &patterns)
      }
      for reader in 0..<readers {
        let row = (head * readers + reader) * sources
        let visible = rule.visible(from: text.first + reader)
        if readers <= 8 {
          let start = (text.rows.lowerBound + reader) * queries.columns + head * c.dHead
          let query = queries.values.span.extracting(start..<start + c.dHead)
          for source in visible {
            let start = source * keyWidth + keyOffset
            patterns.values[row + source] = Kernels.dot(query, keys.span.extracting(start..<start + c.dHead))
          }
        }
        patterns.withValues(row..<row + sources) { scores in
          for i in visible { scores[i] *= rule.scale }
          if let cap = rule.softCap { for i in visible { scores[i] = cap * tanh(scores[i] / cap) } }
          for i in 0..<visible.lowerBound { scores[i] = 0 }
          for i in visible.upperBound..<sources { scores[i] = 0 }
        }
        patterns.withValues(row + visible.lowerBound..<row + visible.upperBound) { scores in
          // The shares that a sink leaves are those of a softmax without it, made smaller.
          let left = sinks.map { Self.share(of: scores, beside: $0[head]) } ?? 1
          Kernels.softmax(&scores)
          if left < 1 { for i in 0..<scores.count { scores[i] *= left } }
        }
      }
    }
    return patterns
  }

  /// The part of a softmax over scores and a sink that the scores have.
  private static func share(of scores: borrowing MutableSpan<Float>, beside sink: Float) -> Float {
    var greatest = sink
    for i in 0..<scores.count { greatest = max(greatest, scores[i]) }
    var sum = 0.0
    for i in 0..<scores.count { sum += exp(Double(scores[i] - greatest)) }
    return Float(sum / (sum + exp(Double(sink - greatest))))
  }

  /// Every reader's products with every source in one matrix product, those it must not see included.
  private func score(
    _ queries: Matrix, rows: Range<Int>, _ keys: [Float], head: Int, keyOffset: Int,
    into patterns: inout Matrix
  ) {
    let c = configuration
    let (readers, sources) = (rows.count, patterns.columns)
    let keyWidth = c.keyValueHeadCount * c.dHead
    var turned = [Float](repeating: 0, count: c.dHead * sources)  // [dHead, source]
    for source in 0..<sources {
      for i in 0..<c.dHead { turned[i * sources + source] = keys[source * keyWidth + keyOffset + i] }
    }
    patterns.values.withUnsafeMutableBufferPointer { patterns in
      queries.values.withUnsafeBufferPointer { values in
        turned.withUnsafeBufferPointer { turned in
          guard let target = patterns.baseAddress, let q = values.baseAddress, let k = turned.baseAddress
          else { return }
          Kernels.multiply(
            q + rows.lowerBound * queries.columns + head * c.dHead, rowStride: queries.columns, k,
            rowStride: sources,
            into: target + head * readers * sources, rowStride: sources, m: readers, k: c.dHead, n: sources,
            accumulating: false)
        }
      }
    }
  }

  /// The heads' outputs side by side, into some rows of `[row, head · dHead]`.
  private func mix(_ values: [Float], by patterns: Matrix, into mixed: inout Matrix, rows: Range<Int>) {
    let c = configuration
    let width = c.keyValueHeadCount * c.dHead
    let shared = c.headCount / c.keyValueHeadCount
    let first = rows.lowerBound * mixed.columns
    mixed.values.withUnsafeMutableBufferPointer { mixed in
      values.withUnsafeBufferPointer { values in
        patterns.values.withUnsafeBufferPointer { patterns_ in
          guard let target = mixed.baseAddress, let v = values.baseAddress, let a = patterns_.baseAddress
          else { return }
          for head in 0..<c.headCount {
            Kernels.multiply(
              a + head * rows.count * patterns.columns, rowStride: patterns.columns,
              v + head / shared * c.dHead, rowStride: width, into: target + first + head * c.dHead,
              rowStride: c.headCount * c.dHead, m: rows.count, k: patterns.columns, n: c.dHead,
              accumulating: false)
          }
        }
      }
    }
  }
}
