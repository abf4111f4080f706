internal import Tensors
public import Tokenization

extension Transformer {
  /// Lets the model write several texts side by side, so that each weight that is read serves them all.
  ///
  /// Each text is what ``generate(after:count:sampling:stops:each:)`` gives alone.
  /// - Parameters:
  ///   - opening: The token that every text begins with.
  ///   - count: How many tokens to add at most.
  ///   - samplings: How each text's tokens are chosen.
  ///   - stops: Tokens that end a text; the one met is not returned.
  /// - Returns: The new tokens of each text.
  public func generate(
    from opening: Token, count: Int, samplings: [Sampling], stops: Set<Token>
  ) throws(TransformerError) -> [[Token]] {
    try check([opening], after: 0)
    var texts = samplings.map { WrittenText(sampling: $0, cache: KeyValueCache(for: configuration)) }
    var open = Array(texts.indices)
    var last = Array(repeating: opening, count: open.count)
    for position in 0..<min(count, configuration.contextLength) where !open.isEmpty {
      let logits = next(last, position: position, of: open, in: &texts)
      for row in open.indices where !Sampling.canChoose(by: Array(logits[row])) {
        throw .unusableLogits(position: position)
      }
      last = []
      open = open.enumerated().compactMap { row, text in
        let token = texts[text].sampling.token(from: Array(logits[row]), using: &texts[text].generator)
        guard !stops.contains(token) else { return nil }
        texts[text].tokens.append(token)
        last.append(token)
        return text
      }
    }
    return texts.map(\.tokens)
  }

  /// One text in work.
  private struct WrittenText {
    let sampling: Sampling
    var generator: SeededGenerator
    var cache: KeyValueCache
    var tokens: [Token] = []

    init(sampling: Sampling, cache: KeyValueCache) {
      self.sampling = sampling
      generator = SeededGenerator(seed: sampling.seed)
      self.cache = cache
    }
  }

  /// The logits behind one more token of each open text, `[row, vocabulary]`.
  private func next(
    _ tokens: [Token], position: Int, of open: [Int], in texts: inout [WrittenText]
  ) -> Matrix {
    var residual = Matrix(rows: tokens.count, columns: configuration.dModel)
    for (row, token) in tokens.enumerated() {
      residual[row] = embeddingVector(Int(token))[...]
      if let positionEmbedding { residual.add(positionEmbedding.row(position), toRow: row) }
    }
    for (layer, block) in blocks.enumerated() {
      let (normalized, _) = block.attentionNorm(residual)
      let attention = block.attention
      var mixed = Matrix(rows: open.count, columns: configuration.headCount * configuration.dHead)
      let here = Array(repeating: position, count: open.count)
      let queries = heads(attention.query, attention.queryNorm, of: normalized, layer: layer, positions: here)
      let keys = heads(attention.key, attention.keyNorm, of: normalized, layer: layer, positions: here)
      let values = attention.value(normalized)
      for (row, text) in open.enumerated() {
        texts[text].cache.append(
          keys: keys.rows(row..<row + 1), values: values.rows(row..<row + 1), layer: layer)
        let cache = texts[text].cache
        let patterns = attentionPatterns(
          queries.rows(row..<row + 1), keys: cache.keys[layer], by: configuration.attention[layer],
          sinks: attention.sinks, positions: position..<position + 1)
        mixed[row] = mix(cache.values[layer], by: patterns, rows: 1).values[...]
      }
      var attended = attention.output(mixed)
      if let norm = block.attentionPostNorm { attended = norm(attended).y }
      var middle = residual
      if !block.isParallel { middle += attended }
      var written = block.feedForward(block.mlpNorm(middle).y)
      if let norm = block.mlpPostNorm { written = norm(written).y }
      residual += attended
      residual += written
    }
    for text in open { texts[text].cache.advance(by: 1) }
    var logits = finalNorm(residual).y.multiplied(byTransposed: unembedding)
    capLogits(&logits)
    return logits
  }
}
