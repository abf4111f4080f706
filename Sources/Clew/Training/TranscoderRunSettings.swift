internal import Tensors
public import Transcoding

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
  /// Whether thresholds are set at the end so that L0 is what was wanted.
  public var calibrates = true
  /// How the export's weights are stored; thresholds are always float32.
  public var usesBFloat16 = false

  public init() {}

  var elementType: ElementType { usesBFloat16 ? .bfloat16 : .float32 }

  /// The tokens of a chunk for a model of some width: whole batches, no more than are ever used.
  func chunkTokens(tokenNumbers: Int) -> Int {
    let batch = training.batchTokens
    let wanted = chunkTokens ?? min(262_144, (512 << 20) / (4 * tokenNumbers))
    let used = (training.stepCount + chunkUses - 1) / chunkUses
    return max(1, min(wanted / batch, used)) * batch
  }
}
