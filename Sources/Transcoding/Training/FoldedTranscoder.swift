public import Checkpoints
public import Tensors

/// Trained transcoders with the normalisation folded in, as they are written to files.
/// ```
/// E' = E · s        bE' = bE − E' · mean x        θ' = θ
/// D'[l] = D[l] · r[l]        S' = S · r · s        bD'[l] = bD[l] · r[l] + mean y[l] − S'[l] · mean x[l]
/// ```
/// where inputs were normalised to `(x − mean x) · s` and targets to `(y − mean y) / r`.
public struct FoldedTranscoder: Sendable {
  /// One layer.
  public struct Layer: Sendable {
    /// `[feature, dModel]`.
    public let encoder: [Float]
    public let encoderBias: [Float]
    /// `θ`, `[feature]`; `nil` where the activation is ReLU.
    public let threshold: [Float]?
    /// `[feature, outputLayer, dModel]`.
    public let decoder: [Float]
    /// `[dModel]`.
    public let decoderBias: [Float]
    /// `[dModel, dModel]`, applied as `S h`.
    public let skip: [Float]?
  }

  public let shape: TranscoderShape
  public let layers: [Layer]
  /// How weights are stored.
  public let type: ElementType

  /// The files in the layout that circuit-tracer reads.
  ///
  /// Biases and thresholds are float32 whatever the weights are stored in: they decide which features are active, and
  /// are few. `config.yaml` names no `scan`, so that viewers look
  /// for local features.
  public func stage(
    in batch: FileBatch, modelName: String, inputHook: FeatureInputHook
  ) throws(CheckpointError) {
    let d = shape.dModel, count = shape.featureCount
    for (index, layer) in layers.enumerated() {
      switch shape.kind {
      case .crossLayer:
        var reading = SafetensorsWriter()
        reading.add("W_enc_\(index)", layer.encoder, shape: [count, d], type: type)
        reading.add("b_enc_\(index)", layer.encoderBias, shape: [count])
        reading.add("b_dec_\(index)", layer.decoderBias, shape: [d])
        if let threshold = layer.threshold { reading.add("threshold_\(index)", threshold, shape: [count]) }
        try batch.stage("W_enc_\(index).safetensors", parts: reading.parts())
        var writing = SafetensorsWriter()
        writing.add(
          "W_dec_\(index)", layer.decoder, shape: [count, shape.outputLayers(of: index).count, d], type: type)
        try batch.stage("W_dec_\(index).safetensors", parts: writing.parts())
      case .perLayer:
        var file = SafetensorsWriter()
        file.add("W_enc", layer.encoder, shape: [count, d], type: type)
        file.add("W_dec", layer.decoder, shape: [count, d], type: type)
        file.add("b_enc", layer.encoderBias, shape: [count])
        file.add("b_dec", layer.decoderBias, shape: [d])
        if let threshold = layer.threshold {
          file.add("activation_function.threshold", threshold, shape: [count])
        }
        if let skip = layer.skip { file.add("W_skip", skip, shape: [d, d], type: type) }
        try batch.stage("layer_\(index).safetensors", parts: file.parts())
      }
    }
    let name = modelName.filter { $0 != "\"" && $0 != "\\" && !$0.isNewline }
    let yaml = """
      model_name: "\(name)"
      model_kind: "\(shape.kind.rawValue)"
      feature_input_hook: "\(inputHook.rawValue)"
      feature_output_hook: "\(FeatureOutputHook.mlpOutput.rawValue)"

      """
    try batch.stage("config.yaml", Array(yaml.utf8))
  }
}

extension TranscoderTrainer {
  /// The transcoders as they are, with the normalisation folded in.
  ///
  /// Encoders and skip connections are rounded first: biases then make up for what rounding does to the mean input.
  /// - Parameters:
  ///   - thresholds: `θ`, `[layer][feature]`.
  ///   - type: How weights will be stored.
  public func folded(
    _ scaling: ActivationScaling, thresholds: [[Float]], type: ElementType
  ) -> FoldedTranscoder {
    func stored(_ value: Double) -> Float {
      let value = Float(value)
      return type == .bfloat16 ? Float(bitPattern: UInt32(value.bfloat16Pattern) << 16) : value
    }
    let d = shape.dModel
    return FoldedTranscoder(
      shape: shape,
      layers: layers.map { layer in
        let scale = Double(scaling.inputScales[layer.layer]), means = scaling.inputMeans[layer.layer]
        let encoder = layer.encoder.list.map { stored(Double($0) * scale) }
        let biases = layer.encoderBias.list.enumerated().map { feature, bias in
          Float(
            (0..<d).reduce(Double(bias)) {
              $0 - Double(encoder[feature * d + $1]) * Double(means[$1])
            })
        }
        let outputs = shape.outputLayers(of: layer.layer)
        let targetScales = outputs.map { Double(scaling.targetScales[$0]) }
        let decoder = layer.decoder.list.enumerated().map { place, value in
          Float(Double(value) * targetScales[place / d % outputs.count])
        }
        let size = Double(scaling.targetScales[layer.layer])
        let skip = layer.skip?.list.map { stored(Double($0) * size * scale) }
        let decoderBias = layer.decoderBias.list.enumerated().map { i, bias in
          var value = Double(bias) * size + Double(scaling.targetMeans[layer.layer][i])
          if let skip { for j in 0..<d { value -= Double(skip[i * d + j]) * Double(means[j]) } }
          return Float(value)
        }
        return FoldedTranscoder.Layer(
          encoder: encoder, encoderBias: biases,
          threshold: settings.activation == .reLU ? nil : thresholds[layer.layer], decoder: decoder,
          decoderBias: decoderBias, skip: skip)
      }, type: type)
  }
}
