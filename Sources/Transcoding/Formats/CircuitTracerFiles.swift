public import Checkpoints
public import Tensors

/// One layer's files in circuit-tracer's layout, decoder rows laid out so that those of active features can be read alone.
///
/// Biases and thresholds are float32 whatever the weights are stored in: they decide which features are active, and
/// are few.
public struct CircuitTracerFiles {
  /// One file: its name in the folder, and what writes it.
  public struct File {
    public let name: String
    public let writer: SafetensorsWriter
  }

  public let files: [File]

  /// - Parameters:
  ///   - layer: The layer's number.
  ///   - type: How weights are stored; each as it is if `nil`, with float16 widened to float32.
  public init(
    of weights: TranscoderLayer, layer: Int, kind: TranscoderConfiguration.Kind, type: ElementType?
  ) {
    func add(_ name: String, _ weight: WeightMatrix, shape: [Int], to file: inout SafetensorsWriter) {
      file.add(name, weight, shape: shape, type: type ?? (weight.type == .bfloat16 ? .bfloat16 : .float32))
    }
    let (count, d) = (weights.encoder.outputs, weights.encoder.inputs)
    var thresholds: [Float]?
    if case .jumpReLU(let values) = weights.activation { thresholds = values }
    switch kind {
    case .crossLayer:
      var reading = SafetensorsWriter()
      add("W_enc_\(layer)", weights.encoder, shape: [count, d], to: &reading)
      reading.add("b_enc_\(layer)", weights.encoderBias, shape: [count])
      reading.add("b_dec_\(layer)", weights.decoderBias, shape: [d])
      if let thresholds { reading.add("threshold_\(layer)", thresholds, shape: [count]) }
      if let skip = weights.skip {
        // The field's cross-layer files apply the matrix from the right.
        add("W_skip_\(layer)", skip.transposed, shape: [d, d], to: &reading)
      }
      var writing = SafetensorsWriter()
      add("W_dec_\(layer)", weights.decoder, shape: [count, weights.decoder.inputs / d, d], to: &writing)
      files = [
        File(name: "W_enc_\(layer).safetensors", writer: reading),
        File(name: "W_dec_\(layer).safetensors", writer: writing),
      ]
    case .perLayer:
      var file = SafetensorsWriter()
      add("W_enc", weights.encoder, shape: [count, d], to: &file)
      add("W_dec", weights.decoder, shape: [count, d], to: &file)
      file.add("b_enc", weights.encoderBias, shape: [count])
      file.add("b_dec", weights.decoderBias, shape: [d])
      if let thresholds { file.add("activation_function.threshold", thresholds, shape: [count]) }
      if let skip = weights.skip { add("W_skip", skip, shape: [d, d], to: &file) }
      files = [File(name: "layer_\(layer).safetensors", writer: file)]
    }
  }
}
