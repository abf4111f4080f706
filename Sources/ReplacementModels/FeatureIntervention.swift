public import Tensors
public import Transcoding
public import Transformers

/// One feature set to a value at one position.
public struct FeatureEdit: Hashable, Sendable {
  public let feature: FeatureID
  public let position: Int
  /// The activation it is given.
  public let value: Float

  public init(feature: FeatureID, position: Int, value: Float) {
    self.feature = feature
    self.position = position
    self.value = value
  }
}

/// What is held while features are changed.
public enum InterventionMode: Hashable, Sendable {
  /// Everything is recomputed.
  case free
  /// Attention patterns are held.
  case frozenAttention
  /// Attention patterns are held, and the MLP outputs of some layers; what features write elsewhere is left out.
  case constrained(layers: Range<Int>)
  /// Attention patterns, norm scales and all MLP outputs are held: direct effects alone.
  case direct
}

/// Sets features to values while the model runs: the difference to their activation, times what they write, is
/// added to the MLP outputs, before the norm behind the MLP where the transcoder writes there.
struct FeatureIntervention: Intervention {
  let base: LocalReplacementModel
  let edits: [FeatureEdit]
  /// The layers whose writes count.
  let written: Range<Int>
  /// The layers whose MLP outputs are held; where there are any, the change counts from the recorded activation.
  let held: Range<Int>
  /// Whether norm scales are held.
  let holdsNorms: Bool
  /// The changes of activation so far, by edit.
  private var changes: [Float?]
  private var residualMid = Matrix(rows: 0, columns: 0)
  private var input = Matrix(rows: 0, columns: 0)
  /// Preactivations of every layer in the changed run, `[layer][position, feature]`.
  private(set) var preactivations: [Matrix] = []

  init(base: LocalReplacementModel, edits: [FeatureEdit], mode: InterventionMode) {
    self.base = base
    self.edits = edits
    let layers = 0..<base.transformer.blocks.count
    switch mode {
    case .free, .frozenAttention: (written, held, holdsNorms) = (layers, 0..<0, false)
    case .constrained(let range): (written, held, holdsNorms) = (range, range, false)
    case .direct: (written, held, holdsNorms) = (layers, layers, true)
    }
    changes = Array(repeating: nil, count: edits.count)
  }

  mutating func edit(_ values: inout Matrix, at site: Site, rows: Rows) {
    switch site {
    case .residualMid: residualMid = values
    case .mlpInput(let layer): encode(values, layer: layer)
    case .mlpOutputInner(let layer) where base.outputNorm(layer: layer) != nil:
      write(to: &values, layer: layer)
    case .mlpOutput(let layer):
      if base.outputNorm(layer: layer) == nil {
        write(to: &values, layer: layer)
      } else if held.contains(layer) {
        writeImage(to: &values, layer: layer)
      }
    default: break
    }
  }

  /// Adds the change behind the norm of an MLP output that is held, and its norm's scale with it.
  private func writeImage(to values: inout Matrix, layer: Int) {
    var change = Matrix(rows: values.rows, columns: values.columns)
    write(to: &change, layer: layer)
    for position in 0..<change.rows {
      values.add(
        base.residualImage(of: change.row(position), layer: layer, position: position), toRow: position)
    }
  }

  /// Reads the layer's features in the changed run, and with them the activations that edits start from.
  private mutating func encode(_ mlpInput: Matrix, layer: Int) {
    let block = base.transformer.blocks[layer]
    switch base.transcoder.configuration.inputHook {
    case .residualMid: input = residualMid
    case .mlpInput: input = mlpInput
    case .normalized:
      let scales = holdsNorms ? base.recording.mlpNormScales[layer] : block.mlpNorm(residualMid).scales
      input = block.featureInput(.normalized, residualMid: residualMid, scales: scales)
    }
    let z = base.transcoder.preactivations(of: input, layer: layer)
    preactivations.append(z)
    var active: [Int: [Int: Float]] = [:]  // by position, then by feature
    for (place, edit) in edits.enumerated() where edit.feature.layer == layer {
      let current: Float
      if held.isEmpty {
        let here =
          active[edit.position]
          ?? Dictionary(
            uniqueKeysWithValues: base.transcoder.activeFeatures(z[edit.position], layer: layer).map {
              ($0.index, $0.activation)
            })
        active[edit.position] = here
        current = here[edit.feature.index] ?? 0
      } else {
        let recorded = base.activations.place(of: edit.feature, position: edit.position)
        current = recorded.map { base.activations.entries[$0].activation } ?? 0
      }
      changes[place] = edit.value - current
    }
  }

  private func write(to values: inout Matrix, layer: Int) {
    if held.contains(layer), let skip = base.transcoder.layers[layer].skip {
      values += input.multiplied(byTransposed: skip)
      let block = base.transformer.blocks[layer]
      let recorded = block.featureInput(
        base.transcoder.configuration.inputHook, residualMid: base.recording.residualMid[layer],
        scales: base.recording.mlpNormScales[layer]
      ).multiplied(byTransposed: skip)
      for position in 0..<recorded.rows {
        values.add(recorded[position], scaledBy: -1, toRow: position)
      }
    }
    guard written.contains(layer) else { return }
    for (place, edit) in edits.enumerated() {
      guard let change = changes[place], base.transcoder.outputLayers(of: edit.feature.layer).contains(layer)
      else { continue }
      values.add(
        base.transcoder.decoderVector(edit.feature, to: layer), scaledBy: change, toRow: edit.position)
    }
  }
}

/// What a changed run computed.
public struct InterventionResult: Sendable {
  /// Every hook point, as changed, with the logits of all positions.
  public let recording: Recording
  /// Preactivations of every layer, `[layer][position, feature]`.
  public let preactivations: [Matrix]
  /// The prompt's keys and values, as changed, to continue it with.
  public let cache: KeyValueCache
}

extension LocalReplacementModel {
  /// Runs the model with features set to values.
  /// ```
  /// mlpOut[l] += Σ_edits (value − activation) · D[k→l]      at each edit's position
  /// ```
  /// A transcoder that writes before a norm behind the MLP changes what that norm reads; where MLP outputs are held, so is
  /// its scale.
  ///
  /// In the modes that hold MLP outputs the activation is the recorded one, else that of the changed run, so that
  /// several edits clamp exactly. In the mode ``InterventionMode/direct`` the change of any downstream preactivation
  /// or logit equals the sum of the edges from the changed features times their relative change.
  /// - Throws: ``ReplacementError/outOfRange(reason:)`` for a feature or position that does not exist.
  public func run(
    setting edits: [FeatureEdit], mode: InterventionMode
  ) throws(ReplacementError) -> InterventionResult {
    for edit in edits { try check(edit) }
    var intervention = FeatureIntervention(base: self, edits: edits, mode: mode)
    let freeze: Freeze? =
      switch mode {
      case .free: nil
      case .frozenAttention: Freeze(recording: recording, attention: true)
      case .constrained(let layers): Freeze(recording: recording, attention: true, mlpLayers: layers)
      case .direct:
        Freeze(
          recording: recording, attention: true, norms: true, mlpLayers: 0..<transformer.blocks.count)
      }
    do throws(TransformerError) {
      var cache = KeyValueCache(for: transformer.configuration)
      let result = try transformer.record(
        recording.tokens, logits: .all, freezing: freeze, keeping: &cache, intervening: &intervention)
      return InterventionResult(
        recording: result, preactivations: intervention.preactivations, cache: cache)
    } catch {
      throw .transformer(error)
    }
  }

  private func check(_ edit: FeatureEdit) throws(ReplacementError) {
    let (feature, position) = (edit.feature, edit.position)
    guard (0..<transcoder.layerCount).contains(feature.layer) else {
      throw .outOfRange(
        reason: "layer \(feature.layer) does not exist: the layers are 0 to \(transcoder.layerCount - 1).")
    }
    let count = transcoder.featureCount(layer: feature.layer)
    guard (0..<count).contains(feature.index) else {
      throw .outOfRange(
        reason: "feature \(feature.index) does not exist: layer \(feature.layer) has 0 to \(count - 1).")
    }
    guard (0..<recording.positionCount).contains(position) else {
      throw .transformer(.positionOutOfRange(position: position, count: recording.positionCount))
    }
  }
}
