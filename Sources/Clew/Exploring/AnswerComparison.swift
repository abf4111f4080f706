internal import Attribution
internal import AttributionGraphs
internal import Foundation
internal import ReplacementModels
internal import Tokenization
internal import Transformers

/// The answers of a prompt before and after a change.
struct AnswerComparison {
  private let trace: PromptTrace
  private let prediction: LinearPrediction
  private let tokenizer: Tokenizer
  private let before: Distribution
  private let after: Distribution
  /// The mean of all logits before and after.
  private let means: (before: Double, after: Double)
  /// Before they are capped, if the model caps them.
  private let logits: (before: [Float], after: [Float])
  private let run: InterventionResult
  /// What the graph predicts of every token.
  private let expected: Distribution
  /// The predicted logits before they are capped, less their mean, `[vocabulary]`.
  private let expectedLogits: [Double]

  init(
    _ trace: PromptTrace, _ run: InterventionResult, _ prediction: LinearPrediction, tokenizer: Tokenizer
  ) throws {
    func mean(_ logits: [Float]) -> Double {
      logits.reduce(0) { $0 + Double($1) } / Double(max(1, logits.count))
    }
    (self.trace, self.run, self.prediction, self.tokenizer) = (trace, run, prediction, tokenizer)
    let transformer = trace.result.model.transformer
    func uncapped(_ recording: Recording) -> [Float] {
      let last = recording.positionCount - 1
      return transformer.configuration.logitSoftCap == nil
        ? recording.lastLogits
        : transformer.logits(of: recording, positions: last..<last + 1, isCapped: false).values
    }
    logits = (uncapped(trace.result.model.recording), uncapped(run.recording))
    let last = run.recording.positionCount - 1
    func distribution(_ logits: [Float]) throws(TransformerError) -> Distribution {
      try Distribution(logits: logits[...], position: last)
    }
    before = try distribution(trace.result.model.recording.lastLogits)
    after = try distribution(run.recording.lastLogits)
    means = (mean(logits.before), mean(logits.after))
    let predicted = try prediction.logits()
    expected = try distribution(predicted.map { Float(transformer.capped(Double($0))) })
    let middle = mean(predicted)
    expectedLogits = predicted.map { Double($0) - middle }
  }

  /// The graph's answers, then the likeliest tokens of both runs that are none of them.
  func answers(candidateCount: Int) -> [InterventionOutcome.Answer] {
    let graphs = trace.result.logits.filter { $0.tokens.count == 1 }.map { Int($0.token) }
    let others = Set(before.likeliest(candidateCount) + after.likeliest(candidateCount)).subtracting(graphs)
    return zip(trace.result.layout.logits, trace.result.logits).map { answer($0, $1) }
      + others.sorted { (-logits.after[$0], $0) < (-logits.after[$1], $1) }.map(answer)
  }

  private func answer(_ place: Int, _ logit: LogitTarget) -> InterventionOutcome.Answer {
    let model = trace.result.model
    let old = logit.value(in: model.recording, of: model.transformer)
    let new = logit.value(in: run.recording, of: model.transformer)
    let tokens = logit.tokens.map { Int($0) }
    return .init(
      nodeID: trace.result.graph.nodes[place].id,
      token: tokens.count == 1 ? tokens[0] : nil, text: logit.text, logitBefore: old, logitAfter: new,
      probabilityBefore: tokens.count == 1 ? before.probability(of: tokens[0]) : nil,
      probabilityAfter: tokens.count == 1 ? after.probability(of: tokens[0]) : nil, measured: new - old,
      predicted: prediction.change(of: place),
      predictedProbability: tokens.count == 1 ? expected.probability(of: tokens[0]) : nil,
      logProbabilityMeasured: logProbability(tokens, in: after) - logProbability(tokens, in: before),
      logProbabilityPredicted: logProbability(tokens, in: expected) - logProbability(tokens, in: before))
  }

  private func answer(_ token: Int) -> InterventionOutcome.Answer {
    let old = Double(logits.before[token]) - means.before
    let new = Double(logits.after[token]) - means.after
    return .init(
      nodeID: nil, token: token, text: tokenizer.text(of: Token(token)), logitBefore: old, logitAfter: new,
      probabilityBefore: before.probability(of: token), probabilityAfter: after.probability(of: token),
      measured: new - old, predicted: expectedLogits[token] - old,
      predictedProbability: expected.probability(of: token),
      logProbabilityMeasured: after.logProbability(of: token) - before.logProbability(of: token),
      logProbabilityPredicted: expected.logProbability(of: token) - before.logProbability(of: token))
  }

  /// A token's log-probability, or the first token's less the second's.
  private func logProbability(_ tokens: [Int], in distribution: Distribution) -> Double {
    let values = tokens.map(distribution.logProbability)
    return values.count == 2 ? values[0] - values[1] : values.first ?? 0
  }
}
