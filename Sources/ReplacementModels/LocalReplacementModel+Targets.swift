internal import Tensors
public import Transcoding
internal import Transformers

extension LocalReplacementModel {
  /// A feature as target: its encoder vector, pulled back through the input hook.
  public func target(_ feature: FeatureID, position: Int) -> PullbackTarget {
    let vector = transcoder.encoderVector(feature)
    let block = transformer.blocks[feature.layer]
    return PullbackTarget(
      layer: feature.layer, position: position,
      gradient: block.featureInputPullback(
        transcoder.configuration.inputHook, vector,
        scale: recording.mlpNormScales[feature.layer][position]))
  }

  /// A direction at the output of the final norm as target.
  public func target(outputDirection vector: [Float], position: Int) -> PullbackTarget {
    PullbackTarget(
      layer: transformer.blocks.count, position: position,
      gradient: transformer.finalNorm.frozenPullback(
        vector, scale: recording.finalNormScales[position]))
  }

  /// What a feature's preactivation holds besides the residual stream: its bias and, where the hook lies behind a
  /// layer norm, that norm's bias.
  public func targetConstant(_ feature: FeatureID) -> Float {
    let bias = transcoder.layers[feature.layer].encoderBias[feature.index]
    let block = transformer.blocks[feature.layer]
    guard let constant = block.featureInputConstant(transcoder.configuration.inputHook) else {
      return bias
    }
    return bias + Kernels.dot(transcoder.encoderVector(feature).span, constant.span)
  }
}
