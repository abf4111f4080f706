internal import AtlasWorld
public import Clew

/// How far Atlas's transcoders can be trusted, measured on questions that nothing was trained on.
public struct TranscoderScore: Sendable {
  /// Fraction of variance unexplained on held-out documents, `[layer]`.
  public let unexplainedVariance: [Double]
  /// Active features a token there, `[layer]`.
  public let activeFeatures: [Double]
  /// How far the model with all MLPs replaced answers held-out questions as the model does, by kind of question.
  public let agreements: [Agreement]
  /// Over all kinds.
  public var agreement: Agreement {
    agreements.reduce(into: Agreement()) { all, kind in
      all.count += kind.count
      all.agreeing += kind.agreeing
      all.decided += kind.decided
      all.decidedAgreeing += kind.decidedAgreeing
    }
  }
  /// The replacement scores of the graphs of held-out two-hop questions, traced at coverage 1.
  public let replacement: Spread
  /// Their completeness scores.
  public let completeness: Spread
  public let graphCount: Int

  /// - Parameters:
  ///   - step: Every how many-th held-out question is asked.
  ///   - graphCount: How many prompts to trace.
  ///   - progress: Called with the part that is done.
  public init(
    _ model: TracingModel, every step: Int = 1, graphCount: Int = 100, progress: (Double) -> Void = { _ in }
  ) throws {
    var settings = ReconstructionCheck.Settings()
    settings.measuresBehaviour = false
    var check = try ReconstructionCheck(
      of: model.transformer, transcoders: [model.transcoder], settings: settings)
    let all = Question.Kind.allCases.flatMap { World.questions($0, heldOut: true) }
    let questions = stride(from: 0, to: all.count, by: step).map { all[$0] }
    var agreements: [Question.Kind: Agreement] = [:]
    for (number, question) in questions.enumerated() {
      let tokens = try model.tokenizer.encode(question.document.text)
      try check.add(tokens)
      let recording = try model.transformer.record(tokens, logits: .all)
      let replaced = try check.replacedLogits(recording)
      let first = try model.tokenizer.encode(question.prompt).count - 1
      agreements[question.kind, default: Agreement(kind: question.kind)].add(
        (first..<tokens.count - 1).map { (recording.logits[$0], replaced[$0]) })
      progress(0.5 * Double(number) / Double(questions.count))
    }
    let prompts = World.questions(.twoHop, heldOut: true).prefix(graphCount)
    let samples = try prompts.enumerated().map { number, question in
      progress(0.5 + 0.5 * Double(number) / Double(prompts.count))
      return try GraphSample(
        model.tokenizer.encode(question.prompt), with: model)
    }
    unexplainedVariance = check.measures[0].layers.map { $0.all.unexplainedVariance ?? .nan }
    activeFeatures = check.measures[0].layers.map(\.all.activeFeatures)
    self.agreements = Question.Kind.allCases.compactMap { agreements[$0] }
    replacement = Spread(samples.map(\.replacement))
    completeness = Spread(samples.map(\.completeness))
    self.graphCount = samples.count
  }

  public var meanActiveFeatures: Double { activeFeatures.reduce(0, +) / Double(max(1, activeFeatures.count)) }
  public var meanUnexplainedVariance: Double {
    unexplainedVariance.reduce(0, +) / Double(max(1, unexplainedVariance.count))
  }
}
