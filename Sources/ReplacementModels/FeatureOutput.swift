internal import Tensors
public import Transcoding
public import Transformers

extension Recording {
  /// What a transcoder reconstructs in a layer, `[position, dModel]`.
  func featureOutput(_ hook: FeatureOutputHook, layer: Int) -> Matrix {
    hook == .mlpOutputInner && mlpOutputInner[layer].rows > 0 ? mlpOutputInner[layer] : mlpOutput[layer]
  }
}

extension Block {
  /// The norm that lies between what a transcoder reconstructs in this layer and the residual stream, if there is one.
  public func outputNorm(_ hook: FeatureOutputHook) -> NormLayer? {
    hook == .mlpOutputInner ? mlpPostNorm : nil
  }

  /// What a reconstruction adds to the residual stream, `[position, dModel]`.
  /// - Parameter frozenScales: The scales of a norm in between to use instead of the rows' own, `[position]`.
  func residualOutput(_ hook: FeatureOutputHook, _ output: Matrix, frozenScales: [Float]?) -> Matrix {
    outputNorm(hook).map { $0(output, frozenScales: frozenScales).y } ?? output
  }
}

extension LocalReplacementModel {
  /// What a vector that is written at the transcoder's output hook adds to the residual stream, with the scale of a norm in
  /// between held constant.
  /// ```
  /// P x = s[l][t] · (x − mean(x)) ⊙ g[l]        (RMS norm: without the mean; no norm: P x = x)
  /// ```
  /// - Parameters:
  ///   - vector: `x`, `[dModel]`: a decoder vector, say, or an error vector.
  ///   - layer: The layer whose MLP output it is a part of.
  /// - Returns: `P x`, `[dModel]`. What the norm adds by itself, its bias, is not in it.
  public func residualImage(of vector: [Float], layer: Int, position: Int) -> [Float] {
    guard let norm = outputNorm(layer: layer) else { return vector }
    return norm.withoutBias(
      Matrix(rows: 1, columns: vector.count, values: vector),
      frozenScales: [recording.mlpPostNormScales[layer][position]]
    ).values
  }

  /// The norm between a layer's reconstruction and the residual stream, if there is one.
  func outputNorm(layer: Int) -> NormLayer? {
    transformer.blocks[layer].outputNorm(transcoder.configuration.outputHook)
  }

  /// The frozen scales of the norms that a skip connection's way has before and behind it, multiplied.
  func skipScale(layer: Int, position: Int) -> Float {
    let before =
      transcoder.configuration.inputHook == .residualMid ? 1 : recording.mlpNormScales[layer][position]
    return outputNorm(layer: layer) == nil ? before : before * recording.mlpPostNormScales[layer][position]
  }
}
