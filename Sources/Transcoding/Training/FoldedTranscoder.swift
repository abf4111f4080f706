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
  public func stage(
    in batch: FileBatch, modelName: String, inputHook: FeatureInputHook
  ) throws(CheckpointError) {
    let d = shape.dModel, count = shape.featureCount
    func weight(_ values: [Float], rows: Int) -> WeightMatrix {
      WeightMatrix(Matrix(rows: rows, columns: values.count / rows, values: values))
    }
    let configuration = TranscoderConfiguration(
      kind: shape.kind, modelName: modelName, inputHook: inputHook, outputHook: .mlpOutput)
    for (index, layer) in layers.enumerated() {
      let stored = TranscoderLayer(
        encoder: weight(layer.encoder, rows: count), encoderBias: layer.encoderBias,
        decoder: weight(layer.decoder, rows: count), decoderBias: layer.decoderBias,
        activation: layer.threshold.map { .jumpReLU(thresholds: $0) } ?? .reLU,
        skip: layer.skip.map { weight($0, rows: d) })
      for file in CircuitTracerFiles(of: stored, layer: index, kind: shape.kind, type: type).files {
        try batch.stage(file.name, parts: file.writer.parts())
      }
    }
    try batch.stage("config.yaml", Array(configuration.yaml.utf8))
  }
}

extension TranscoderTrainer {
  /// Rounds weights as an export will store them, so that what is measured and calibrated from now on is what its files do.
  ///
  /// Training does not go on from rounded weights.
  public func roundWeights(to type: ElementType, _ scaling: ActivationScaling) {
    guard type == .bfloat16 else { return }
    func round(_ tensor: LearnedTensor, scale: (Int) -> Double) {
      tensor.set(
        tensor.list.enumerated().map { place, value in
          let scale = scale(place)
          return Float(Double(Self.stored(Double(value) * scale, type)) / scale)
        })
    }
    let d = shape.dModel
    for layer in layers {
      let scale = Double(scaling.inputScales[layer.layer]), size = Double(scaling.targetScales[layer.layer])
      let sizes = shape.outputLayers(of: layer.layer).map { Double(scaling.targetScales[$0]) }
      round(layer.encoder) { _ in scale }
      round(layer.decoder) { sizes[$0 / d % sizes.count] }
      if let skip = layer.skip { round(skip) { _ in size * scale } }
    }
  }

  /// A number as files of a type hold it.
  private static func stored(_ value: Double, _ type: ElementType) -> Float {
    let value = Float(value)
    return type == .bfloat16 ? Float(bitPattern: UInt32(value.bfloat16Pattern) << 16) : value
  }

  /// The transcoders as they are, with the normalisation folded in.
  ///
  /// Encoders and skip connections are rounded first: biases then make up for what rounding does to the mean input.
  /// - Parameters:
  ///   - thresholds: `θ`, `[layer][feature]`.
  ///   - type: How weights will be stored.
  public func folded(
    _ scaling: ActivationScaling, thresholds: [[Float]], type: ElementType
  ) -> FoldedTranscoder {
    let d = shape.dModel
    return FoldedTranscoder(
      shape: shape,
      layers: layers.map { layer in
        let scale = Double(scaling.inputScales[layer.layer]), means = scaling.inputMeans[layer.layer]
        let encoder = layer.encoder.list.map { Self.stored(Double($0) * scale, type) }
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
        let skip = layer.skip?.list.map { Self.stored(Double($0) * size * scale, type) }
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
