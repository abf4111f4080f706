internal import Tensors
internal import Transcoding
internal import Transformers

/// Puts given numbers in the place of some layers' MLP outputs; the first positions keep what the MLPs write.
struct OutputReplacement: Intervention {
  /// By layer; a layer without a matrix keeps its MLP. One row stands for all positions.
  let outputs: [Matrix?]
  let skipped: Int

  mutating func edit(_ values: inout Matrix, at site: Site, rows: Rows) {
    guard case .mlpOutput(let layer) = site, let output = outputs[layer] else { return }
    let width = values.columns
    for row in skipped..<max(skipped, values.rows) {
      let source = output.rows == 1 ? 0 : row
      values.values.replaceSubrange(
        row * width..<(row + 1) * width, with: output.values[source * width..<(source + 1) * width])
    }
  }
}

/// Puts features in the place of every MLP: read from the stream as it drifts, or with their gates held.
struct FeatureReplacement: Intervention {
  let model: Transformer
  let reconstructor: Reconstructor
  let original: Recording
  let skipped: Int
  /// The recorded features and errors of each layer, for the local replacement model; `nil` reads features anew.
  let held: (activations: [LayerActivations], errors: [Matrix])?
  private var residualMid = Matrix(rows: 0, columns: 0)
  private var outputs: [Matrix]
  /// `Σ|x' − x|²` and `Σ|x|²` of the stream that each layer's features read, and at the end.
  private(set) var drift: [(difference: Double, original: Double)] = []

  init(
    model: Transformer, reconstructor: Reconstructor, original: Recording, skipped: Int,
    held: (activations: [LayerActivations], errors: [Matrix])? = nil
  ) {
    self.model = model
    self.reconstructor = reconstructor
    self.original = original
    self.skipped = skipped
    self.held = held
    let zero = Matrix(rows: original.positionCount, columns: reconstructor.transcoder.dModel)
    outputs = Array(repeating: zero, count: model.blocks.count)
  }

  mutating func edit(_ values: inout Matrix, at site: Site, rows: Rows) {
    switch site {
    case .residualMid(let layer):
      residualMid = values
      measure(values, against: original.residualMid[layer])
    case .mlpInput(let layer): read(values, layer: layer)
    case .mlpOutput(let layer): write(to: &values, layer: layer)
    case .residualPost(let layer) where layer == model.blocks.count - 1:
      measure(values, against: original.residualFinal)
    default: break
    }
  }

  private mutating func read(_ mlpInput: Matrix, layer: Int) {
    let block = model.blocks[layer]
    let hook = reconstructor.transcoder.configuration.inputHook
    let input: Matrix
    switch hook {
    case .residualMid: input = residualMid
    case .mlpInput: input = mlpInput
    case .normalized:
      let scales = held == nil ? block.mlpNorm(residualMid).scales : original.mlpNormScales[layer]
      input = block.featureInput(hook, residualMid: residualMid, scales: scales)
    }
    let activations =
      held.map { reconstructor.reread($0.activations[layer], from: input, layer: layer) }
      ?? reconstructor.encode(input, layer: layer)
    outputs[layer] += reconstructor.constant(input, layer: layer)
    if let held { outputs[layer] += held.errors[layer] }
    reconstructor.decode(activations, layer: layer, into: &outputs)
  }

  private mutating func write(to values: inout Matrix, layer: Int) {
    guard skipped < values.rows else { return }
    let written = model.blocks[layer].residualOutput(
      reconstructor.transcoder.configuration.outputHook, outputs[layer],
      frozenScales: held == nil ? nil : original.mlpPostNormScales[layer])
    let first = skipped * values.columns
    values.values.replaceSubrange(
      first..<values.values.count, with: written.values[first..<values.values.count])
  }

  private mutating func measure(_ values: Matrix, against other: Matrix) {
    var (difference, squares) = (0.0, 0.0)
    for i in skipped * values.columns..<max(skipped * values.columns, values.values.count) {
      let (a, b) = (Double(values.values[i]), Double(other.values[i]))
      difference += (a - b) * (a - b)
      squares += b * b
    }
    drift.append((difference, squares))
  }
}
