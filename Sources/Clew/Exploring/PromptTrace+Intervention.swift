internal import Attribution
internal import AttributionGraphs
internal import ReplacementModels
public import Tokenization
internal import Transcoding
internal import Transformers

extension PromptTrace {
  /// The most tokens of a continuation.
  private static let longestContinuation = 1024

  /// Changes features of the traced prompt, and compares what happens with what the graph says.
  /// - Parameter tokenizer: The model's.
  /// - Throws: ``ExploringError`` for changes that cannot be made, ``ReplacementError`` for features that do not exist.
  public func outcome(of order: InterventionOrder, tokenizer: Tokenizer) throws -> InterventionOutcome {
    let model = result.model
    let count = order.continuation ?? 0
    guard (0...Self.longestContinuation).contains(count) else {
      throw ExploringError.outOfRange(
        name: "the number of tokens to continue by", value: count, range: 0...Self.longestContinuation)
    }
    let mode = order.mode ?? .free
    // Where all MLP outputs are held, so is what was changed before.
    guard request.changes.isEmpty || mode == .direct else { throw ExploringError.changedAlready }
    let edits = try order.changes.edits(on: model)
    let run = try model.run(setting: edits, mode: mode)
    let prediction = try LinearPrediction(of: edits, mode: mode, in: result)
    let answers = try AnswerComparison(self, run, prediction, tokenizer: tokenizer)
      .answers(candidateCount: max(0, order.candidateCount ?? 5))
    let features = features(
      after: run, prediction, edits: edits, shownOnly: order.shownFeaturesOnly ?? true)
    let worstCount = order.worstCount ?? 10
    return InterventionOutcome(
      edits: edits.map { edit in
        let before = model.activations.activation(at: edit.place)
        return .init(
          place: edit.place, before: before ?? 0, value: edit.value, wasActive: before != nil,
          isWritten: !prediction.unwritten.contains(edit.place))
      },
      answers: answers, features: features,
      answerFit: .of(
        answers.map { ($0.logProbabilityPredicted, $0.logProbabilityMeasured) }, worstCount: worstCount),
      featureFit: .of(features.map { ($0.predicted, $0.measured) }, worstCount: worstCount),
      continuation: count == 0
        ? nil : try continuation(of: count, after: run, order: order, tokenizer: tokenizer))
  }

  /// The features to which a change leads, or whose inputs the graph does not know.
  private func features(
    after run: InterventionResult, _ prediction: LinearPrediction, edits: [FeatureEdit], shownOnly: Bool
  ) -> [InterventionOutcome.Feature] {
    let model = result.model
    let edited = Set(edits.map(\.place))
    var gates = GateReader(model, run)
    return result.layout.features.compactMap { place in
      guard !shownOnly || pruning.nodeMask[place], let name = FeaturePlace(result.graph.nodes[place].node),
        !edited.contains(name), prediction.isReached(place) || result.graph.effects.isSkipped[place]
      else { return nil }
      let entry = model.activations.entries[place]
      let (before, after) = (model.preactivations[place], run.preactivation(of: entry))
      return .init(
        place: name, label: result.graph.nodes[place].label, preactivationBefore: before,
        preactivationAfter: after, activationBefore: entry.activation,
        activationAfter: gates.activation(of: entry), measured: Double(after) - Double(before),
        predicted: prediction.change(of: place))
    }
  }

  private func continuation(
    of count: Int, after run: InterventionResult, order: InterventionOrder, tokenizer: Tokenizer
  ) throws -> InterventionOutcome.Continuation {
    let (tokens, transformer) = (prompt.tokens, result.model.transformer)
    let request = GenerationRequest(
      tokens, count: count,
      sampling: Sampling(temperature: order.temperature ?? 0, seed: order.seed ?? 0),
      stops: tokenizer.endsOfText)
    var plain = try Generation(transformer, [request])
    let before = try plain.rest()[0]
    var changed = try Generation(
      transformer, request, logits: run.recording.lastLogits, cache: run.cache, changing: NoIntervention())
    let after = try changed.rest()[0]
    func text(_ added: [Token]) -> String {
      var stream = TextStream(after: tokens, tokenizer: tokenizer)
      return added.map { stream.add($0) }.joined() + stream.finish()
    }
    return .init(before: text(before), after: text(after))
  }
}

extension PredictionFit {
  /// The fit of those pairs that have a prediction, named by their places among all.
  static func of(_ pairs: [(predicted: Double?, measured: Double)], worstCount: Int) -> PredictionFit {
    let places = pairs.indices.filter { pairs[$0].predicted != nil }
    let fit = PredictionFit(
      places.map { (pairs[$0].predicted ?? 0, pairs[$0].measured) }, worstCount: worstCount)
    return fit.naming(places)
  }

  private func naming(_ places: [Int]) -> PredictionFit {
    PredictionFit(
      count: count, rSquared: rSquared, correlation: correlation, slope: slope,
      worst: worst.map { places[$0] })
  }
}

/// The activations of a changed run, one place's features read at a time.
private struct GateReader {
  private struct Cell: Hashable {
    let layer: Int
    let position: Int
  }

  private let model: LocalReplacementModel
  private let run: InterventionResult
  private var known: [Cell: [Int: Float]] = [:]

  init(_ model: LocalReplacementModel, _ run: InterventionResult) {
    (self.model, self.run) = (model, run)
  }

  mutating func activation(of entry: FeatureActivations.Entry) -> Float {
    let cell = Cell(layer: entry.layer, position: entry.position)
    if let active = known[cell] { return active[entry.index] ?? 0 }
    let z = run.preactivations[entry.layer][entry.position]
    let active = Dictionary(
      uniqueKeysWithValues: model.transcoder.activeFeatures(z, layer: entry.layer)
        .map { ($0.index, $0.activation) })
    known[cell] = active
    return active[entry.index] ?? 0
  }
}
