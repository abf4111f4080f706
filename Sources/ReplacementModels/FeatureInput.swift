public import Tensors
public import Transcoding
public import Transformers

extension Block {
  /// What a transcoder reads in this layer.
  /// - Parameters:
  ///   - hook: Where it reads.
  ///   - residualMid: `r⁰`, `[position, dModel]`.
  ///   - scales: The scales of the norm before the MLP, `[position]`.
  /// - Returns: `h`, `[position, dModel]`.
  public func featureInput(_ hook: FeatureInputHook, residualMid: Matrix, scales: [Float]) -> Matrix {
    switch hook {
    case .residualMid: residualMid
    case .mlpInput: mlpNorm(residualMid, frozenScales: scales).y
    case .normalized: mlpNorm.withoutGain(residualMid, frozenScales: scales)
    }
  }

  /// The pullback of ``featureInput(_:residualMid:scales:)`` at one position with the scale held constant.
  /// - Parameters:
  ///   - vector: The gradient at `h`, `[dModel]`; a feature's encoder vector, say.
  ///   - scale: The frozen scale of the norm at that position.
  /// - Returns: The gradient at `r⁰`, `[dModel]`.
  public func featureInputPullback(_ hook: FeatureInputHook, _ vector: [Float], scale: Float) -> [Float] {
    switch hook {
    case .residualMid: vector
    case .mlpInput: mlpNorm.frozenPullback(vector, scale: scale)
    case .normalized:
      NormLayer(kind: mlpNorm.kind, gain: Array(repeating: 1, count: vector.count), bias: mlpNorm.bias)
        .frozenPullback(vector, scale: scale)
    }
  }

  /// What the hook's input is made of besides the residual stream: the norm's bias, `[dModel]`, or nothing.
  func featureInputConstant(_ hook: FeatureInputHook) -> [Float]? {
    hook == .mlpInput && mlpNorm.kind.centers ? mlpNorm.bias : nil
  }
}

extension NormLayer {
  /// Every row normalised, with neither gain nor bias, `[position, dModel]`.
  func withoutGain(_ x: Matrix, frozenScales: [Float]) -> Matrix {
    NormLayer(
      kind: kind, gain: Array(repeating: 1, count: x.columns), bias: Array(repeating: 0, count: x.columns)
    )(x, frozenScales: frozenScales).y
  }

  /// What is linear of the norm with its scales held constant: every row normalised, without bias, `[position, dModel]`.
  public func withoutBias(_ x: Matrix, frozenScales: [Float]) -> Matrix {
    NormLayer(kind: kind, gain: gain, bias: Array(repeating: 0, count: x.columns))(
      x, frozenScales: frozenScales
    ).y
  }

  /// The pullback of a row's norm with its scale held constant, `[dModel]`.
  public func frozenPullback(_ gradient: [Float], scale: Float) -> [Float] {
    var result = [Float](repeating: 0, count: gradient.count)
    var span = result.mutableSpan
    Kernels.frozenNormPullback(
      gradient.span, gain: gain.span, scale: scale, centers: kind.centers, into: &span)
    return result
  }
}
