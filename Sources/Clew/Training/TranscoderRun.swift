internal import Checkpoints
public import Foundation
internal import Tensors
internal import Tokenization
public import Transcoding
public import Transformers

/// Trains transcoders for a model on a corpus, from the first token to a checked export.
public final class TranscoderRun {
  /// How far a run has come.
  public struct Progress: Sendable {
    public var step: Int
    public var stepCount: Int
    /// The last report, `nil` before the first.
    public var metrics: TrainingMetrics?
    /// How fast that was.
    public var pace: TrainingPace?
  }

  /// How a run ended.
  public enum Outcome: Sendable {
    /// The export is written.
    case finished(TrainingResult)
    /// It was asked to stop; the checkpoint is written.
    case stopped(step: Int)
  }

  public let settings: TranscoderRunSettings
  public let shape: TranscoderShape
  let model: Transformer
  let corpus: TokenCorpus
  let folder: URL
  /// The command as it can be given again.
  let command: [String]
  let modelFingerprint: String
  let trainer: TranscoderTrainer
  let scaling: ActivationScaling
  var heldOut: HeldOutActivations
  private let stream: ActivationStream
  /// Where activations are kept on disk, if they are.
  public let cache: ActivationCache?
  private var log: ReportLog<TrainingMetrics>
  private var paces: ReportLog<TrainingPace>
  private var sums: ReportSums
  private var earlierSeconds = 0.0
  private let startSeconds = Benchmark.cpuSeconds()
  /// How far figures of the export may lie from the trainer's own.
  var exportTolerance = 1e-4

  /// Steps between two reports.
  private static let reportSteps = 50

  /// Prepares a run, or takes one up again.
  /// - Parameters:
  ///   - folder: Where checkpoint, reports and export go.
  ///   - resumes: Whether to go on from the checkpoint in the folder.
  ///   - cacheFolder: Where activations are kept on disk; `nil` to compute them whenever they are needed.
  public init(
    _ model: Transformer, corpus: TokenCorpus, settings: TranscoderRunSettings, folder: URL, resumes: Bool,
    cacheFolder: URL? = nil, command: [String]
  ) throws {
    self.model = model
    self.corpus = corpus
    self.settings = settings
    self.folder = folder
    self.command = command
    let c = model.configuration
    let shape = TranscoderShape(
      kind: settings.kind, layerCount: c.layerCount, dModel: c.dModel, featureCount: settings.featureCount,
      hasSkip: settings.hasSkip)
    self.shape = shape
    try Self.check(settings, shape, keepsActivations: cacheFolder != nil)
    let modelFingerprint = try Fingerprint.whole(folder: model.folder)
    self.modelFingerprint = modelFingerprint
    let resumed =
      resumes
      ? try TrainingCheckpoint.read(
        in: folder, settings: settings, modelFingerprint: modelFingerprint,
        corpusFingerprint: corpus.fingerprint) : nil
    trainer = try TranscoderTrainer(shape, settings: settings.training)
    let numbers = ActivationReader.width(model)
    let cacheName =
      "\(modelFingerprint)-\(corpus.fingerprint)-\(corpus.rowLength)-\(settings.hook.rawValue)"
    cache = try cacheFolder.map { try ActivationCache($0, name: cacheName, width: numbers) }
    heldOut = try HeldOutActivations(
      model, corpus: corpus, hook: settings.hook, tokens: settings.heldOutTokens, cache: cache)
    let chunk = settings.chunkTokens(tokenNumbers: numbers)
    if let (checkpoint, file) = resumed {
      try checkpoint.check(against: shape, chunkTokens: chunk, path: file.file.path)
    }
    let streamSettings = ActivationStream.Settings(
      hook: settings.hook, chunkTokens: chunk, uses: settings.chunkUses, seed: settings.training.seed)
    if let (checkpoint, file) = resumed {
      scaling = checkpoint.scaling
      try Self.restore(trainer, checkpoint, file, in: folder)
      earlierSeconds = checkpoint.cpuSeconds
    } else {
      scaling = try Self.scaling(
        model, corpus, hook: settings.hook, from: heldOut.end, tokens: min((64 << 20) / numbers, chunk), cache
      )
    }
    stream = ActivationStream(
      model, corpus: corpus, settings: streamSettings, scaling: scaling, begin: heldOut.end,
      state: resumed?.checkpoint.stream, cache: cache)
    heldOut.keepOnly(scaling.normalizer())
    guard heldOut.rows.count > 1 else {
      throw TrainingError.tooFewTokens(count: heldOut.rows.count, needed: 2)
    }
    try Self.makeFolder(folder)
    sums = resumed?.checkpoint.sums ?? ReportSums(layerCount: c.layerCount)
    log = try ReportLog(folder.appending(path: "metrics.jsonl"), upTo: trainer.stepCount) {
      $0.normalizedError.count == c.layerCount && $0.activeFeatures.count == c.layerCount
    }
    paces = try ReportLog(folder.appending(path: "pace.jsonl"), upTo: trainer.stepCount)
  }

  /// Refuses settings that lead nowhere, before anything is read.
  private static func check(
    _ settings: TranscoderRunSettings, _ shape: TranscoderShape, keepsActivations: Bool
  ) throws {
    guard settings.training.stepCount > 0 else {
      throw TrainingError.badSettings(
        reason: "--tokens-seen must be at least the batch of \(settings.training.batchTokens).")
    }
    try settings.export.check(shape, settings.training)
    try TrainingMemory.check(shape, settings, keepsActivations: keepsActivations)
  }

  /// How activations are scaled, from the first of those that are learned from: at most so many tokens, and not all of many.
  private static func scaling(
    _ model: Transformer, _ corpus: TokenCorpus, hook: FeatureInputHook, from start: TokenCorpus.Place,
    tokens: Int,
    _ cache: ActivationCache?
  ) throws -> ActivationScaling {
    let sample = try HeldOutActivations(
      model, corpus: corpus, hook: hook, from: start, tokens: max(16, min(16_384, tokens)), cache: cache)
    let c = model.configuration
    return try ActivationScaling(rows: sample.rows, layerCount: c.layerCount, dModel: c.dModel)
  }

  /// Puts a trainer back to where a checkpoint was written.
  private static func restore(
    _ trainer: TranscoderTrainer, _ checkpoint: TrainingCheckpoint, _ file: SafetensorsFile, in folder: URL
  ) throws(TrainingError) {
    do throws(CheckpointError) {
      try trainer.restore(file, stepCount: checkpoint.stepCount, controller: checkpoint.controller)
    } catch {
      throw .badCheckpoint(
        path: TrainingCheckpoint.url(in: folder).path, reason: "it is damaged (\(error))",
        advice: TrainingCheckpoint.beginAgain)
    }
  }

  /// Makes the run's folder, if files can be written there.
  private static func makeFolder(_ folder: URL) throws(TrainingError) {
    do throws(CheckpointError) { _ = try FileBatch(folder: folder.appending(path: "checkpoint")) } catch {
      throw .files(error)
    }
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  /// Whether a folder holds a checkpoint that a run could go on from.
  public static func hasCheckpoint(in folder: URL) -> Bool {
    FileManager.default.fileExists(atPath: TrainingCheckpoint.url(in: folder).path)
  }

  /// CPU seconds that the run has taken, over all its processes.
  var cpuSeconds: Double { earlierSeconds + Benchmark.cpuSeconds() - startSeconds }

  /// Trains to the end and writes the export.
  /// - Parameters:
  ///   - checkpointSeconds: How often a checkpoint is written.
  ///   - shouldStop: Asked after every step; on `true` a checkpoint is written and the run ends.
  ///   - progress: Called after every step.
  public func run(
    checkpointSeconds: Double, shouldStop: () -> Bool, progress: (Progress) -> Void
  ) throws -> Outcome {
    let batch = TrainingBatch(shape: shape, capacity: settings.training.batchTokens)
    let clock = ContinuousClock()
    var lastCheckpoint = clock.now
    var begin = (step: trainer.stepCount, seconds: cpuSeconds)
    defer { cache?.flush() }
    while trainer.stepCount < settings.training.stepCount {
      let rate = trainer.currentLearningRate
      try stream.fill(batch)
      if trainer.stepCount == 0 { try trainer.initialize(from: batch) }
      let step = try self.step(batch)
      sums.add(step)
      if trainer.stepCount % Self.reportSteps == 0 || trainer.stepCount == settings.training.stepCount {
        try log.append(sums.metrics(trainer, batchTokens: batch.capacity, learningRate: rate))
        sums = ReportSums(layerCount: shape.layerCount)
        let seconds = cpuSeconds
        let tokens = Double((trainer.stepCount - begin.step) * batch.capacity)
        try paces.append(
          TrainingPace(
            step: trainer.stepCount, cpuSeconds: seconds,
            tokensPerSecond: tokens / max(1e-9, seconds - begin.seconds)))
        begin = (trainer.stepCount, seconds)
      }
      progress(
        Progress(
          step: trainer.stepCount, stepCount: settings.training.stepCount, metrics: log.reports.last,
          pace: paces.reports.last))
      let stops = shouldStop()
      if stops || (clock.now - lastCheckpoint) / .seconds(1) >= checkpointSeconds {
        try writeCheckpoint()
        lastCheckpoint = clock.now
      }
      if stops { return .stopped(step: trainer.stepCount) }
    }
    try writeCheckpoint()
    return .finished(try export(metrics: log))
  }

  private func step(_ batch: TrainingBatch) throws(TrainingError) -> TranscoderTrainer.Step {
    do throws(TrainingError) { return try trainer.step(batch) } catch {
      guard case .diverged(let step, let layer, let what, _) = error else { throw error }
      let url = TrainingCheckpoint.url(in: folder)
      let isThere = FileManager.default.fileExists(atPath: url.path)
      throw .diverged(step: step, layer: layer, what: what, kept: isThere ? url.path : nil)
    }
  }

  private func writeCheckpoint() throws(TrainingError) {
    let checkpoint = TrainingCheckpoint(
      settings: settings, modelFingerprint: modelFingerprint, corpusFingerprint: corpus.fingerprint,
      stepCount: trainer.stepCount, controller: trainer.controller, stream: stream.state, scaling: scaling,
      cpuSeconds: cpuSeconds, sums: sums)
    try checkpoint.write(trainer, to: folder)
  }
}

/// Sums over the steps since the last report, of which means are reported.
struct ReportSums: Codable {
  private var steps = 0.0
  private var errors, active: [Double]
  private var norm = 0.0
  private var dead = 0.0

  init(layerCount: Int) {
    errors = Array(repeating: 0, count: layerCount)
    active = errors
  }

  /// Whether it can be that of a run: what is read from a file may be anything.
  func isSound(layerCount: Int) -> Bool {
    errors.count == layerCount && active.count == layerCount && steps >= 0
      && (errors + active + [steps, norm, dead]).allSatisfy(\.isFinite)
  }

  mutating func add(_ step: TranscoderTrainer.Step) {
    steps += 1
    for layer in errors.indices {
      errors[layer] += step.errors[layer]
      active[layer] += step.active[layer]
    }
    norm += step.gradientNorm
    dead = step.deadShare
  }

  func metrics(
    _ trainer: TranscoderTrainer, batchTokens: Int, learningRate: Double
  ) -> TrainingMetrics {
    TrainingMetrics(
      step: trainer.stepCount, tokens: trainer.stepCount * batchTokens,
      normalizedError: errors.map { $0 / steps },
      activeFeatures: active.map { $0 / steps },
      penalty: errors.indices.map { trainer.controller.penalty(layer: $0) }, gradientNorm: norm / steps,
      deadShare: dead, learningRate: learningRate)
  }
}
