import Clew
import Foundation
import Testing
import TinyModels

/// Changes of features: what the graph predicts next to what the model shows.
struct InterventionTests {
  private static let modes: [InterventionMode] = [
    .free, .frozenAttention, .constrained(layers: 0..<2), .constrained(layers: 1..<2), .direct,
  ]

  private static let trace = Result<PromptTrace, any Error> { try traced("w3 w14 w15 w9 w26 w5") }

  private static func traced(_ prompt: String, coverage: Double = 1) throws -> PromptTrace {
    var request = TraceRequest(prompt: prompt)
    request.settings.coverage = coverage
    return try PromptTrace.trace(request, with: try TinyModel.shared().open())
  }

  private let trace: PromptTrace
  private let tokenizer: Tokenizer
  /// The active features, by layer, position and index.
  private let active: [FeaturePlace]

  init() throws {
    trace = try Self.trace.get()
    tokenizer = try TinyModel.shared().open().tokenizer
    active = trace.result.graph.nodes.compactMap { FeaturePlace($0.node) }
  }

  private func outcome(
    _ changes: [FeatureChange], _ mode: InterventionMode, of trace: PromptTrace? = nil,
    adjusting adjust: (inout InterventionOrder) -> Void = { _ in }
  ) throws -> InterventionOutcome {
    var order = InterventionOrder(changes, mode: mode)
    order.shownFeaturesOnly = false
    adjust(&order)
    return try (trace ?? self.trace).outcome(of: order, tokenizer: tokenizer)
  }

  private func activation(_ place: FeaturePlace) -> Float {
    let activations = trace.result.model.activations
    return activations.place(of: place.feature, position: place.position)
      .map { activations.entries[$0].activation } ?? 0
  }

  /// A feature that the prompt does not activate at a position.
  private func inactive(layer: Int, position: Int) throws -> FeaturePlace {
    let here = Set(active.filter { $0.layer == layer && $0.position == position }.map(\.index))
    let index = try #require((0..<24).first { !here.contains($0) })
    return FeaturePlace(layer: layer, index: index, position: position)
  }

  // MARK: What must hold of every change

  @Test(arguments: modes)
  func `removing nothing changes nothing`(mode: InterventionMode) throws {
    let outcome = try outcome([], mode) { $0.continuation = 4 }
    #expect(outcome.edits.isEmpty && outcome.features.isEmpty)
    #expect(outcome.answers.count >= 5)
    for answer in outcome.answers {
      #expect(abs(answer.measured) < 1e-6 && answer.predicted ?? 0 == 0)
      #expect(abs((answer.probabilityAfter ?? .nan) - (answer.probabilityBefore ?? .nan)) < 1e-6)
    }
    #expect(outcome.continuation?.before == outcome.continuation?.after)
    #expect(outcome.continuation?.before.isEmpty == false)
  }

  @Test(arguments: modes)
  func `a feature set to what it is changes nothing`(mode: InterventionMode) throws {
    let changes = active.prefix(12).map { FeatureChange.set([$0], value: activation($0)) }
    let same = [FeatureChange.scale(Array(active.dropFirst(12)), factor: 1)]
    for changes in [changes, same] {
      let outcome = try outcome(changes, mode)
      #expect(outcome.edits.allSatisfy { $0.before == $0.value && $0.wasActive })
      #expect(outcome.features.isEmpty)
      #expect(outcome.answers.allSatisfy { abs($0.measured) < 1e-6 && $0.predicted ?? 0 == 0 })
    }
  }

  @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
  func `direct effects are what the edges say, whatever is changed together`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let chosen = active.shuffled(using: &generator)
    let other = try inactive(layer: Int(seed % 3), position: 2)
    let changes: [FeatureChange] = [
      .remove(Array(chosen[0..<3])), .scale(Array(chosen[3..<6]), factor: -1.5),
      .set([chosen[6]], value: 0.75), .swap([chosen[7], chosen[8]], for: [other]),
    ]
    let outcome = try outcome(changes, .direct)
    #expect(outcome.edits.count == 10 && outcome.features.count > 10)
    for feature in outcome.features {
      // Float32 sums of activations around 1.
      #expect(abs(try #require(feature.predicted) - feature.measured) < 1e-4, "\(feature.place.id)")
    }
    let graphs = outcome.answers.filter { $0.nodeID != nil }
    #expect(graphs.count == trace.result.logits.count)
    for answer in graphs {
      #expect(abs(try #require(answer.predicted) - answer.measured) < 1e-4, "\(answer.text)")
    }
    #expect(try #require(outcome.featureFit.rSquared) > 0.999999)
    #expect(abs(try #require(outcome.featureFit.slope) - 1) < 1e-3)
    #expect(outcome.features.contains { abs($0.measured) > 0.01 })
  }

  @Test(arguments: modes)
  func `what is not told of did not change`(mode: InterventionMode) throws {
    let model = trace.result.model
    for source in active.indices where source % 7 == 0 {
      let outcome = try outcome([.remove([active[source]])], mode)
      let told = Set(outcome.features.map(\.place) + outcome.edits.map(\.place))
      let edit = FeatureEdit(feature: active[source].feature, position: active[source].position, value: 0)
      let run = try model.run(setting: [edit], mode: mode)
      for (place, entry) in model.activations.entries.enumerated() where !told.contains(active[place]) {
        let z = run.preactivations[entry.layer]
        let change = z.values[entry.position * z.columns + entry.index] - model.preactivations[place]
        #expect(abs(change) < 1e-5, "\(active[source].id) changes \(active[place].id) by \(change)")
      }
    }
  }

  // MARK: Against other computations

  @Test func `one feature's prediction is its linear effect`() throws {
    let graph = trace.result.graph
    let logit = trace.result.layout.logits.lowerBound
    let effects = graph.linearEffects(on: logit)
    for place in active.indices {
      let outcome = try outcome([.scale([active[place]], factor: 0.5)], .frozenAttention)
      let predicted = try #require(outcome.answers[0].predicted)
      #expect(abs(predicted + effects[place] / 2) < 1e-6 * max(1, abs(effects[place])))
      #expect(outcome.answers[0].nodeID == graph.nodes[logit].id)
    }
  }

  @Test func `predictions for the answer go with what the model shows`() throws {
    let outcomes = try active.map { try outcome([.remove([$0])], .frozenAttention).answers[0] }
    let fit = PredictionFit(try outcomes.map { (try #require($0.predicted), $0.measured) })
    #expect(try #require(fit.correlation) > 0.8)
    #expect(outcomes.contains { abs($0.measured) > 1e-3 })
  }

  @Test(arguments: modes)
  func `answers and features are those of a run by hand`(mode: InterventionMode) throws {
    let model = trace.result.model
    let outcome = try outcome([.remove(Array(active[3..<6]))], mode)
    let edits = active[3..<6].map { FeatureEdit(feature: $0.feature, position: $0.position, value: 0) }
    let run = try model.run(setting: edits, mode: mode)
    let (before, after) = (softmax(model.recording.lastLogits), softmax(run.recording.lastLogits))
    let means = [model.recording.lastLogits, run.recording.lastLogits].map { $0.reduce(0, +) / 40 }
    for answer in outcome.answers {
      let token = try #require(answer.token)
      #expect(abs((answer.probabilityBefore ?? .nan) - before[token]) < 1e-6)
      #expect(abs((answer.probabilityAfter ?? .nan) - after[token]) < 1e-6)
      #expect(abs(answer.logitAfter - Double(run.recording.lastLogits[token] - means[1])) < 1e-5)
      #expect(abs(answer.measured - (answer.logitAfter - answer.logitBefore)) < 1e-12)
      #expect(answer.text == tokenizer.text(of: Token(token)))
    }
    let likeliest = try #require(after.indices.max { after[$0] < after[$1] })
    #expect(outcome.answers.contains { $0.token == likeliest })
    for feature in outcome.features {
      let z = run.preactivations[feature.place.layer]
      #expect(
        feature.preactivationAfter
          == z[feature.place.position][feature.place.position * z.columns + feature.place.index])
      let active = model.transcoder.activeFeatures(z[feature.place.position], layer: feature.place.layer)
      #expect(feature.activationAfter == active.first { $0.index == feature.place.index }?.activation ?? 0)
      #expect(feature.activationBefore == activation(feature.place))
    }
  }

  @Test func `a continuation is that of the changed run, token by token`() throws {
    let model = trace.result.model
    let changes: [FeatureChange] = [.scale(Array(active.filter { $0.layer < 2 }), factor: 3)]
    let outcome = try outcome(changes, .free) { $0.continuation = 6 }
    let edits = active.filter { $0.layer < 2 }.map {
      FeatureEdit(feature: $0.feature, position: $0.position, value: 3 * activation($0))
    }
    var tokens = trace.prompt.tokens
    for _ in 0..<6 {
      let longer = try LocalReplacementModel(
        of: model.transformer, transcoder: model.transcoder, recording: model.transformer.record(tokens))
      let logits = try longer.run(setting: edits, mode: .free).recording.lastLogits
      let best = try #require(logits.indices.max { logits[$0] < logits[$1] })
      if tokenizer.endsOfText.contains(Token(best)) { break }
      tokens.append(Token(best))
    }
    func text(_ tokens: [Token]) -> String {
      var stream = TextStream(after: trace.prompt.tokens, tokenizer: tokenizer)
      return tokens.map { stream.add($0) }.joined() + stream.finish()
    }
    let continuation = try #require(outcome.continuation)
    #expect(continuation.after == text(Array(tokens.dropFirst(trace.prompt.tokens.count))))
    let plain = try model.transformer.generate(
      after: trace.prompt.tokens, count: 6, stops: tokenizer.endsOfText)
    #expect(continuation.before == text(plain))
    #expect(continuation.before != continuation.after)
  }

  @Test func `a seed gives the same continuation again, and another one another`() throws {
    func text(_ seed: UInt64) throws -> String? {
      try outcome([.remove([active[0]])], .free) {
        $0.continuation = 8
        $0.temperature = 2
        $0.seed = seed
      }.continuation?.after
    }
    #expect(try text(1) == text(1))
    #expect(try text(1) != text(2))
  }

  // MARK: Swaps and values

  @Test func `a swap gives what it takes away`() throws {
    let at3 = active.filter { $0.layer == 1 && $0.position == 3 }
    let (one, two) = (at3[0], at3[1])
    let new = try inactive(layer: 1, position: 3)
    let far = try inactive(layer: 0, position: 5)
    func values(_ change: FeatureChange) throws -> [FeaturePlace: Float] {
      Dictionary(uniqueKeysWithValues: try outcome([change], .free).edits.map { ($0.place, $0.value) })
    }
    #expect(try values(.swap([one], for: [new])) == [one: 0, new: activation(one)])
    let mean = (activation(one) + activation(two)) / 2
    // A group's mean, at its own position and from elsewhere.
    #expect(try values(.swap([one, two], for: [new])) == [one: 0, two: 0, new: mean])
    #expect(try values(.swap([one, two], for: [new, far])) == [one: 0, two: 0, new: mean, far: mean])
    #expect(try values(.swap([one], for: [new], values: [2.5])) == [one: 0, new: 2.5])
    #expect(try values(.swap([], for: [new])) == [new: 0])
    #expect(try values(.remove([one])) == [one: 0])
    #expect(try values(.scale([one, new], factor: 2)) == [one: 2 * activation(one), new: 0])
  }

  @Test func `what was not active is told, and so is what the mode leaves out`() throws {
    let new = try inactive(layer: 0, position: 2)
    let top = try #require(active.last { $0.layer == 2 })
    let outcome = try outcome([.set([new, top], value: 1)], .constrained(layers: 0..<2))
    #expect(outcome.edits.map(\.place) == [new, top])
    #expect(outcome.edits.map(\.wasActive) == [false, true])
    #expect(outcome.edits.map(\.isWritten) == [true, false])
    let alone = try self.outcome([.set([top], value: 1)], .constrained(layers: 0..<2))
    #expect(alone.answers.allSatisfy { abs($0.measured) < 1e-6 && $0.predicted ?? 0 == 0 })
  }

  @Test func `an inactive feature's prediction goes on along the edges`() throws {
    // Together they are the sum of both: the direct part of the new feature, passed on by the graph.
    let new = try inactive(layer: 0, position: 2)
    let old = try #require(active.first { $0.layer == 0 && $0.position == 3 })
    func predicted(_ changes: [FeatureChange]) throws -> Double {
      try #require(try outcome(changes, .frozenAttention).answers[0].predicted)
    }
    let both = try predicted([.set([new], value: 1), .remove([old])])
    let sum = try predicted([.set([new], value: 1)]) + predicted([.remove([old])])
    #expect(abs(both - sum) < 1e-5)
    let measured = try outcome([.set([new], value: 1)], .frozenAttention)
    #expect(try #require(measured.featureFit.correlation) > 0.8)
  }

  @Test func `a feature whose row was skipped has no prediction`() throws {
    let part = try Self.traced("w3 w14 w15 w9 w26 w5", coverage: 0.7)
    let skipped = Set(
      part.result.layout.features.filter { part.result.graph.effects.isSkipped[$0] }.map { active[$0] })
    #expect(!skipped.isEmpty)
    let outcome = try outcome(
      [.remove([try #require(active.first { !skipped.contains($0) })])], .free, of: part)
    for feature in outcome.features {
      #expect((feature.predicted == nil) == skipped.contains(feature.place))
    }
    #expect(outcome.featureFit.count == outcome.features.count { $0.predicted != nil })
  }

  @Test func `the features of the picture can be told alone`() throws {
    let changes: [FeatureChange] = [.remove([active[0]])]
    let all = try outcome(changes, .free)
    let shown = try outcome(changes, .free) { $0.shownFeaturesOnly = nil }
    let kept = Set(trace.pruning.graph.nodes.compactMap { FeaturePlace($0.node) })
    #expect(shown.features == all.features.filter { kept.contains($0.place) })
    #expect(shown.features.count < all.features.count)
  }

  @Test func `a difference of answers is predicted and measured`() throws {
    var request = TraceRequest(prompt: "w3 w14 w15 w9 w26 w5")
    request.settings.coverage = 1
    request.settings.targets = [.difference(7, 8)]
    let trace = try PromptTrace.trace(request, with: try TinyModel.shared().open())
    let outcome = try outcome([.remove(Array(active.prefix(8)))], .direct, of: trace)
    let answer = outcome.answers[0]
    #expect(answer.token == nil && answer.predictedProbability == nil && answer.text == "w7 − w8")
    #expect(abs(try #require(answer.predicted) - answer.measured) < 1e-4)
    let run = try trace.result.model.run(
      setting: active.prefix(8).map { .init(feature: $0.feature, position: $0.position, value: 0) },
      mode: .direct)
    let logits = run.recording.lastLogits
    #expect(abs(answer.logitAfter - Double(logits[7] - logits[8])) < 1e-5)
    #expect(answer.probabilityBefore == nil && answer.probabilityAfter == nil)
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `where predictions are exact, so are the predicted probabilities of all tokens`(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let chosen = active.shuffled(using: &generator)
    let other = try inactive(layer: 1, position: 3)
    let outcome = try outcome([.remove(Array(chosen[0..<6])), .set([other], value: 1)], .direct) {
      $0.candidateCount = 40
    }
    #expect(outcome.answers.count == 40)
    for answer in outcome.answers {
      // Float32 sums of activations around 1.
      #expect(abs(try #require(answer.predicted) - answer.measured) < 1e-4, "\(answer.text)")
      #expect(
        abs(try #require(answer.predictedProbability) - (answer.probabilityAfter ?? .nan)) < 1e-5,
        "\(answer.text)")
      #expect(abs(answer.logProbabilityPredicted - answer.logProbabilityMeasured) < 1e-4, "\(answer.text)")
      #expect(
        abs(
          answer.logProbabilityMeasured
            - log((answer.probabilityAfter ?? .nan) / (answer.probabilityBefore ?? .nan))) < 1e-9)
    }
    #expect(try #require(outcome.answerFit.rSquared) > 0.999999 && outcome.answerFit.count == 40)
    #expect(abs(outcome.answers.reduce(0) { $0 + ($1.predictedProbability ?? 0) } - 1) < 1e-9)
  }

  @Test(arguments: modes)
  func `the graph's answers are predicted alike by its edges and over the whole vocabulary`(
    mode: InterventionMode
  ) throws {
    let all = try outcome([.remove(Array(active.prefix(4)))], mode) { $0.candidateCount = 40 }
    let logits = trace.result.model.recording.lastLogits
    // All predictions are of logits less their mean, so that they make up the predicted probabilities.
    var changed = logits
    for answer in all.answers {
      changed[try #require(answer.token)] += Float(try #require(answer.predicted))
    }
    let probabilities = softmax(changed)
    for answer in all.answers {
      let token = try #require(answer.token)
      #expect(abs(try #require(answer.predictedProbability) - probabilities[token]) < 1e-5, "\(answer.text)")
    }
  }

  @Test func `a common shift of all answers is no miss`() throws {
    // Of what is recomputed freely, log-probabilities are predicted better than logits that move together.
    let outcome = try outcome([.remove(Array(active.prefix(2)))], .free) { $0.candidateCount = 40 }
    let fit = PredictionFit(
      outcome.answers.map { ($0.logProbabilityPredicted, $0.logProbabilityMeasured) })
    #expect(outcome.answerFit == fit)
    #expect(outcome.answerFit.count == outcome.answers.count)
  }

  // MARK: Requests from outside

  @Test func `changes that cannot be made are refused`() throws {
    let place = active[0]
    func refusal(_ changes: [FeatureChange]) -> ExploringError? {
      do {
        _ = try outcome(changes, .free)
        return nil
      } catch { return error as? ExploringError }
    }
    #expect(refusal([.remove([place]), .set([place], value: 1)]) == .changedTwice(place))
    #expect(refusal([.remove([place, place])]) == .changedTwice(place))
    #expect(refusal([.set([place], value: .nan)]) == .notFinite(place))
    #expect(refusal([.scale([place], factor: .greatestFiniteMagnitude * 2)]) == .notFinite(place))
    let first = FeaturePlace(layer: 0, index: 0, position: 0)
    #expect(refusal([.remove([first])]) == .noFeatures(first))
    #expect(
      refusal([.swap([place], for: [], values: [1])]) == .unevenSwap(replacements: 0, values: 1))
    for (layer, index, position) in [(3, 0, 1), (0, 24, 1), (0, 0, 7), (Int.max, 0, 1), (0, 0, Int.max)] {
      #expect(throws: ReplacementError.self) {
        try outcome([.remove([FeaturePlace(layer: layer, index: index, position: position)])], .free)
      }
    }
    #expect(throws: ExploringError.self) { try outcome([], .free) { $0.continuation = 100_000 } }
    #expect(throws: ExploringError.self) { try outcome([], .free) { $0.continuation = -1 } }
  }

  @Test func `orders are plain JSON`() throws {
    let json = """
      {"changes": [
        {"action": "set", "features": ["0_3_1"], "value": 1.5},
        {"action": "scale", "features": ["1_2_3", "1_4_3"], "factor": -2},
        {"action": "remove", "features": ["2_1_1"]},
        {"action": "swap", "features": ["0_7_2"], "replacements": ["0_8_2"], "values": [3]}
      ], "mode": {"kind": "constrained", "layers": [0, 2]}, "continuation": 3}
      """
    let order = try JSONDecoder().decode(InterventionOrder.self, from: Data(json.utf8))
    func place(_ layer: Int, _ index: Int, _ position: Int) -> FeaturePlace {
      FeaturePlace(layer: layer, index: index, position: position)
    }
    #expect(
      order.changes == [
        .set([place(0, 3, 1)], value: 1.5), .scale([place(1, 2, 3), place(1, 4, 3)], factor: -2),
        .remove([place(2, 1, 1)]), .swap([place(0, 7, 2)], for: [place(0, 8, 2)], values: [3]),
      ])
    #expect(order.mode == .constrained(layers: 0..<2) && order.continuation == 3)
    let back = try JSONDecoder().decode(InterventionOrder.self, from: JSONEncoder().encode(order))
    #expect(back == order)
    for mode in Self.modes {
      #expect(try JSONDecoder().decode(InterventionMode.self, from: JSONEncoder().encode(mode)) == mode)
    }
    let outcome = try outcome([.remove([active[0]])], .free) { $0.continuation = 2 }
    #expect(
      try JSONDecoder().decode(InterventionOutcome.self, from: JSONEncoder().encode(outcome)) == outcome)
  }

  @Test(arguments: [
    #"{"changes": [{"action": "melt", "features": []}]}"#,
    #"{"changes": [{"action": "set", "features": ["0_1_1"]}]}"#,
    #"{"changes": [{"action": "remove", "features": ["0_1"]}]}"#,
    #"{"changes": [{"action": "remove", "features": ["0_-1_1"]}]}"#,
    #"{"changes": [{"action": "remove", "features": ["0_99999999999999999999_1"]}]}"#,
    #"{"changes": [], "mode": {"kind": "constrained", "layers": [3, 1]}}"#,
    #"{"changes": [], "mode": {"kind": "constrained", "layers": [-1, 1]}}"#,
    #"{"changes": [], "mode": {"kind": "warm"}}"#, "{}", "[]", "",
  ])
  func `other JSON is refused`(json: String) {
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(InterventionOrder.self, from: Data(json.utf8))
    }
  }

  private func softmax(_ logits: [Float]) -> [Double] {
    let weights = logits.map { exp(Double($0)) }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }
}

/// The figures of a scatter plot, worked by hand.
struct PredictionFitTests {
  @Test func `a perfect prediction has an R² of 1`() {
    let fit = PredictionFit([(1, 1), (2, 2), (-3, -3)])
    #expect(fit.rSquared == 1 && fit.slope == 1 && fit.correlation == 1 && fit.count == 3)
  }

  @Test func `R², correlation, slope and misses are those of the textbook`() throws {
    let fit = PredictionFit([(0, 1), (1, 3), (2, 2), (3, 6)], worstCount: 2)
    // Σ(m−p)² = 1 + 4 + 0 + 9 = 14; mean of m = 3; Σ(m−3)² = 4 + 0 + 1 + 9 = 14; Σ(p−1.5)² = 5; covariance 7.
    #expect(abs(try #require(fit.rSquared) - 0) < 1e-12)
    #expect(abs(try #require(fit.slope) - 1.4) < 1e-12)
    #expect(abs(try #require(fit.correlation) - 7 / 70.0.squareRoot()) < 1e-12)
    #expect(fit.worst == [3, 1])
  }

  @Test func `what does not vary has no figures`() {
    #expect(PredictionFit([]).rSquared == nil)
    let flat = PredictionFit([(1, 2), (2, 2)])
    #expect(flat.rSquared == nil && flat.correlation == nil && flat.slope == 0)
    #expect(PredictionFit([(1, 1), (1, 3)]).slope == nil)
    #expect(PredictionFit([(1, 5)], worstCount: -1).worst.isEmpty)
  }
}
