internal import Foundation
internal import Tensors
public import Transcoding

/// Measurements of training steps.
extension Benchmark {
  /// What one kind of step takes.
  public struct TrainingStep: Sendable {
    /// Active features a token and layer, and the share of all that they are.
    public var activeFeatures: Double
    public var share: Double
    /// CPU seconds of the fastest step.
    public var seconds: Double
    /// CPU seconds by phase, of that step.
    public var phases: [String: Double]
  }

  /// Measures steps on made-up activations whose biases make as many features active as are asked for.
  ///
  /// The learning rate is so small that every step does the same.
  /// - Parameters:
  ///   - activeFeatures: Active features a token and layer.
  ///   - isDense: Whether decoders are applied, and learned, by dense products.
  /// - Returns: The fastest of `rounds` steps, its CPU seconds in all and by phase.
  /// - Throws: ``TrainingError`` if the steps do not fit into memory.
  public static func trainingStep(
    _ shape: TranscoderShape, batchTokens: Int, activeFeatures: Double, isDense: Bool, rounds: Int,
    seed: UInt64
  ) throws -> TrainingStep {
    var settings = TranscoderTrainingSettings()
    settings.batchTokens = batchTokens
    settings.stepCount = rounds + 1
    settings.learningRate = 1e-30
    settings.targetL0 = [activeFeatures]
    settings.controllerGain = 0
    settings.initialDensity = activeFeatures / Double(shape.featureCount)
    settings.denseShare = isDense ? 0 : 2
    settings.seed = seed
    var run = TranscoderRunSettings()
    run.training = settings
    run.chunkTokens = batchTokens
    run.heldOutTokens = 0
    try TrainingMemory.check(shape, run)
    var generator = SeededGenerator(seed: seed)
    let batch = TrainingBatch(shape: shape, capacity: batchTokens)
    let width = 2 * shape.layerCount * shape.dModel
    for _ in 0..<batchTokens {
      let row = (0..<width).map { _ in Float(generator.normal()) }
      batch.append(row.span)
    }
    let trainer = try TranscoderTrainer(shape, settings: settings)
    trainer.isTimed = true
    try trainer.initialize(from: batch)
    var best: TrainingStep?
    for _ in 0...rounds {  // the first warms the caches up
      let before = trainer.phaseSeconds
      let start = cpuSeconds()
      let step = try trainer.step(batch)
      let seconds = cpuSeconds() - start
      guard seconds < best?.seconds ?? .infinity else { continue }
      let active = step.active.reduce(0, +) / Double(shape.layerCount)
      best = TrainingStep(
        activeFeatures: active, share: active / Double(shape.featureCount), seconds: seconds,
        phases: trainer.phaseSeconds.merging(before) { $0 - $1 })
    }
    guard let best else { throw TrainingError.badSettings(reason: "there must be at least one round.") }
    return best
  }
}
