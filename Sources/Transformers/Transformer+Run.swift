internal import Foundation
public import Tensors
public import Tokenization

extension Transformer {
  /// Which positions' logits a run computes: those of each text's last row, or of all.
  public enum LogitPositions: Sendable {
    case last, all
  }

  /// Runs the model over a prompt and records every hook point.
  /// - Throws: ``TransformerError`` if the prompt is empty, too long, or has unknown tokens.
  public func record(
    _ tokens: [Token], logits: LogitPositions = .last
  ) throws(TransformerError) -> Recording {
    var nothing = NoIntervention()
    return try record(tokens, logits: logits, intervening: &nothing)
  }

  /// Runs the model over a prompt with an intervention, and records every hook point as changed.
  /// - Parameters:
  ///   - freeze: What is held at the values of another recording of the same prompt.
  public func record(
    _ tokens: [Token], logits: LogitPositions = .last, freezing freeze: Freeze? = nil,
    intervening intervention: inout some Intervention
  ) throws(TransformerError) -> Recording {
    var cache = KeyValueCache(for: configuration)
    return try record(
      tokens, logits: logits, freezing: freeze, keeping: &cache, intervening: &intervention)
  }

  /// Runs the model over a prompt with an intervention, records every hook point as changed, and keeps what a
  /// continuation of the prompt needs.
  /// - Parameter cache: An empty cache, which then holds the prompt's keys and values as changed.
  public func record(
    _ tokens: [Token], logits: LogitPositions = .last, freezing freeze: Freeze? = nil,
    keeping cache: inout KeyValueCache, intervening intervention: inout some Intervention
  ) throws(TransformerError) -> Recording {
    precondition(cache.count == 0, "a cache of \(cache.count) positions")
    try check(tokens, after: 0)
    var recording: Recording? = Recording(tokens: tokens)
    let result = run(
      tokens, Rows(positions: 0..<tokens.count), cache: &cache, logits: logits, freezing: freeze,
      recording: &recording, intervening: &intervention)
    guard var recording else { preconditionFailure("the recording was lost") }
    recording.logits = result
    return recording
  }

  /// Runs the model over further tokens of a text.
  /// - Parameters:
  ///   - tokens: The tokens that follow those in the cache.
  ///   - cache: Keys and values of the text so far; extended by this run.
  /// - Returns: `[1 or tokens.count, vocabulary]`.
  public func run(
    _ tokens: [Token], cache: inout KeyValueCache, logits: LogitPositions = .last
  ) throws(TransformerError) -> Matrix {
    try check(tokens, after: cache.count)
    let rows = Rows(positions: cache.count..<cache.count + tokens.count)
    var nothing = NoIntervention()
    var recording: Recording?
    return run(
      tokens, rows, cache: &cache, logits: logits, freezing: nil, recording: &recording,
      intervening: &nothing)
  }

  /// Runs the upper layers of a recorded prompt again, with an intervention; the stream below stays as recorded.
  /// - Parameters:
  ///   - first: The layer that begins.
  ///   - freeze: What is held at recorded values.
  /// - Returns: The logits of every position, `[position, vocabulary]`.
  public func rerun(
    _ recording: Recording, from first: Int, freezing freeze: Freeze? = nil,
    intervening intervention: inout some Intervention
  ) throws(TransformerError) -> Matrix {
    precondition(blocks.indices.contains(first), "layer \(first) of \(blocks.count)")
    try check(recording.tokens, after: 0)
    var caches = [KeyValueCache(for: configuration)]
    var nothing: Recording?
    return run(
      recording.residualPre[first], from: first, Rows(positions: 0..<recording.positionCount),
      caches: &caches, logits: .all, freezing: freeze, recording: &nothing, intervening: &intervention)
  }

  /// Runs one text.
  private func run(
    _ tokens: [Token], _ rows: Rows, cache: inout KeyValueCache, logits: LogitPositions,
    freezing freeze: Freeze?, recording: inout Recording?, intervening intervention: inout some Intervention
  ) -> Matrix {
    var caches = [cache]
    // Held once, it grows in place.
    cache = KeyValueCache(for: configuration)
    defer { cache = caches[0] }
    return run(
      tokens, rows, caches: &caches, logits: logits, freezing: freeze, recording: &recording,
      intervening: &intervention)
  }

  /// Runs further tokens of several texts, which have been checked.
  /// - Parameters:
  ///   - tokens: `[row]`.
  ///   - caches: Those of the texts, `[text]`; extended by this run.
  ///   - recording: Of a single text.
  /// - Returns: `[text or row, vocabulary]`.
  func run(
    _ tokens: [Token], _ rows: Rows, caches: inout [KeyValueCache], logits: LogitPositions,
    freezing freeze: Freeze? = nil, recording: inout Recording?,
    intervening intervention: inout some Intervention
  ) -> Matrix {
    var residual = embed(tokens, rows)
    intervention.edit(&residual, at: .embedding, rows: rows)
    return run(
      residual, from: 0, rows, caches: &caches, logits: logits, freezing: freeze, recording: &recording,
      intervening: &intervention)
  }

  /// Runs the layers from one on.
  private func run(
    _ stream: Matrix, from first: Int, _ rows: Rows, caches: inout [KeyValueCache],
    logits: LogitPositions, freezing freeze: Freeze?, recording: inout Recording?,
    intervening intervention: inout some Intervention
  ) -> Matrix {
    precondition(
      caches.count == rows.texts.count && (rows.texts.count == 1 || recording == nil && freeze == nil),
      "\(rows.texts.count) texts with \(caches.count) caches")
    var residual = stream
    for (layer, block) in blocks.enumerated().dropFirst(first) {
      intervention.edit(&residual, at: .residualPre(layer: layer), rows: rows)
      recording?.residualPre.append(residual)
      var attended = attend(
        residual, block, layer: layer, caches: &caches, rows: rows, freezing: freeze, recording: &recording)
      intervention.edit(&attended, at: .attentionOutput(layer: layer), rows: rows)
      var middle = residual
      if !block.isParallel { middle += attended }
      intervention.edit(&middle, at: .residualMid(layer: layer), rows: rows)
      recording?.residualMid.append(middle)
      var (normalized, scales) = block.mlpNorm(
        middle, frozenScales: freeze.flatMap { $0.norms ? $0.recording.mlpNormScales[layer] : nil })
      intervention.edit(&normalized, at: .mlpInput(layer: layer), rows: rows)
      var written: Matrix
      var inner = Matrix(rows: 0, columns: 0)
      var postScales: [Float] = []
      if let freeze, freeze.mlpLayers.contains(layer) {
        written = freeze.recording.mlpOutput[layer]
        inner = freeze.recording.mlpOutputInner[layer]
        postScales = freeze.recording.mlpPostNormScales[layer]
      } else {
        written = block.feedForward(normalized)
        if let norm = block.mlpPostNorm {
          intervention.edit(&written, at: .mlpOutputInner(layer: layer), rows: rows)
          inner = written
          (written, postScales) = norm(
            written, frozenScales: freeze.flatMap { $0.norms ? $0.recording.mlpPostNormScales[layer] : nil })
        }
      }
      intervention.edit(&written, at: .mlpOutput(layer: layer), rows: rows)
      recording?.mlpNormScales.append(scales)
      recording?.mlpPostNormScales.append(postScales)
      recording?.mlpOutputInner.append(inner)
      recording?.mlpOutput.append(written)
      if block.isParallel { residual += attended } else { residual = middle }
      residual += written
      intervention.edit(&residual, at: .residualPost(layer: layer), rows: rows)
    }
    for (text, own) in rows.texts.enumerated() { caches[text].advance(by: own.rows.count) }
    return read(
      residual, logits: logits, rows, freezing: freeze, recording: &recording, intervening: &intervention)
  }

  func check(_ tokens: [Token], after count: Int) throws(TransformerError) {
    guard !tokens.isEmpty else { throw .emptyPrompt }
    guard count + tokens.count <= configuration.contextLength else {
      throw .promptTooLong(tokens: count + tokens.count, context: configuration.contextLength)
    }
    for token in tokens where token < 0 || Int(token) >= configuration.vocabularyCount {
      throw .unknownToken(id: Int(token), vocabulary: configuration.vocabularyCount)
    }
  }

  /// Token embeddings plus learned positions, `[row, dModel]`.
  private func embed(_ tokens: [Token], _ rows: Rows) -> Matrix {
    var residual = Matrix(rows: tokens.count, columns: configuration.dModel)
    for (row, (token, position)) in zip(tokens, rows.positions).enumerated() {
      residual[row] = embeddingVector(Int(token))[...]
      if let positionEmbedding { residual.add(positionEmbedding.row(position), toRow: row) }
    }
    return residual
  }

  /// The final norm and the unembedding.
  private func read(
    _ residual: Matrix, logits: LogitPositions, _ rows: Rows, freezing freeze: Freeze?,
    recording: inout Recording?, intervening intervention: inout some Intervention
  ) -> Matrix {
    let (normalized, scales) = finalNorm(
      residual, frozenScales: freeze.flatMap { $0.norms ? $0.recording.finalNormScales : nil })
    recording?.residualFinal = residual
    recording?.finalNormScales = scales
    var wanted = normalized
    if logits == .last {
      wanted = Matrix(rows: rows.texts.count, columns: normalized.columns)
      for (place, text) in rows.texts.enumerated() { wanted[place] = normalized[text.rows.upperBound - 1] }
    }
    var result = wanted.multiplied(byTransposed: unembedding)
    capLogits(&result)
    intervention.edit(&result, at: .logits, rows: logits == .all ? rows : rows.last)
    return result
  }

  /// The logits of some positions of a recording, `[position, vocabulary]`.
  /// - Parameter isCapped: Whether as the model states them; what is traced is what they are before they are capped.
  public func logits(of recording: Recording, positions: Range<Int>, isCapped: Bool = true) -> Matrix {
    var result = finalNorm(
      recording.residualFinal.rows(positions), frozenScales: Array(recording.finalNormScales[positions])
    ).y.multiplied(byTransposed: unembedding)
    if isCapped { capLogits(&result) }
    return result
  }

  /// A logit as the model states it.
  public func capped(_ logit: Double) -> Double {
    configuration.logitSoftCap.map { Double($0) * tanh(logit / Double($0)) } ?? logit
  }

  /// Logits as the model states them.
  func capLogits(_ logits: inout Matrix) {
    guard let cap = configuration.logitSoftCap else { return }
    for i in logits.values.indices { logits.values[i] = cap * tanh(logits.values[i] / cap) }
  }
}
