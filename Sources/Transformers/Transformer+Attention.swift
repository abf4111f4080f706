internal import Foundation
internal import Tensors

extension Transformer {
  /// What attention adds to the residual stream.
  /// ```
  /// attnOut = post( Σ_h A[h] · (norm1(r⁻) · W_V[h]) · W_O[h] + b )
  /// A[h] = softmax(cap(scale · rotate(norm1(r⁻) W_Q[h]) · rotate(norm1(r⁻) W_K[h])ᵀ)), readers see no later position
  /// ```
  func attend(
    _ residual: Matrix, _ block: Block, layer: Int, cache: inout KeyValueCache, positions: Range<Int>,
    freezing freeze: Freeze?, recording: inout Recording?
  ) -> Matrix {
    let (normalized, scales) = block.attentionNorm(
      residual, frozenScales: freeze.flatMap { $0.norms ? $0.recording.attentionNormScales[layer] : nil })
    recording?.attentionNormScales.append(scales)
    let keys = heads(
      block.attention.key, block.attention.keyNorm, of: normalized, layer: layer, positions: positions)
    cache.append(keys: keys, values: block.attention.value(normalized), layer: layer)
    let patterns: Matrix
    if let freeze, freeze.attention {
      patterns = freeze.recording.attentionPatterns[layer]
    } else {
      let queries = heads(
        block.attention.query, block.attention.queryNorm, of: normalized, layer: layer, positions: positions)
      patterns = attentionPatterns(
        queries, keys: cache.keys[layer], by: configuration.attention[layer], sinks: block.attention.sinks,
        positions: positions)
    }
    recording?.attentionPatterns.append(patterns)
    let written = block.attention.output(mix(cache.values[layer], by: patterns, rows: residual.rows))
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
    _ map: Linear, _ norm: NormLayer?, of normalized: Matrix, layer: Int,
    positions: some RandomAccessCollection<Int>
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

  /// Causal attention patterns, `[head · reader, source]`.
  func attentionPatterns(
    _ queries: Matrix, keys: [Float], by rule: AttentionRule, sinks: [Float]? = nil, positions: Range<Int>
  ) -> Matrix {
    let c = configuration
    let readers = queries.rows
    let sources = positions.upperBound
    let keyWidth = c.keyValueHeadCount * c.dHead
    let shared = c.headCount / c.keyValueHeadCount
    var patterns = Matrix(rows: c.headCount * readers, columns: sources)
    for head in 0..<c.headCount {
      let keyOffset = head / shared * c.dHead
      if readers > 8 { score(queries, keys, head: head, keyOffset: keyOffset, into: &patterns) }
      for reader in 0..<readers {
        let row = (head * readers + reader) * sources
        let visible = rule.visible(from: positions.lowerBound + reader)
        if readers <= 8 {
          let query = queries.values.span.extracting(
            reader * queries.columns + head * c.dHead..<reader * queries.columns + (head + 1) * c.dHead)
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
    _ queries: Matrix, _ keys: [Float], head: Int, keyOffset: Int, into patterns: inout Matrix
  ) {
    let c = configuration
    let (readers, sources) = (queries.rows, patterns.columns)
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
            q + head * c.dHead, rowStride: queries.columns, k, rowStride: sources,
            into: target + head * readers * sources, rowStride: sources, m: readers, k: c.dHead, n: sources,
            accumulating: false)
        }
      }
    }
  }

  /// The heads' outputs side by side, `[reader, head · dHead]`.
  func mix(_ values: [Float], by patterns: Matrix, rows readers: Int) -> Matrix {
    let c = configuration
    let width = c.keyValueHeadCount * c.dHead
    let shared = c.headCount / c.keyValueHeadCount
    var mixed = Matrix(rows: readers, columns: c.headCount * c.dHead)
    mixed.values.withUnsafeMutableBufferPointer { mixed in
      values.withUnsafeBufferPointer { values in
        patterns.values.withUnsafeBufferPointer { patterns_ in
          guard let target = mixed.baseAddress, let v = values.baseAddress, let a = patterns_.baseAddress
          else { return }
          for head in 0..<c.headCount {
            Kernels.multiply(
              a + head * readers * patterns.columns, rowStride: patterns.columns,
              v + head / shared * c.dHead, rowStride: width, into: target + head * c.dHead,
              rowStride: c.headCount * c.dHead, m: readers, k: patterns.columns, n: c.dHead,
              accumulating: false)
          }
        }
      }
    }
    return mixed
  }
}
