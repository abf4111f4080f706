internal import Tensors
public import Transcoding

/// How the result of a training is exported.
public struct TranscoderExportSettings: Codable, Hashable, Sendable {
  /// Whether thresholds are set so that L0 is what is wanted.
  public var calibrates = true
  /// The L0 wanted, one number for the mean over layers or one a layer; `nil` for what training aimed at.
  public var targetL0: [Double]?
  /// How many of the held-out tokens thresholds are set on; `nil` for all.
  public var calibrationTokens: Int?
  /// How weights are stored; thresholds are always float32.
  public var usesBFloat16 = false

  public init() {}

  var elementType: ElementType { usesBFloat16 ? .bfloat16 : .float32 }

  /// Checks that thresholds can be set so.
  func check(_ shape: TranscoderShape, _ training: TranscoderTrainingSettings) throws(TrainingError) {
    guard let targetL0 else { return }
    guard calibrates, training.activation != .reLU else {
      throw .badSettings(
        reason:
          "--calibrate-l0 sets thresholds, which ReLU and --no-calibrate leave alone. Leave one of them out.")
    }
    try training.check(targetL0, shape)
  }
}

/// Everything that decides what a training run makes, beside the model and the corpus.
public struct TranscoderRunSettings: Codable, Hashable, Sendable {
  public var kind = TranscoderConfiguration.Kind.crossLayer
  public var hook = FeatureInputHook.residualMid
  /// `F` of every layer.
  public var featureCount = 0
  public var hasSkip = false
  public var training = TranscoderTrainingSettings()
  /// Tokens of a chunk of activations; `nil` for as many as fit in 512 MiB, at most 262,144.
  public var chunkTokens: Int?
  /// How often a chunk is used.
  public var chunkUses = 2
  /// Tokens at the corpus's beginning that nothing is learned from.
  public var heldOutTokens = 16_384
  /// What is made of it at the end; the only part that may change when a run is resumed.
  public var export = TranscoderExportSettings()

  public init() {}

  /// The tokens of a chunk for a model of some width: whole batches, no more than are ever used.
  func chunkTokens(tokenNumbers: Int) -> Int {
    let batch = training.batchTokens
    let wanted = chunkTokens ?? min(262_144, (512 << 20) / (4 * tokenNumbers))
    let used = (training.stepCount + chunkUses - 1) / chunkUses
    return max(1, min(wanted / batch, used)) * batch
  }
}
