internal import Foundation
public import Tensors
public import Transcoding
public import Transformers

/// The model of one prompt: features plus errors in place of every MLP, with attention patterns, norm scales
/// and the features' gates held at what was recorded.
///
/// ```
/// ŷ[l][t] = bD[l] + Σ_{k ≤ l} a[k][t] · D[k→l]  (+ S[l] · h[l][t])
/// e[l][t] = mlpOut[l][t] − ŷ[l][t]
/// ```
/// Where the transcoder reconstructs what the MLP writes before a norm behind it, `mlpOut` is that, and the residual stream
/// gets `norm(ŷ + e)` with the norm's scale held too.
///
/// Position 0 has neither features nor an error: what its MLPs write is a constant. Ameisen et al. 2025, "The
/// Local Replacement Model".
public struct LocalReplacementModel: Sendable {
  public let transformer: Transformer
  public let transcoder: Transcoder
  public let recording: Recording
  /// The features that the prompt activates.
  public let activations: FeatureActivations
  /// The preactivation of each active feature, in the order of ``activations``.
  public let preactivations: [Float]
  /// `e`, `[layer][position, dModel]`; zero at positions without features.
  public let errors: [Matrix]
  /// The positions without features and errors.
  public let zeroedPositions: Range<Int>
  /// Features that were set to a value whatever their inputs, by their places in ``activations``: nothing leads to them.
  public let heldPlaces: Set<Int>

  /// Encodes a recorded prompt.
  /// - Throws: ``ReplacementError/transcoding(_:)`` if the transcoder was made for another model.
  public init(
    of transformer: Transformer, transcoder: Transcoder, recording: Recording
  ) throws(ReplacementError) {
    try self.init(of: transformer, transcoder: transcoder, recording: recording, edits: [])
  }

  /// The model of a prompt whose features were changed, as the changed run recorded it.
  ///
  /// A changed feature has the value that it was set to and no inputs. All else has what the changed run gave it, and an
  /// error is, as ever, what the MLP itself wrote less what the features make of it:
  /// ```
  /// mlpOut'[l] = MLP(x'[l]) + Σ_edits (value − a') · D[k→l],   so   e'[l] = mlpOut'[l] − ŷ'[l] with the values
  /// ```
  /// - Parameters:
  ///   - edits: What was set.
  ///   - run: The run in which it was, in a mode that holds no MLP outputs.
  public init(
    of base: LocalReplacementModel, setting edits: [FeatureEdit], as run: InterventionResult
  ) throws(ReplacementError) {
    try self.init(
      of: base.transformer, transcoder: base.transcoder, recording: run.recording, edits: edits)
  }

  private init(
    of transformer: Transformer, transcoder: Transcoder, recording: Recording, edits: [FeatureEdit]
  ) throws(ReplacementError) {
    try Self.check(transcoder, fits: transformer)
    self.transformer = transformer
    self.transcoder = transcoder
    self.recording = recording
    let opening = transformer.configuration.opening
    zeroedPositions = 0..<(!opening.isEmpty && recording.tokens.starts(with: opening) ? opening.count : 1)
    var entries: [FeatureActivations.Entry] = []
    var preactivations: [Float] = []
    var inputs: [Matrix] = []
    var held: Set<Int> = []
    for (layer, block) in transformer.blocks.enumerated() {
      let input = block.featureInput(
        transcoder.configuration.inputHook, residualMid: recording.residualMid[layer],
        scales: recording.mlpNormScales[layer])
      let z = transcoder.preactivations(of: input, layer: layer)
      for position in zeroedPositions.upperBound..<recording.positionCount {
        let values = Dictionary(
          uniqueKeysWithValues: edits.filter { $0.feature.layer == layer && $0.position == position }
            .map { ($0.feature.index, $0.value) })
        let active = transcoder.activeFeatures(z[position], layer: layer)
        for (index, activation) in Self.setting(values, in: active) {
          if values[index] != nil { held.insert(entries.count) }
          entries.append(.init(layer: layer, position: position, index: index, activation: activation))
          preactivations.append(z[position][position * z.columns + index])
        }
      }
      inputs.append(input)
      transcoder.layers[layer].encoder.forgetPages()
    }
    activations = FeatureActivations(
      layerCount: transformer.blocks.count, positionCount: recording.positionCount, entries: entries)
    self.preactivations = preactivations
    heldPlaces = held
    errors = Self.errors(
      of: activations, transcoder, inputs: inputs, recording, zeroed: zeroedPositions)
  }

  /// Active features with some of them set to values, by index; those set to 0 are not active.
  private static func setting(
    _ values: [Int: Float], in active: [(index: Int, activation: Float)]
  ) -> [(index: Int, activation: Float)] {
    guard !values.isEmpty else { return active }
    let others = active.filter { values[$0.index] == nil }
    return (others + values.filter { $0.value != 0 }.map { (index: $0.key, activation: $0.value) })
      .sorted { $0.index < $1.index }
  }

  /// Refuses a transcoder that was made for another model.
  public static func check(_ transcoder: Transcoder, fits model: Transformer) throws(ReplacementError) {
    let path = transcoder.folder.path
    let c = model.configuration
    guard transcoder.layerCount == c.layerCount else {
      throw .transcoding(
        .wrongModel(
          path: path, reason: "they have \(transcoder.layerCount) layers, the model has \(c.layerCount)"))
    }
    guard transcoder.dModel == c.dModel else {
      throw .transcoding(
        .wrongModel(
          path: path, reason: "they read a width of \(transcoder.dModel), the model has \(c.dModel)"))
    }
  }

  private static func errors(
    of activations: FeatureActivations, _ transcoder: Transcoder, inputs: [Matrix], _ recording: Recording,
    zeroed: Range<Int>
  ) -> [Matrix] {
    var errors = recording.mlpOutput.indices.map {
      recording.featureOutput(transcoder.configuration.outputHook, layer: $0)
    }
    for layer in errors.indices {
      let constant = transcoder.layers[layer].decoderBias.map { -$0 }
      for position in 0..<recording.positionCount { errors[layer].add(constant, toRow: position) }
      if let skip = transcoder.layers[layer].skip {
        let skipped = inputs[layer].multiplied(byTransposed: skip)
        for position in 0..<skipped.rows {
          errors[layer].add(skipped.row(position), scaledBy: -1, toRow: position)
        }
      }
    }
    let width = transcoder.dModel
    for (place, entry) in activations.entries.enumerated() {
      if place > 0, activations.entries[place - 1].layer != entry.layer { transcoder.forgetDecoders() }
      let rows = transcoder.decoderVectors(entry.feature)
      for (offset, layer) in transcoder.outputLayers(of: entry.layer).enumerated() {
        errors[layer].add(
          rows[offset * width..<(offset + 1) * width], scaledBy: -entry.activation, toRow: entry.position)
      }
    }
    transcoder.forgetDecoders()
    for layer in errors.indices {
      for position in zeroed where position < recording.positionCount {
        errors[layer][position] = ArraySlice(repeating: 0, count: width)
      }
    }
    return errors
  }

  /// What a layer adds to the residual stream at a position besides features, error and what a skip connection passes:
  /// ```
  /// P bD + bias of the norm behind it,   or at positions without features   mlpOut
  /// ```
  /// where that norm adds a bias; `[dModel]`.
  func mlpConstant(layer: Int, position: Int) -> [Float] {
    let isZeroed = zeroedPositions.contains(position)
    let width = transcoder.dModel
    // At the transcoder's output hook.
    var inner = isZeroed ? Array(repeating: 0, count: width) : transcoder.layers[layer].decoderBias
    if let skip = transcoder.layers[layer].skip {
      func add(_ input: Matrix, scaledBy scale: Float) {
        let skipped = input.multiplied(byTransposed: skip)
        for i in inner.indices { inner[i] += scale * skipped.values[i] }
      }
      if isZeroed { add(featureInput(layer: layer, position: position), scaledBy: -1) }
      // A skip connection passes the residual stream; the norm's bias in front of it is constant.
      if let bias = transformer.blocks[layer].featureInputConstant(transcoder.configuration.inputHook) {
        add(Matrix(rows: 1, columns: bias.count, values: bias), scaledBy: 1)
      }
    }
    var constant = residualImage(of: inner, layer: layer, position: position)
    var rest = [Float](repeating: 0, count: width)
    if isZeroed {
      rest = recording.mlpOutput[layer].row(position)
    } else if let norm = outputNorm(layer: layer), norm.kind.centers {
      rest = norm.bias
    }
    for i in constant.indices { constant[i] += rest[i] }
    return constant
  }

  /// What the transcoder reads in a layer at a position, `[1, dModel]`.
  private func featureInput(layer: Int, position: Int) -> Matrix {
    transformer.blocks[layer].featureInput(
      transcoder.configuration.inputHook,
      residualMid: recording.residualMid[layer].rows(position..<position + 1),
      scales: [recording.mlpNormScales[layer][position]])
  }
}
