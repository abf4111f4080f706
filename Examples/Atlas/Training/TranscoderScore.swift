internal import AtlasWorld
public import Clew

/// How far Atlas's transcoders can be trusted, measured on questions that nothing was trained on.
public struct TranscoderScore: Sendable {
  /// Fraction of variance unexplained on held-out documents, `[layer]`.
  public let unexplainedVariance: [Double]
  /// Active features a token there, `[layer]`.
  public let activeFeatures: [Double]
  /// The share of held-out questions that the model with all MLPs replaced answers as the model does: at every token
  /// of the answer the same token is the likeliest.
  public let agreement: Double
  /// How many held-out questions there are.
  public let questionCount: Int
  /// The replacement scores of the graphs of held-out two-hop questions, traced at coverage 1.
  public let replacement: Spread
  /// Their completeness scores.
  public let completeness: Spread
  public let graphCount: Int

  /// - Parameters:
  ///   - graphCount: How many prompts to trace.
  ///   - progress: Called with the part that is done.
  public init(
    _ model: TracingModel, graphCount: Int = 100, progress: (Double) -> Void = { _ in }
  ) throws {
    var settings = ReconstructionCheck.Settings()
    settings.measuresBehaviour = false
    var check = try ReconstructionCheck(
      of: model.transformer, transcoders: [model.transcoder], settings: settings)
    let questions = Question.Kind.allCases.flatMap { World.questions($0, heldOut: true) }
    var agreeing = 0
    for (number, question) in questions.enumerated() {
      let tokens = try model.tokenizer.encode(question.document.text)
      try check.add(tokens)
      let recording = try model.transformer.record(tokens, logits: .all)
      let replaced = try check.replacedLogits(recording)
      let first = try model.tokenizer.encode(question.prompt).count - 1
      if (first..<tokens.count - 1).allSatisfy({
        Self.likeliest(replaced[$0]) == Self.likeliest(recording.logits[$0])
      }) {
        agreeing += 1
      }
      progress(0.5 * Double(number) / Double(questions.count))
    }
    let prompts = World.questions(.twoHop, heldOut: true).prefix(graphCount)
    let samples = try prompts.enumerated().map { number, question in
      progress(0.5 + 0.5 * Double(number) / Double(prompts.count))
      return try GraphSample(
        model.tokenizer.encode(question.prompt), with: model, memoryBudget: 1 << 30)
    }
    unexplainedVariance = check.measures[0].layers.map { $0.all.unexplainedVariance ?? .nan }
    activeFeatures = check.measures[0].layers.map(\.all.activeFeatures)
    agreement = Double(agreeing) / Double(questions.count)
    questionCount = questions.count
    replacement = Spread(samples.map(\.replacement))
    completeness = Spread(samples.map(\.completeness))
    self.graphCount = samples.count
  }

  private static func likeliest(_ logits: ArraySlice<Float>) -> Int {
    (logits.indices.max { logits[$0] < logits[$1] } ?? logits.startIndex) - logits.startIndex
  }

  public var meanActiveFeatures: Double { activeFeatures.reduce(0, +) / Double(max(1, activeFeatures.count)) }
  public var meanUnexplainedVariance: Double {
    unexplainedVariance.reduce(0, +) / Double(max(1, unexplainedVariance.count))
  }
}
