internal import CKernels
internal import Foundation
internal import Tensors

/// Trains transcoders on normalised activations, a batch at a time.
///
/// With `x` and `y` the normalised inputs and targets of `B` tokens:
/// ```
/// z[l] = E[l] x[l] + bE[l]       a[l] = z[l] where z[l] > θ[l], else 0
/// ŷ[l] = bD[l] + Σ_{s ≤ l} a[s] D[s→l]  (+ S[l] x[l])
/// loss = Σ_l mean |y[l] − ŷ[l]|² + Σ_l λ[l] mean Σ_f tanh(c · ‖D[l, f]‖ · a[l, f])
/// ```
/// Thresholds are learned as logarithms, through a rectangle of width `ε` around them (a straight-through gradient);
/// the encoder is reached through active features alone. Features that have long been inactive are drawn up by
/// `λ_p · relu(θ − z) · ‖D‖`, which reaches their encoder and its bias.
///
/// Only the encoder's forward product is dense. All else runs over the entries that count, unless there are so many
/// that products are faster. Every sum has a fixed order, so results do not depend on the number of threads.
public final class TranscoderTrainer: @unchecked Sendable {
  // Used by one task at a time; its own threads share out blocks of tokens or features.
  public let shape: TranscoderShape
  public let settings: TranscoderTrainingSettings
  let layers: [FeatureParameters]
  let memory: StepMemory
  public internal(set) var controller: PenaltyController
  /// Steps taken.
  public internal(set) var stepCount = 0
  /// CPU seconds by phase, where ``isTimed``.
  public internal(set) var phaseSeconds: [String: Double] = [:]
  public var isTimed = false

  public init(
    _ shape: TranscoderShape, settings: TranscoderTrainingSettings
  ) throws(TrainingError) {
    try settings.check(shape)
    self.shape = shape
    self.settings = settings
    layers = (0..<shape.layerCount).map { FeatureParameters(shape, layer: $0) }
    memory = StepMemory(shape, batchTokens: settings.batchTokens, settings.activation)
    controller = PenaltyController(
      wanted: settings.targetL0, gain: settings.controllerGain,
      rampSteps: Int(settings.rampShare * Double(settings.stepCount)), initial: settings.initialPenalty)
  }

  /// All learned lists in the order of files.
  var tensors: [LearnedTensor] { layers.flatMap(\.tensors) }

  /// What one step did.
  public struct Step: Sendable {
    /// `mean |y − ŷ|²` before the step; the targets' mean square is 1, `[layer]`.
    public let errors: [Double]
    /// Active features a token, `[layer]`.
    public let active: [Double]
    /// The penalty's part of the loss.
    public let penalty: Double
    /// The gradient's norm before it was clipped.
    public let gradientNorm: Double
    /// The share of features that count as dead.
    public let deadShare: Double
  }

  /// Takes one step.
  /// - Throws: ``TrainingError/diverged(step:layer:what:kept:)``; the parameters are then as before.
  public func step(_ batch: TrainingBatch) throws(TrainingError) -> Step {
    precondition(batch.rows > 0 && batch.capacity <= settings.batchTokens, "a batch of \(batch.rows) rows")
    let (errors, penalty, active) = try forwardAndBack(batch)
    let squares = tensors.map { (tensor: $0, sum: $0.gradientSquares()) }
    for square in squares where !square.sum.isFinite {
      throw .diverged(
        step: stepCount + 1, layer: square.tensor.layer, what: "the gradient of \(square.tensor.name)",
        kept: nil)
    }
    let norm = squares.reduce(0) { $0 + $1.sum }.squareRoot()
    timed("optimiser") { update(gradientNorm: norm) }
    if settings.activation.isPenalized { controller.update(active: active) }
    let dead = countIdle(tokens: batch.rows)
    stepCount += 1
    return Step(
      errors: errors, active: active, penalty: penalty, gradientNorm: norm,
      deadShare: Double(dead) / Double(shape.layerCount * shape.featureCount))
  }

  /// The loss and all gradients; nothing is learned.
  func forwardAndBack(
    _ batch: TrainingBatch
  ) throws(TrainingError) -> (errors: [Double], penalty: Double, active: [Double]) {
    memory.rows = batch.rows
    timed("lists") { prepare(batch) }
    timed("encoder") { encode(batch) }
    if case .batchTopK(let k) = settings.activation { chooseLargest(k, of: batch) }
    let penalty = timed("penalty") { applyPenalty() }
    let errors = timed("decoder") { reconstruct(batch, scale: 2 / Float(batch.rows)) }
    if let layer = errors.firstIndex(where: { !$0.isFinite }) {
      throw .diverged(step: stepCount + 1, layer: layer, what: "the reconstruction", kept: nil)
    }
    timed("pullback") { pullBack(batch) }
    let active = layers.map { layer in
      (0..<shape.featureCount).reduce(0.0) { $0 + Double(layer.fired[$1]) } / Double(batch.rows)
    }
    return (errors, penalty, active)
  }

  private func update(gradientNorm norm: Double) {
    let scale = norm > settings.largestNorm ? settings.largestNorm / norm : 1
    let number = Double(stepCount + 1)
    let step = ck_adam_step(
      gradient_scale: Float(scale), beta1: 0.9, beta2: 0.999, correction1: Float(1 - pow(0.9, number)),
      correction2: Float(1 - pow(0.999, number)), epsilon: 1e-8,
      rate: Float(settings.learningRate(at: stepCount)), decay: 0)
    for tensor in tensors where !(tensor.name.hasPrefix("log_threshold") && settings.activation != .jumpReLU)
    {
      tensor.step(step)
    }
  }

  /// Counts how long features have been idle, and how many are dead.
  private func countIdle(tokens: Int) -> Int {
    var dead = 0
    for layer in layers {
      for feature in 0..<shape.featureCount {
        let idle = layer.fired[feature] > 0 ? 0 : layer.idleTokens[feature] + Int64(tokens)
        layer.idleTokens[feature] = idle
        if idle >= settings.deadAfter { dead += 1 }
      }
    }
    return dead
  }

  func timed<R>(_ phase: String, _ body: () -> R) -> R {
    guard isTimed else { return body() }
    let start = clock()
    defer { phaseSeconds[phase, default: 0] += Double(clock() - start) / Double(CLOCKS_PER_SEC) }
    return body()
  }
}

extension TranscoderTrainingSettings {
  /// Checks that settings fit together.
  func check(_ shape: TranscoderShape) throws(TrainingError) {
    func check(_ condition: Bool, _ reason: String) throws(TrainingError) {
      if !condition { throw .badSettings(reason: reason) }
    }
    try check(shape.featureCount > 0 && shape.layerCount > 0, "there must be at least one feature.")
    try check(
      !shape.hasSkip || shape.kind == .perLayer,
      "cross-layer transcoders cannot have skip connections: no published layout stores them. "
        + "Use --kind plt with --skip.")
    try self.check(targetL0, shape)
    switch activation {
    case .topK(let k), .batchTopK(let k):
      try check(k > 0 && k < shape.featureCount, "k is \(k), but must lie in 1..<\(shape.featureCount).")
    case .jumpReLU, .reLU: break
    }
    try check(batchTokens > 0 && batchTokens <= 1 << 20, "a batch of \(batchTokens) tokens is not possible.")
  }

  /// Checks that numbers of active features can be wanted.
  public func check(_ targetL0: [Double], _ shape: TranscoderShape) throws(TrainingError) {
    guard [1, shape.layerCount].contains(targetL0.count) else {
      throw .badSettings(
        reason: "\(targetL0.count) values of L0 were given, but the model has \(shape.layerCount) layers. "
          + "Give one for the mean or one a layer.")
    }
    for value in targetL0 where !(value > 0 && value < Double(shape.featureCount)) {
      throw .badSettings(
        reason: "a L0 of \(value) is not possible with \(shape.featureCount) features; it must lie between.")
    }
  }
}

extension TranscoderTrainer {
  /// The learning rate of the next step.
  public var currentLearningRate: Double { settings.learningRate(at: stepCount) }
}

extension TranscoderTrainingSettings.Activation {
  /// Whether thresholds are learned, so that an export needs no other.
  public var hasLearnedThresholds: Bool { self == .jumpReLU || self == .reLU }
}
