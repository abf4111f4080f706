public import Attribution
internal import FeatureExamples
internal import Foundation
internal import ReplacementModels
internal import Synchronization
internal import Tensors
internal import Tokenization
internal import Transcoding
internal import Transformers

/// A model that stays open for a reader who asks again and again.
///
/// What was run and encoded of the last prompts is kept within a budget of memory, and so are labels until their files
/// change: the same prompt traced to another answer, or asked what the model expects at every token, is not run again.
public final class LiveModel: Sendable {
  public let model: TracingModel
  private let prompts: Mutex<RecentPrompts>
  private let labels: Mutex<ReadLabels?>

  /// - Parameter memoryBudget: How many bytes of recent prompts are kept.
  public init(_ model: TracingModel, memoryBudget: Int = 1 << 30) {
    self.model = model
    prompts = Mutex(RecentPrompts(budget: memoryBudget))
    labels = Mutex(nil)
  }

  /// Traces a prompt on the thread that calls; see ``TraceQueue`` for one that does not keep the caller waiting.
  /// - Parameters:
  ///   - progress: Called now and then.
  ///   - isCancelled: Asked often, from any thread, whether the trace is still wanted.
  public func trace(
    _ order: TraceOrder, progress: @escaping (AttributionProgress) -> Void = { _ in },
    isCancelled: @escaping @Sendable () -> Bool = { false }
  ) throws -> PromptTrace {
    let request = try order.request(for: model)
    let tokens = try request.tokens(with: model.tokenizer).tokens
    let known = prompts.withLock { $0.take(tokens) }
    let trace = try fromWholeFiles {
      try PromptTrace.trace(
        request, with: model, reusing: known, labels: currentLabels(), progress: progress,
        isCancelled: isCancelled)
    }
    if request.changes.isEmpty { prompts.withLock { $0.keep(trace.result.model) } }
    return trace
  }

  /// What the model expects after every token of a prompt.
  public func answers(to text: String, candidateCount: Int = 5) throws -> PromptAnswers {
    try answers(to: PromptInput(text), candidateCount: candidateCount)
  }

  /// What the model expects after every token of a prompt that may be given as tokens.
  public func answers(to input: PromptInput, candidateCount: Int = 5) throws -> PromptAnswers {
    try answers(to: Prompt(input, tokenizer: model.tokenizer), candidateCount: candidateCount)
  }

  /// What the model expects after every token of a prompt that is or was traced.
  public func answers(to order: TraceOrder, candidateCount: Int = 5) throws -> PromptAnswers {
    let prompt = try order.request(for: model).tokens(with: model.tokenizer)
    return try answers(to: prompt, candidateCount: candidateCount)
  }

  private func answers(to prompt: Prompt, candidateCount: Int) throws -> PromptAnswers {
    try fromWholeFiles {
      let recording =
        try prompts.withLock { $0.take(prompt.tokens) }?.recording ?? model.transformer.record(prompt.tokens)
      return try PromptAnswers(recording, of: prompt, by: model, candidateCount: candidateCount)
    }
  }

  /// What a piece of work comes to, unless a file of weights has become shorter meanwhile: whatever came of it, or went
  /// wrong with it, is then the zeros' that were read in place of the weights.
  private func fromWholeFiles<Value>(_ work: () throws -> Value) throws -> Value {
    let result = Result { try work() }
    try TornFiles.check()
    return try result.get()
  }

  /// Changes features of a traced prompt, and compares what happens with what its graph says.
  public func outcome(of order: InterventionOrder, on trace: PromptTrace) throws -> InterventionOutcome {
    try fromWholeFiles { try trace.outcome(of: order, tokenizer: model.tokenizer) }
  }

  /// Removes sets of nodes from a traced prompt, and measures the answers without them.
  public func outcomes(of order: CutOrder, on trace: PromptTrace) throws -> [CutOutcome] {
    try fromWholeFiles { try trace.outcomes(of: order, tokenizer: model.tokenizer) }
  }

  /// The labels beside the weights, read again when a file of them has changed.
  private func currentLabels() throws -> FeatureLabels {
    let stamp = ReadLabels.stamp(of: model.transcoder.folder)
    if let known = labels.withLock({ $0 }), known.stamp == stamp { return known.labels }
    let read = ReadLabels(stamp: stamp, labels: try FeatureLabels(at: model.transcoder.folder))
    labels.withLock { $0 = read }
    return read.labels
  }
}

/// Labels, and the state of their files when they were read.
private struct ReadLabels {
  /// When a file was changed last, and its size; `nil` where there is none.
  struct Stamp: Equatable {
    let changed: Date?
    let size: Int?
  }

  let stamp: [Stamp]
  let labels: FeatureLabels

  static func stamp(of folder: URL) -> [Stamp] {
    [FeatureLabels.userFile, FeatureLabels.proposedFile].map { name in
      let path = folder.appending(path: name).path
      let attributes = try? FileManager.default.attributesOfItem(atPath: path)
      return Stamp(
        changed: attributes?[.modificationDate] as? Date, size: (attributes?[.size] as? NSNumber)?.intValue)
    }
  }
}

/// The prompts that were asked for last, as many as the budget holds.
private struct RecentPrompts {
  private let budget: Int
  /// The latest last.
  private var models: [(model: LocalReplacementModel, bytes: Int)] = []

  init(budget: Int) { self.budget = budget }

  /// The model of a prompt, which becomes the latest.
  mutating func take(_ tokens: [Token]) -> LocalReplacementModel? {
    guard let place = models.firstIndex(where: { $0.model.recording.tokens == tokens }) else { return nil }
    models.append(models.remove(at: place))
    return models.last?.model
  }

  /// Keeps the model of a prompt, and forgets the oldest ones that there is no room for.
  mutating func keep(_ model: LocalReplacementModel) {
    if take(model.recording.tokens) != nil { return }
    models.append((model, model.byteCount))
    var sum = models.reduce(0) { $0 + $1.bytes }
    while sum > budget, !models.isEmpty { sum -= models.removeFirst().bytes }
  }
}

extension LocalReplacementModel {
  /// About how much memory the recorded prompt takes; weights are mapped and do not count.
  var byteCount: Int {
    let streams =
      recording.residualPre + recording.residualMid + recording.mlpOutput + recording.mlpOutputInner + errors
    let matrices = streams + recording.attentionPatterns + [recording.residualFinal, recording.logits]
    let numbers = matrices.reduce(0) { $0 + $1.values.count }
    return 4 * numbers + activations.count * (MemoryLayout<FeatureActivations.Entry>.stride + 4)
  }
}
