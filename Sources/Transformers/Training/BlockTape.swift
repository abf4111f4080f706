internal import Tensors

/// What one layer's forward run leaves for its backward run.
struct BlockTape {
  /// `r⁻`, `[row, dModel]`.
  var input: Matrix
  var attentionScales: [Float]
  var attentionInput: Matrix
  /// Queries and keys after the rotation, `[row, head · dHead]`.
  var query, key, value: Matrix
  var patterns: [Float] = []
  /// The heads' outputs, side by side.
  var mixed: Matrix
  /// `r⁰`, `[row, dModel]`.
  var middle: Matrix
  var mlpScales: [Float]
  var mlpInput: Matrix
  /// What the nonlinearity is applied to, `[row, dMLP]`; after the backward run, its gradient.
  var gate: Matrix
  /// What the gate multiplies; `nil` where the MLP is not gated.
  var up: Matrix?
  var inner: Matrix

  init(_ c: TransformerConfiguration, isGated: Bool, capacity: Int) {
    func rows(_ columns: Int) -> Matrix { Matrix(rows: capacity, columns: columns) }
    input = rows(c.dModel)
    attentionScales = Array(repeating: 0, count: capacity)
    attentionInput = rows(c.dModel)
    query = rows(c.headCount * c.dHead)
    key = rows(c.keyValueHeadCount * c.dHead)
    value = key
    mixed = query
    middle = rows(c.dModel)
    mlpScales = attentionScales
    mlpInput = rows(c.dModel)
    gate = rows(c.dMLP)
    up = isGated ? rows(c.dMLP) : nil
    inner = rows(c.dMLP)
  }

  /// Runs the layer: `residual` is `r⁻` before and `r⁺` after.
  mutating func forward(_ block: Block, _ shape: TapeShape, residual: inout Matrix, work: inout TapeWork) {
    let rows = shape.rows
    input.copy(rows: rows, of: residual)
    Kernels.norm(
      input, rows: rows, kind: block.attentionNorm.kind, gain: block.attentionNorm.gain,
      bias: block.attentionNorm.usedBias, into: &attentionInput, scales: &attentionScales)
    Kernels.linear(attentionInput, rows: rows, block.attention.query, into: &query)
    Kernels.linear(attentionInput, rows: rows, block.attention.key, into: &key)
    Kernels.linear(attentionInput, rows: rows, block.attention.value, into: &value)
    shape.rotate(&query)
    shape.rotate(&key)
    let patternCount = shape.attention.patternCount(shape.texts)
    if patterns.count < patternCount { patterns = Array(repeating: 0, count: patternCount) }
    shape.attention(
      query: query, key: key, value: value, texts: shape.texts, patterns: &patterns, into: &mixed)
    Kernels.linear(mixed, rows: rows, block.attention.output, into: &work.narrow)
    residual.add(rows: rows, of: work.narrow)
    middle.copy(rows: rows, of: residual)
    Kernels.norm(
      middle, rows: rows, kind: block.mlpNorm.kind, gain: block.mlpNorm.gain, bias: block.mlpNorm.usedBias,
      into: &mlpInput, scales: &mlpScales)
    if let gateLayer = block.mlp.gate {
      Kernels.linear(mlpInput, rows: rows, gateLayer, into: &gate)
      up.change { Kernels.linear(mlpInput, rows: rows, block.mlp.up, into: &$0) }
    } else {
      Kernels.linear(mlpInput, rows: rows, block.mlp.up, into: &gate)
    }
    Kernels.gate(gate, by: block.mlp.activation, up: up, rows: rows, into: &inner)
    Kernels.linear(inner, rows: rows, block.mlp.down, into: &work.narrow)
    residual.add(rows: rows, of: work.narrow)
  }

  /// The pullback: `gradient` is that of `r⁺` before and that of `r⁻` after.
  mutating func backward(
    _ block: Block, _ shape: TapeShape, gradient: inout Matrix, work: inout TapeWork,
    parameters: inout TransformerParameters.BlockParameters?
  ) {
    backwardMLP(block, shape, gradient: &gradient, work: &work, parameters: &parameters)
    let rows = shape.rows
    Kernels.linear(gradient, rows: rows, weight: block.attention.output.weight.transposed, into: &work.mixed)
    parameters?.output.addGradient(gradient, mixed, rows: rows)
    work.key.clear(rows: rows)
    work.value.clear(rows: rows)
    shape.attention.pullback(
      work.mixed, query: query, key: key, value: value, texts: shape.texts, patterns: patterns,
      queryGradient: &work.query, keyGradient: &work.key, valueGradient: &work.value)
    shape.rotate(&work.query, inverse: true)
    shape.rotate(&work.key, inverse: true)
    parameters?.query.addGradient(work.query, attentionInput, rows: rows)
    parameters?.key.addGradient(work.key, attentionInput, rows: rows)
    parameters?.value.addGradient(work.value, attentionInput, rows: rows)
    Kernels.linear(
      work.query, rows: rows, weight: block.attention.query.weight.transposed, into: &work.narrow)
    Kernels.linear(work.key, rows: rows, weight: block.attention.key.weight.transposed, into: &work.other)
    work.narrow.add(rows: rows, of: work.other)
    Kernels.linear(work.value, rows: rows, weight: block.attention.value.weight.transposed, into: &work.other)
    work.narrow.add(rows: rows, of: work.other)
    block.attentionNorm.pullback(
      work.narrow, input, rows: rows, scales: attentionScales, addingTo: &gradient,
      parameters: &work.normGradient)
    parameters?.attentionNorm.take(&work.normGradient)
  }

  private mutating func backwardMLP(
    _ block: Block, _ shape: TapeShape, gradient: inout Matrix, work: inout TapeWork,
    parameters: inout TransformerParameters.BlockParameters?
  ) {
    let rows = shape.rows
    Kernels.linear(gradient, rows: rows, weight: block.mlp.down.weight.transposed, into: &work.wide)
    parameters?.down.addGradient(gradient, inner, rows: rows)
    Kernels.gatePullback(work.wide, by: block.mlp.activation, rows: rows, gate: &gate, up: &up)
    if let gateLayer = block.mlp.gate, let up {
      parameters?.gate?.addGradient(gate, mlpInput, rows: rows)
      parameters?.up.addGradient(up, mlpInput, rows: rows)
      Kernels.linear(gate, rows: rows, weight: gateLayer.weight.transposed, into: &work.narrow)
      Kernels.linear(up, rows: rows, weight: block.mlp.up.weight.transposed, into: &work.other)
      work.narrow.add(rows: rows, of: work.other)
    } else {
      parameters?.up.addGradient(gate, mlpInput, rows: rows)
      Kernels.linear(gate, rows: rows, weight: block.mlp.up.weight.transposed, into: &work.narrow)
    }
    block.mlpNorm.pullback(
      work.narrow, middle, rows: rows, scales: mlpScales, addingTo: &gradient, parameters: &work.normGradient)
    parameters?.mlpNorm.take(&work.normGradient)
  }
}

/// Which rows a tape runs over.
struct TapeShape {
  let texts: [Range<Int>]
  let attention: TextAttention
  let rotary: (cosine: [Float], sine: [Float])?

  /// Rows in all.
  var rows: Int { texts.last?.upperBound ?? 0 }

  func rotate(_ x: inout Matrix, inverse: Bool = false) {
    guard let rotary else { return }
    RotaryEmbedding.rotate(&x, texts: texts, by: rotary, half: attention.dHead / 2, inverse: inverse)
  }
}

/// Working memory that all layers share.
struct TapeWork {
  /// `[row, dModel]`.
  var narrow, other: Matrix
  /// `[row, dMLP]`.
  var wide: Matrix
  var mixed, query, key, value: Matrix
  var normGradient: TransformerParameters.NormParameters

  init(_ c: TransformerConfiguration, norm: NormLayer, capacity: Int) {
    narrow = Matrix(rows: capacity, columns: c.dModel)
    other = narrow
    wide = Matrix(rows: capacity, columns: c.dMLP)
    mixed = Matrix(rows: capacity, columns: c.headCount * c.dHead)
    query = mixed
    key = Matrix(rows: capacity, columns: c.keyValueHeadCount * c.dHead)
    value = key
    normGradient = TransformerParameters.NormParameters(norm)
    normGradient.clear()
  }
}

extension NormLayer {
  /// The bias where the norm has one.
  var usedBias: [Float]? { kind.centers ? bias : nil }

  /// Adds the gradient at the norm's input, and those of its numbers.
  func pullback(
    _ gy: Matrix, _ x: Matrix, rows: Int, scales: [Float], addingTo gx: inout Matrix,
    parameters: inout TransformerParameters.NormParameters
  ) {
    Kernels.normPullback(
      gy, x, rows: rows, kind: kind, gain: gain, scales: scales, addingTo: &gx,
      gainGradient: &parameters.gain, biasGradient: &parameters.bias)
  }
}

extension TransformerParameters.NormParameters {
  mutating func clear() {
    for i in gain.indices { gain[i] = 0 }
    for i in bias.indices { bias[i] = 0 }
  }

  /// Adds another gradient, which is cleared.
  mutating func take(_ other: inout Self) {
    for i in gain.indices { gain[i] += other.gain[i] }
    for i in bias.indices { bias[i] += other.bias[i] }
    other.clear()
  }
}

extension Kernels {
  static func linear(_ x: Matrix, rows: Int, _ layer: Linear, into y: inout Matrix) {
    linear(x, rows: rows, weight: layer.weight, bias: layer.bias, into: &y)
  }
}

extension Matrix {
  /// Copies the first rows of a matrix of the same width.
  mutating func copy(rows count: Int, of other: Matrix) {
    values.replaceSubrange(0..<count * columns, with: other.values[0..<count * columns])
  }

  /// Makes the first rows zero.
  mutating func clear(rows count: Int) {
    withValues(0..<count * columns) { span in
      for i in span.indices { span[i] = 0 }
    }
  }
}
