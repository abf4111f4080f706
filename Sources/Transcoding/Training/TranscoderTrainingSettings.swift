/// How transcoders are trained; `notes` of a run are these, as they stand.
public struct TranscoderTrainingSettings: Codable, Hashable, Sendable {
  /// The nonlinearity while training; see ``FeatureActivation`` for what files hold.
  public enum Activation: Codable, Hashable, Sendable {
    /// Keeps `z` over a learned threshold; thresholds learn through a rectangle around them.
    case jumpReLU
    case reLU
    /// Keeps the `k` largest positive `z` of every token.
    case topK(Int)
    /// Keeps the `k · tokens` largest positive `z` of a layer and batch.
    case batchTopK(Int)

    /// Whether the sparsity comes from a penalty, not from a count.
    var isPenalized: Bool {
      switch self {
      case .jumpReLU, .reLU: true
      case .topK, .batchTopK: false
      }
    }
  }

  public var activation = Activation.jumpReLU
  /// Active features wanted: one number for the mean over layers, or one a layer.
  public var targetL0: [Double] = [12]
  /// Tokens of one step.
  public var batchTokens = 2048
  /// Steps in all.
  public var stepCount = 0
  public var learningRate = 3e-3
  /// Steps over which the learning rate rises from 0.
  public var warmupSteps = 200
  /// The last part of the steps, over which the learning rate falls to 0.
  public var decayShare = 0.5
  /// The gradient's largest norm.
  public var largestNorm = 1.0
  /// `c` of the penalty `λ · tanh(c · ‖D‖ · a)`.
  public var sharpness = 4.0
  /// `ε`, the width of the rectangle around a threshold.
  public var bandwidth = 0.5
  public var initialThreshold = 0.3
  /// The part of the tokens that a feature is active on at the start.
  public var initialDensity = 0.05
  /// `λ` at the start.
  public var initialPenalty = 5e-4
  /// How fast `λ` follows: its logarithm moves by this times the logarithm of the ratio of L0 to the aim, a step.
  public var controllerGain = 5e-3
  /// The first part of the steps, over which the aim goes from the first L0 to the wanted.
  public var rampShare = 0.25
  /// `λ_p`, which draws dead features up.
  public var deadPenalty = 3e-4
  /// Tokens without activation after which a feature counts as dead.
  public var deadAfter = 200_000
  /// Where the random numbers start.
  public var seed: UInt64 = 0
  /// The share of features that are active or near their threshold from which on a layer's decoder is applied as a
  /// dense product; `clew bench transcoder-step` measures where the line runs.
  public var denseShare = 0.28

  public init() {}

  /// The active features that training aims at: one number for the mean over layers, or one a layer.
  public var wantedActive: [Double] {
    switch activation {
    case .topK(let k), .batchTopK(let k): [Double(k)]
    case .jumpReLU, .reLU: targetL0
    }
  }

  /// The learning rate of a step, counted from 0.
  func learningRate(at step: Int) -> Double {
    let rise = min(1, Double(step + 1) / Double(max(1, warmupSteps)))
    let left = Double(stepCount - step) / max(1, decayShare * Double(stepCount))
    return learningRate * rise * max(0, min(1, left))
  }
}
