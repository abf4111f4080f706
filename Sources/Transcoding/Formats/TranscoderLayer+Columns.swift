internal import Checkpoints
internal import Tensors

extension TranscoderLayer {
  /// A layer whose encoder is stored with a column for each feature.
  /// - Parameters:
  ///   - encoder: `[dModel, feature]`.
  ///   - bias: `[feature]`.
  ///   - decoder: A row for each feature, with `width` numbers for each layer that it writes to.
  ///   - decoderBias: `[dModel]`.
  ///   - thresholds: Those of JumpReLU, `[feature]`; ReLU if `nil`.
  ///   - leastThreshold: What lower thresholds count as.
  init(
    columns encoder: StoredTensor, bias: StoredTensor, decoder: WeightMatrix, width: Int,
    decoderBias: StoredTensor, thresholds: StoredTensor?, leastThreshold: Float = -.infinity,
    skip: WeightMatrix?
  ) throws(CheckpointError) {
    let features = decoder.outputs
    var activation = FeatureActivation.reLU
    if let thresholds {
      activation = .jumpReLU(
        thresholds: try thresholds.vector(count: features).map { max(leastThreshold, $0) })
    }
    self.init(
      encoder: try encoder.weight(outputs: width, inputs: features).transposed,
      encoderBias: try bias.vector(count: features), decoder: decoder,
      decoderBias: try decoderBias.vector(count: width), activation: activation, skip: skip)
  }
}
