public import Tensors

/// What the layers of a model read and write, over batches of whole texts, as fast as it can be had.
///
/// It computes what ``Transformer/record(_:logits:)`` records at `r⁰`, at the norm before the MLP and at the MLP's
/// output, but keeps nothing else, and makes no logits.
public struct ActivationCapture {
  /// One layer's values; rows beyond the batch mean nothing.
  public struct Layer {
    /// `r⁰`, `[row, dModel]`.
    public var residualMid: Matrix
    /// Behind norm, gain and bias, `[row, dModel]`.
    public var mlpInput: Matrix
    /// The norm's scales, `[row]`.
    public var scales: [Float]
    /// `[row, dModel]`.
    public var mlpOutput: Matrix
  }

  /// Rows it has memory for.
  public let capacity: Int
  private let model: Transformer
  private let rotary: (cosine: [Float], sine: [Float])?
  private var residual: Matrix
  private var normalized: Matrix
  private var query, key, value, mixed: Matrix
  private var gate, inner: Matrix
  private var up: Matrix
  private var scales: [Float]
  private var layer: Layer

  /// - Parameters:
  ///   - capacity: The most rows of a batch.
  ///   - longest: The longest text, in tokens.
  public init(_ model: Transformer, capacity: Int, longest: Int) {
    let c = model.configuration
    self.model = model
    self.capacity = capacity
    func rows(_ columns: Int) -> Matrix { Matrix(rows: capacity, columns: columns) }
    residual = rows(c.dModel)
    normalized = residual
    query = rows(c.headCount * c.dHead)
    mixed = query
    key = rows(c.keyValueHeadCount * c.dHead)
    value = key
    gate = rows(c.dMLP)
    inner = gate
    up = model.blocks.contains { $0.feedForward.isGated } ? gate : Matrix(rows: 0, columns: c.dMLP)
    scales = Array(repeating: 0, count: capacity)
    layer = Layer(residualMid: residual, mlpInput: residual, scales: scales, mlpOutput: residual)
    rotary = c.attention.first?.rotary?.tables(positions: min(longest, c.contextLength))
  }

  /// Runs the model over a batch.
  /// - Parameter each: Called with every layer's number and values, from the first to the last.
  public mutating func run(_ batch: TextBatch, each: (_ number: Int, _ layer: borrowing Layer) -> Void) {
    precondition(batch.tokens.count <= capacity, "\(batch.tokens.count) rows in memory for \(capacity)")
    guard model.isPlain else { return recall(batch, each: each) }
    let rows = batch.tokens.count
    for text in batch.texts {
      for (position, row) in text.enumerated() {
        residual[row] = model.embedding.row(Int(batch.tokens[row]))[...]
        if let positions = model.positionEmbedding { residual.add(positions.row(position), toRow: row) }
      }
    }
    for (number, block) in model.blocks.enumerated() {
      attend(block, batch, number, rows: rows)
      layer.residualMid.copy(rows: rows, of: residual)
      Kernels.norm(
        residual, rows: rows, kind: block.mlpNorm.kind, gain: block.mlpNorm.gain,
        bias: block.mlpNorm.usedBias,
        into: &layer.mlpInput, scales: &layer.scales)
      if let gateLayer = block.mlp.gate {
        Kernels.linear(layer.mlpInput, rows: rows, gateLayer, into: &gate)
        Kernels.linear(layer.mlpInput, rows: rows, block.mlp.up, into: &up)
        Kernels.gate(gate, by: block.mlp.activation, up: up, rows: rows, into: &inner)
      } else {
        Kernels.linear(layer.mlpInput, rows: rows, block.mlp.up, into: &gate)
        Kernels.gate(gate, by: block.mlp.activation, up: nil, rows: rows, into: &inner)
      }
      Kernels.linear(inner, rows: rows, block.mlp.down, into: &layer.mlpOutput)
      residual.add(rows: rows, of: layer.mlpOutput)
      each(number, layer)
    }
  }

  /// The same from recordings, for families whose layers have more parts.
  private mutating func recall(_ batch: TextBatch, each: (_ number: Int, _ layer: borrowing Layer) -> Void) {
    // Of each text only what is asked for: patterns grow with the square of its length.
    let texts = batch.texts.map { text in
      do {
        let recording = try model.record(Array(batch.tokens[text]))
        return (
          middle: recording.residualMid, scales: recording.mlpNormScales, output: recording.mlpOutput
        )
      } catch {
        preconditionFailure("a text of a batch cannot be run: \(error)")
      }
    }
    for (number, block) in model.blocks.enumerated() {
      for (rows, text) in zip(batch.texts, texts) {
        let input = block.mlpNorm(text.middle[number], frozenScales: text.scales[number]).y
        for (position, row) in rows.enumerated() {
          layer.residualMid[row] = text.middle[number][position]
          layer.mlpInput[row] = input[position]
          layer.mlpOutput[row] = text.output[number][position]
          layer.scales[row] = text.scales[number][position]
        }
      }
      each(number, layer)
    }
  }

  private mutating func attend(_ block: Block, _ batch: TextBatch, _ number: Int, rows: Int) {
    let c = model.configuration
    Kernels.norm(
      residual, rows: rows, kind: block.attentionNorm.kind, gain: block.attentionNorm.gain,
      bias: block.attentionNorm.usedBias, into: &normalized, scales: &scales)
    Kernels.linear(normalized, rows: rows, block.attention.query, into: &query)
    Kernels.linear(normalized, rows: rows, block.attention.key, into: &key)
    Kernels.linear(normalized, rows: rows, block.attention.value, into: &value)
    let attention = TextAttention(
      headCount: c.headCount, keyValueHeadCount: c.keyValueHeadCount, dHead: c.dHead,
      scale: c.attention[number].scale)
    let shape = TapeShape(texts: batch.texts, attention: attention, rotary: rotary)
    shape.rotate(&query)
    shape.rotate(&key)
    attention.forward(query: query, key: key, value: value, texts: batch.texts, into: &mixed)
    Kernels.linear(mixed, rows: rows, block.attention.output, into: &normalized)
    residual.add(rows: rows, of: normalized)
  }
}
