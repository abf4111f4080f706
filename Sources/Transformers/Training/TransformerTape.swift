public import Tensors
internal import Tokenization

/// Working memory for a transformer's forward run over a batch of texts and the full backward run after it.
///
/// Nothing is frozen here: norm scales, attention patterns and gates all pass their gradients on. (The pullback of
/// attribution, which freezes them, is ReplacementModels' own.) It serves training, finetuning and the
/// attribution of inputs.
public struct TransformerTape {
  private let configuration: TransformerConfiguration
  /// Rows it has memory for.
  public let capacity: Int
  private var layers: [BlockTape]
  private var work: TapeWork
  private var residual: Matrix
  private var gradient: Matrix
  private var finalScales: [Float]
  private var finalOutput: Matrix
  private let rotary: (cosine: [Float], sine: [Float])?

  /// Rows whose logits are made at once.
  private static let logitRows = 256

  /// - Parameters:
  ///   - model: The shape of the models that will be run.
  ///   - capacity: The most rows of a batch.
  ///   - longest: The longest text, in tokens.
  public init(for model: Transformer, capacity: Int, longest: Int? = nil) {
    precondition(model.isPlain, "a model of the family \(model.configuration.family) cannot be trained")
    let c = model.configuration
    configuration = c
    self.capacity = capacity
    layers = model.blocks.map { BlockTape(c, isGated: $0.mlp.gate != nil, capacity: capacity) }
    work = TapeWork(c, norm: model.finalNorm, capacity: capacity)
    residual = Matrix(rows: capacity, columns: c.dModel)
    gradient = residual
    finalOutput = residual
    finalScales = Array(repeating: 0, count: capacity)
    rotary = c.attention.first?.rotary?.tables(positions: min(longest ?? c.contextLength, capacity))
  }

  /// The gradient at the embeddings after ``run(_:_:gradient:loss:)``, `[row, dModel]`; rows beyond the batch
  /// mean nothing.
  public var embeddingGradient: Matrix { gradient }

  /// The weighted sum of the cross-entropies of a batch, in nats, and the gradient of `scale` times it.
  /// - Parameter gradient: What the gradients are added to; `nil` if they are not wanted.
  public mutating func crossEntropy(
    _ model: Transformer, _ batch: TextBatch, scale: Float, gradient: inout TransformerParameters?
  ) -> Double {
    run(model, batch, gradient: &gradient) { logits, rows in
      var sum = 0.0
      for (place, row) in rows.enumerated() {
        let weight = batch.weights[row]
        let loss = Kernels.crossEntropy(
          &logits, row: place, target: Int(batch.tokens[row + 1]), weight: scale * weight)
        sum += Double(weight) * Double(loss)
      }
      return sum
    }
  }

  /// Runs a model over a batch and back.
  /// - Parameters:
  ///   - batch: At most ``capacity`` rows; rows whose weight is 0 get no logits.
  ///   - gradient: What the gradients of all learned numbers are added to; `nil` if they are not wanted.
  ///   - loss: Called with some logits, `[at least rows.count, vocabulary]`, and the rows they belong to; it puts
  ///     the gradient of a loss in their place and returns the loss.
  /// - Returns: The sum of the losses.
  public mutating func run(
    _ model: Transformer, _ batch: TextBatch, gradient parameters: inout TransformerParameters?,
    loss: (inout Matrix, _ rows: ArraySlice<Int>) -> Double
  ) -> Double {
    precondition(batch.tokens.count <= capacity, "\(batch.tokens.count) rows on a tape of \(capacity)")
    embed(model, batch)
    for layer in layers.indices {
      layers[layer].forward(
        model.blocks[layer], shape(batch, layer), residual: &residual, work: &work)
    }
    let rows = batch.tokens.count
    Kernels.norm(
      residual, rows: rows, kind: model.finalNorm.kind, gain: model.finalNorm.gain,
      bias: model.finalNorm.usedBias, into: &finalOutput, scales: &finalScales)
    let total = readAndPullBack(model, batch, parameters: &parameters, loss: loss)
    gradient.clear(rows: rows)
    model.finalNorm.pullback(
      work.narrow, residual, rows: rows, scales: finalScales, addingTo: &gradient,
      parameters: &work.normGradient)
    parameters?.finalNorm.take(&work.normGradient)
    work.normGradient.clear()
    for layer in layers.indices.reversed() {
      var own = parameters?.takeBlock(layer)
      layers[layer].backward(
        model.blocks[layer], shape(batch, layer), gradient: &gradient, work: &work, parameters: &own)
      if let own { parameters?.blocks[layer] = own }
    }
    addEmbeddingGradient(batch, to: &parameters)
    return total
  }

  private func shape(_ batch: TextBatch, _ layer: Int) -> TapeShape {
    let c = configuration
    return TapeShape(
      texts: batch.texts,
      attention: TextAttention(
        headCount: c.headCount, keyValueHeadCount: c.keyValueHeadCount, dHead: c.dHead,
        scale: c.attention[layer].scale), rotary: rotary)
  }

  private mutating func embed(_ model: Transformer, _ batch: TextBatch) {
    for text in batch.texts {
      for (position, row) in text.enumerated() {
        residual[row] = model.embedding.row(Int(batch.tokens[row]))[...]
        if let positions = model.positionEmbedding { residual.add(positions.row(position), toRow: row) }
      }
    }
  }

  /// Logits of the rows that count, their loss, and the gradient at the final norm's output, left in `work.narrow`.
  private mutating func readAndPullBack(
    _ model: Transformer, _ batch: TextBatch, parameters: inout TransformerParameters?,
    loss: (inout Matrix, ArraySlice<Int>) -> Double
  ) -> Double {
    let c = configuration
    let counted = batch.weights.indices.filter { batch.weights[$0] != 0 }
    work.narrow.clear(rows: batch.tokens.count)
    var total = 0.0
    let size = min(Self.logitRows, max(1, counted.count))
    var inputs = Matrix(rows: size, columns: c.dModel)
    var logits = Matrix(rows: size, columns: c.vocabularyCount)
    for first in stride(from: 0, to: counted.count, by: size) {
      let rows = counted[first..<min(first + size, counted.count)]
      for (place, row) in rows.enumerated() { inputs[place] = finalOutput[row] }
      Kernels.linear(inputs, rows: rows.count, weight: model.unembedding, into: &logits)
      total += loss(&logits, rows)
      parameters.change { parameters in
        if c.tiesEmbeddings {
          Kernels.addWeightGradient(logits, inputs, rows: rows.count, to: &parameters.embedding)
        } else {
          parameters.unembedding.change {
            Kernels.addWeightGradient(logits, inputs, rows: rows.count, to: &$0)
          }
        }
      }
      Kernels.linear(logits, rows: rows.count, weight: model.unembedding.transposed, into: &inputs)
      for (place, row) in rows.enumerated() { work.narrow[row] = inputs[place] }
    }
    return total
  }

  private func addEmbeddingGradient(_ batch: TextBatch, to parameters: inout TransformerParameters?) {
    parameters.change { parameters in
      for text in batch.texts {
        for (position, row) in text.enumerated() {
          parameters.embedding.add(gradient[row], toRow: Int(batch.tokens[row]))
          parameters.positionEmbedding?.add(gradient[row], toRow: position)
        }
      }
    }
  }
}

extension TransformerParameters {
  /// Moves a layer's numbers out, so that they can be changed in place while nothing else holds them.
  fileprivate mutating func takeBlock(_ layer: Int) -> BlockParameters {
    let taken = blocks[layer]
    blocks[layer].empty()
    return taken
  }
}

extension TransformerParameters.BlockParameters {
  fileprivate mutating func empty() {
    let nothing = Matrix(rows: 0, columns: 0)
    query.weight = nothing
    key.weight = nothing
    value.weight = nothing
    output.weight = nothing
    gate?.weight = nothing
    up.weight = nothing
    down.weight = nothing
  }
}

extension Optional {
  /// Changes what is there, in place: it is held nowhere else meanwhile, so that nothing is copied.
  mutating func change(_ body: (inout Wrapped) -> Void) {
    guard var value = take() else { return }
    body(&value)
    self = value
  }
}
