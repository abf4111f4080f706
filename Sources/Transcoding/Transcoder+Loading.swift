internal import Checkpoints
public import Foundation
internal import Tensors

extension Transcoder {
  /// Loads transcoders in circuit-tracer's folder layout: `config.yaml` beside `W_enc_i` and `W_dec_i`
  /// (cross-layer) or `layer_i` (per layer) safetensors.
  public init(folder: URL) throws(TranscodingError) {
    let configuration = try TranscoderConfiguration(folder.appending(path: "config.yaml"))
    let layers: [TranscoderLayer]
    do throws(CheckpointError) {
      switch configuration.kind {
      case .crossLayer: layers = try Self.crossLayer(configuration, in: folder)
      case .perLayer: layers = try Self.perLayer(configuration, in: folder)
      }
    } catch {
      throw .checkpoint(error)
    }
    guard let dModel = layers.first?.encoder.inputs else {
      throw .badConfiguration(path: folder.path, reason: "there is no file for layer 0")
    }
    for (layer, weights) in layers.enumerated() where weights.encoder.inputs != dModel {
      throw .badConfiguration(
        path: folder.path,
        reason: "layer 0 reads a width of \(dModel), layer \(layer) one of \(weights.encoder.inputs)")
    }
    self.init(configuration: configuration, layers: layers, dModel: dModel, folder: folder)
  }

  /// The safetensors files that the weights lie in.
  public var files: [URL] {
    switch configuration.kind {
    case .crossLayer:
      layers.indices.flatMap { layer in
        ["W_enc", "W_dec"].map { folder.appending(path: "\($0)_\(layer).safetensors") }
      }
    case .perLayer: Self.perLayerFiles(configuration, in: folder)
    }
  }

  /// One more than the last layer with a file, so that a file that is missing below it is missed by name.
  private static func layerCount(_ prefix: String, in folder: URL) -> Int {
    let suffix = ".safetensors"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    let layers = names.filter { $0.hasPrefix(prefix) && $0.hasSuffix(suffix) }
      .compactMap { Int($0.dropFirst(prefix.count).dropLast(suffix.count)) }
      .filter { (0..<4096).contains($0) }
    return (layers.max() ?? -1) + 1
  }

  private static func perLayerFiles(_ configuration: TranscoderConfiguration, in folder: URL) -> [URL] {
    if configuration.files.isEmpty {
      return (0..<layerCount("layer_", in: folder)).map { folder.appending(path: "layer_\($0).safetensors") }
    }
    return configuration.files.map { $0.hasPrefix("/") ? URL(filePath: $0) : folder.appending(path: $0) }
  }

  private static func crossLayer(
    _ configuration: TranscoderConfiguration, in folder: URL
  ) throws(CheckpointError) -> [TranscoderLayer] {
    let count = layerCount("W_enc_", in: folder)
    var layers: [TranscoderLayer] = []
    for layer in 0..<count {
      let reading = try SafetensorsFile(folder.appending(path: "W_enc_\(layer).safetensors"))
      let writing = try SafetensorsFile(folder.appending(path: "W_dec_\(layer).safetensors"))
      let encoder = try reading.tensor("W_enc_\(layer)").weight()
      let threshold = reading.tensors["threshold_\(layer)"]
      let skip = (reading.tensors["W_skip_\(layer)"] ?? writing.tensors["W_skip_\(layer)"])
      layers.append(
        TranscoderLayer(
          encoder: encoder,
          encoderBias: try reading.tensor("b_enc_\(layer)").vector(count: encoder.outputs),
          decoder: try writing.tensor("W_dec_\(layer)").rows(
            [encoder.outputs, count - layer, encoder.inputs]),
          decoderBias: try reading.tensor("b_dec_\(layer)").vector(count: encoder.inputs),
          activation: try activation(configuration, threshold, features: encoder.outputs),
          // The field's cross-layer files apply the matrix from the right.
          skip: try skip?.weight(outputs: encoder.inputs, inputs: encoder.inputs).transposed))
    }
    return layers
  }

  private static func perLayer(
    _ configuration: TranscoderConfiguration, in folder: URL
  ) throws(CheckpointError) -> [TranscoderLayer] {
    var layers: [TranscoderLayer] = []
    for url in perLayerFiles(configuration, in: folder) {
      let file = try SafetensorsFile(url)
      let encoder = try file.tensor("W_enc").weight()
      layers.append(
        TranscoderLayer(
          encoder: encoder, encoderBias: try file.tensor("b_enc").vector(count: encoder.outputs),
          decoder: try file.tensor("W_dec").weight(outputs: encoder.outputs, inputs: encoder.inputs),
          decoderBias: try file.tensor("b_dec").vector(count: encoder.inputs),
          activation: try activation(
            configuration, file.tensors["activation_function.threshold"], features: encoder.outputs),
          skip: try file.tensors["W_skip"]?.weight(outputs: encoder.inputs, inputs: encoder.inputs)))
    }
    return layers
  }

  private static func activation(
    _ configuration: TranscoderConfiguration, _ threshold: StoredTensor?, features: Int
  ) throws(CheckpointError) -> FeatureActivation {
    if let k = configuration.topK { return .topK(min(k, features)) }
    guard let threshold else { return .reLU }
    // One threshold for all features is stored as a scalar by some makers.
    let values = try threshold.count == 1 ? threshold.floats() : threshold.vector(count: features)
    return .jumpReLU(
      thresholds: values.count == features ? values : Array(repeating: values[0], count: features))
  }
}
