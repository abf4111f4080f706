internal import Attribution
internal import AttributionGraphs
internal import ReplacementModels
internal import Transcoding
internal import Transformers

/// What a traced graph says that edits do to its nodes.
///
/// Active features change along the graph's edges, by ``LinearChanges``. The graph has no edges of features that are not
/// active: what these do directly is taken from a run in which all else is frozen, and from there goes on along the edges.
/// What the mode holds passes nothing on: in the mode `direct` all features, in the mode `constrained` those of the held
/// layers. Whatever a changed feature writes behind the held layers is taken to come about by itself, since the layers
/// there are recomputed.
struct LinearPrediction {
  private let changes: LinearChanges
  private let result: AttributionResult
  /// No node below this layer, nor at it, is changed by what is written.
  private let firstWritten: Int
  /// The edits that the mode leaves out, because their features write to none of its layers.
  let unwritten: Set<FeaturePlace>
  /// By how much the activations of features are moved, by place.
  private let held: [Int: Double]
  /// The edits of features that are not active.
  private let inactive: [FeatureEdit]
  /// No feature below this layer passes a change on.
  private let firstPassing: Int

  init(
    of edits: [FeatureEdit], mode: InterventionMode, in result: AttributionResult
  ) throws(ReplacementError) {
    let model = result.model
    let layers = 0..<model.transformer.blocks.count
    let (written, firstPassing): (Range<Int>, Int)
    switch mode {
    case .free, .frozenAttention: (written, firstPassing) = (layers, 0)
    case .constrained(let held): (written, firstPassing) = (held, held.upperBound)
    case .direct: (written, firstPassing) = (layers, Int.max)
    }
    var held: [Int: Double] = [:]
    var inactive: [FeatureEdit] = []
    var unwritten: Set<FeaturePlace> = []
    for edit in edits {
      if !model.transcoder.outputLayers(of: edit.feature.layer).overlaps(written) {
        unwritten.insert(edit.place)
      } else if let place = model.activations.place(of: edit.feature, position: edit.position) {
        held[place] = Double(edit.value) - Double(model.activations.entries[place].activation)
      } else {
        inactive.append(edit)
      }
    }
    let entries = model.activations.entries
    changes = result.graph.linearChanges(
      holding: held, adding: try Self.directEffects(of: inactive, in: result),
      passesOn: { entries[$0].layer >= firstPassing })
    self.result = result
    self.unwritten = unwritten
    (self.held, self.inactive, self.firstPassing) = (held, inactive, firstPassing)
    firstWritten = written.lowerBound
  }

  /// By how much features that are not active change what lies above them, in a run with all else frozen.
  private static func directEffects(
    of edits: [FeatureEdit], in result: AttributionResult
  ) throws(ReplacementError) -> [Int: Double] {
    let edits = edits.filter { $0.value != 0 }
    guard let lowest = edits.map(\.feature.layer).min(), let first = edits.map(\.position).min() else {
      return [:]
    }
    let model = result.model
    let run = try model.run(setting: edits, mode: .direct)
    var effects: [Int: Double] = [:]
    for (place, entry) in model.activations.entries.enumerated()
    where entry.layer > lowest && entry.position >= first {
      effects[place] = Double(run.preactivation(of: entry)) - Double(model.preactivations[place])
    }
    for (place, logit) in zip(result.layout.logits, result.logits) {
      effects[place] =
        logit.value(in: run.recording, of: model.transformer)
        - logit.value(in: model.recording, of: model.transformer)
    }
    return effects
  }

  /// The change of a node's preactivation or logit; `nil` for a feature whose row was not computed.
  func change(of place: Int) -> Double? {
    if result.graph.effects.isSkipped[place] { return nil }
    return isReached(place) ? changes.values[place] : 0
  }

  /// The logits of all tokens as predicted, before they are capped, `[vocabulary]`.
  ///
  /// Each changed feature's direct effect on the final residual, in a run with all else frozen, is read by the unembedding:
  /// ```
  /// logit[k] = W_U[k] · norm(residual + Σ_s Δa[s] · D[s], carried along frozen attention and norms)
  /// ```
  /// For a token of the graph that is its logit and ``change(of:)``.
  func logits() throws(ReplacementError) -> [Float] {
    let model = result.model
    let last = model.recording.positionCount - 1
    func logits(of recording: Recording) -> [Float] {
      model.transformer.logits(of: recording, positions: last..<last + 1, isCapped: false).values
    }
    var edits = inactive
    for (place, entry) in model.activations.entries.enumerated() {
      let change = held[place] ?? (passesOn(place) ? changes.values[place] : 0)
      guard change != 0 else { continue }
      edits.append(
        FeatureEdit(
          feature: FeatureID(layer: entry.layer, index: entry.index), position: entry.position,
          value: Float(Double(entry.activation) + change)))
    }
    guard !edits.isEmpty else { return logits(of: model.recording) }
    return logits(of: try model.run(setting: edits, mode: .direct).recording)
  }

  /// Whether a feature that is not held answers what reaches it.
  private func passesOn(_ place: Int) -> Bool {
    changes.isReached[place] && result.model.activations.entries[place].layer >= firstPassing
  }

  /// Whether anything that changes leads to a node.
  func isReached(_ place: Int) -> Bool {
    if let layer = result.graph.nodes[place].node.layer, layer <= firstWritten { return false }
    return changes.isReached[place]
  }
}

extension FeatureEdit {
  var place: FeaturePlace { FeaturePlace(layer: feature.layer, index: feature.index, position: position) }
}

extension InterventionResult {
  /// A feature's preactivation in the changed run.
  func preactivation(of entry: FeatureActivations.Entry) -> Float {
    let z = preactivations[entry.layer]  // [position, feature]
    return z.values[entry.position * z.columns + entry.index]
  }
}

extension LogitTarget {
  /// What the graph attributes: the direction's value behind the final norm at the last position. For a token that is its
  /// logit less the mean of all.
  func value(in recording: Recording, of transformer: Transformer) -> Double {
    let last = recording.positionCount - 1
    let y = transformer.finalNorm(
      recording.residualFinal.rows(last..<last + 1), frozenScales: [recording.finalNormScales[last]]
    ).y
    return zip(direction, y.values).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }
}
