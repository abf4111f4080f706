internal import AtlasWorld
public import Clew
public import Foundation

/// How Atlas's transcoders are made: from documents of the world, as the model was trained on.
public struct TranscoderTraining {
  public var kind: TranscoderConfiguration.Kind
  public var featureCount = 1024
  /// The most active features a token and layer, the mean over a batch.
  public var activeFeatures = 16
  /// Tokens to learn from, counted as often as they are used.
  public var tokenCount = 6_000_000
  public var seed: UInt64 = 0

  /// Documents, about 10 tokens each; they are gone through several times.
  private static let documentCount = 100_000

  public init(kind: TranscoderConfiguration.Kind) { self.kind = kind }

  /// Trains, and leaves the export in a folder.
  /// - Parameters:
  ///   - folder: Where the export goes; what is only needed to resume is taken away at the end.
  ///   - command: What the export says it was made by.
  ///   - report: Called after every step.
  public func run(
    _ model: Transformer, tokenizer: Tokenizer, to folder: URL, command: [String],
    report: (TranscoderRun.Progress) -> Void
  ) throws -> TrainingResult {
    // Seed and next seeds made the model; these documents are others of the same kind.
    var corpus = Corpus(seed: seed &+ 2)
    let rows = try corpus.rows(Self.documentCount, tokenizer: tokenizer)
    var settings = TranscoderRunSettings()
    settings.kind = kind
    settings.hook = kind == .crossLayer ? .residualMid : .mlpInput
    settings.featureCount = featureCount
    settings.export.usesBFloat16 = true
    settings.training.activation = .batchTopK(activeFeatures)
    settings.training.targetL0 = [Double(activeFeatures)]
    settings.training.stepCount = tokenCount / settings.training.batchTokens
    settings.training.seed = seed
    let run = try TranscoderRun(
      model, corpus: TokenCorpus(rows: rows, fingerprint: "Atlas's documents, seed \(seed &+ 2)"),
      settings: settings, folder: folder, resumes: false, command: command)
    guard
      case .finished(let result) = try run.run(
        checkpointSeconds: .infinity, shouldStop: { false }, progress: report)
    else { preconditionFailure("nobody asked to stop") }
    try FileManager.default.removeItem(at: folder.appending(path: "checkpoint"))
    return result
  }
}
