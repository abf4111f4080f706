internal import Tensors

/// The learned numbers of one layer's transcoder, and what training keeps about its features.
final class FeatureParameters: @unchecked Sendable {
  // Changed between steps by one task; threads write disjoint features within a step.
  let layer: Int
  let featureCount: Int
  let inputWidth: Int
  /// Numbers in one decoder row, `[outputLayer, dModel]`.
  let decoderWidth: Int
  /// `E`, `[feature, dModel]`.
  let encoder: LearnedTensor
  /// `bE`, `[feature]`.
  let encoderBias: LearnedTensor
  /// `ln θ`, `[feature]`; unused but for JumpReLU.
  let logThreshold: LearnedTensor
  /// `D`, `[feature, outputLayer, dModel]`.
  let decoder: LearnedTensor
  /// `bD`, `[dModel]`.
  let decoderBias: LearnedTensor
  /// `S`, `[dModel, dModel]`.
  let skip: LearnedTensor?

  /// Working lists of a step, `[feature]`.
  var threshold, low, norm, sharpness, penalty, shrink, revival, pull: Scratch
  /// The sum of a batch's inputs, `[dModel]`.
  var inputSum: Scratch
  /// How often each feature was active in the last step.
  let fired: UnsafeMutablePointer<UInt32>
  /// Tokens since each feature was last active.
  var idleTokens: [Int64]

  init(_ shape: TranscoderShape, layer: Int) {
    self.layer = layer
    featureCount = shape.featureCount
    inputWidth = shape.dModel
    decoderWidth = shape.decoderWidth(of: layer)
    func tensor(_ name: String, _ count: Int) -> LearnedTensor {
      LearnedTensor("\(name)_\(layer)", layer: layer, count: count)
    }
    encoder = tensor("W_enc", featureCount * inputWidth)
    encoderBias = tensor("b_enc", featureCount)
    logThreshold = tensor("log_threshold", featureCount)
    decoder = tensor("W_dec", featureCount * decoderWidth)
    decoderBias = tensor("b_dec", inputWidth)
    skip = shape.hasSkip ? tensor("W_skip", inputWidth * inputWidth) : nil
    threshold = Scratch(count: featureCount)
    low = Scratch(count: featureCount)
    norm = Scratch(count: featureCount)
    sharpness = Scratch(count: featureCount)
    penalty = Scratch(count: featureCount)
    shrink = Scratch(count: featureCount)
    revival = Scratch(count: featureCount)
    pull = Scratch(count: featureCount)
    inputSum = Scratch(count: inputWidth)
    fired = .allocate(capacity: featureCount)
    fired.initialize(repeating: 0, count: featureCount)
    idleTokens = Array(repeating: 0, count: featureCount)
  }

  deinit { fired.deallocate() }

  /// All learned lists in the order of files.
  var tensors: [LearnedTensor] {
    [encoder, encoderBias, logThreshold, decoder, decoderBias] + (skip.map { [$0] } ?? [])
  }
}
