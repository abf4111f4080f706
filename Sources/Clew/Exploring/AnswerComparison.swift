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

  init(
    _ trace: PromptTrace, _ run: InterventionResult, _ prediction: LinearPrediction, tokenizer: Tokenizer
  ) throws(AttributionError) {
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
    before = try Distribution(logits: trace.result.model.recording.lastLogits[...])
    after = try Distribution(logits: run.recording.lastLogits[...])
    means = (mean(logits.before), mean(logits.after))
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
    return .init(
      nodeID: trace.result.graph.nodes[place].id,
      token: logit.tokens.count == 1 ? Int(logit.token) : nil, text: logit.text, logitBefore: old,
      logitAfter: new, probabilityBefore: logit.tokens.reduce(0) { $0 + before.probability(of: Int($1)) },
      probabilityAfter: logit.tokens.reduce(0) { $0 + after.probability(of: Int($1)) }, measured: new - old,
      predicted: prediction.change(of: place),
      predictedProbability: logit.tokens.count == 1
        ? predictedProbabilities[Int(logit.token)] : nil)
  }

  private func answer(_ token: Int) -> InterventionOutcome.Answer {
    let old = Double(logits.before[token]) - means.before
    let new = Double(logits.after[token]) - means.after
    return .init(
      nodeID: nil, token: token, text: tokenizer.text(of: Token(token)), logitBefore: old, logitAfter: new,
      probabilityBefore: before.probability(of: token), probabilityAfter: after.probability(of: token),
      measured: new - old, predicted: nil, predictedProbability: nil)
  }

  /// The probabilities of the graph's answers, if their logits changed as predicted and no other's did.
  /// ```
  /// p[k] = p₀[k] · exp Δ[k] / (1 + Σ_answers p₀[j] · (exp Δ[j] − 1))
  /// ```
  /// A model that caps its logits makes less of a change: `Δ` then is `cap(z + change) − cap(z)`.
  private var predictedProbabilities: [Int: Double] {
    let transformer = trace.result.model.transformer
    var moved: [Int: Double] = [:]
    var sum = 1.0
    for (place, logit) in zip(trace.result.layout.logits, trace.result.logits) where logit.tokens.count == 1 {
      let old = before.probability(of: Int(logit.token))
      let z = Double(logits.before[Int(logit.token)])
      let change = transformer.capped(z + (prediction.change(of: place) ?? 0)) - transformer.capped(z)
      let new = old * exp(min(change, 500))
      moved[Int(logit.token)] = new
      sum += new - old
    }
    return moved.mapValues { $0 / max(sum, 1e-300) }
  }
}
