internal import Checkpoints
internal import Foundation
internal import Tensors

/// circuit-tracer's own files: `W_enc_i` and `W_dec_i` (cross-layer), or `layer_i` (per layer), all safetensors.
enum CircuitTracer {
  /// One more than the last layer with a file, so that a file that is missing below it is missed by name.
  static func layerCount(_ prefix: String, in folder: URL) -> Int {
    let suffix = ".safetensors"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    let layers = names.filter { $0.hasPrefix(prefix) && $0.hasSuffix(suffix) }
      .compactMap { Int($0.dropFirst(prefix.count).dropLast(suffix.count)) }
      .filter { (0..<4096).contains($0) }
    return (layers.max() ?? -1) + 1
  }

  /// Which kind of files a folder holds; `nil` if none.
  static func kind(of folder: URL) -> TranscoderConfiguration.Kind? {
    if layerCount("W_enc_", in: folder) > 0 { return .crossLayer }
    return layerCount("layer_", in: folder) > 0 ? .perLayer : nil
  }

  /// The names of all files of the layers that a folder has files of, and of those that are there.
  static func files(
    _ kind: TranscoderConfiguration.Kind, in folder: URL
  ) -> (wanted: [String], present: [String]) {
    let prefixes = kind == .crossLayer ? ["W_enc_", "W_dec_"] : ["layer_"]
    var count = prefixes.reduce(0) { max($0, layerCount($1, in: folder)) }
    func isThere(_ name: String) -> Bool {
      FileManager.default.fileExists(atPath: folder.appending(path: name).path)
    }
    // A decoder's shape says how many layers come after its own.
    for layer in 0..<count where kind == .crossLayer && isThere("W_dec_\(layer).safetensors") {
      let file = try? SafetensorsFile(folder.appending(path: "W_dec_\(layer).safetensors"))
      if let shape = file?.tensors["W_dec_\(layer)"]?.shape, shape.count == 3, shape[1] < 4096 {
        count = max(count, layer + shape[1])
      }
    }
    let wanted = (0..<count).flatMap { layer in prefixes.map { "\($0)\(layer).safetensors" } }
    return (wanted, wanted.filter(isThere))
  }

  /// A layer of cross-layer transcoders.
  static func crossLayer(_ layer: Int, of count: Int, in folder: URL) throws(CheckpointError) -> FoundLayer {
    let files = ["W_enc", "W_dec"].map { folder.appending(path: "\($0)_\(layer).safetensors") }
    let reading = try SafetensorsFile(files[0])
    let writing = try SafetensorsFile(files[1])
    let encoder = try reading.tensor("W_enc_\(layer)").weight()
    let skip = (reading.tensors["W_skip_\(layer)"] ?? writing.tensors["W_skip_\(layer)"])
    return FoundLayer(
      format: .circuitTracer,
      weights: TranscoderLayer(
        encoder: encoder,
        encoderBias: try reading.tensor("b_enc_\(layer)").vector(count: encoder.outputs),
        decoder: try writing.tensor("W_dec_\(layer)").rows([encoder.outputs, count - layer, encoder.inputs]),
        decoderBias: try reading.tensor("b_dec_\(layer)").vector(count: encoder.inputs),
        activation: try activation(reading.tensors["threshold_\(layer)"], features: encoder.outputs),
        // The field's cross-layer files apply the matrix from the right.
        skip: try skip?.weight(outputs: encoder.inputs, inputs: encoder.inputs).transposed),
      files: files, layer: layer)
  }

  /// A layer of per-layer transcoders. Files of the tool's first version hold the encoder transposed.
  static func perLayer(_ url: URL, _ file: SafetensorsFile) throws(CheckpointError) -> FoundLayer {
    let stored = try file.tensor("W_enc")
    let decoder = file.tensors["W_dec"]
    let isTransposed =
      decoder.map { $0.shape != stored.shape && $0.shape == stored.shape.reversed() } ?? false
    let encoder = try isTransposed ? stored.weight().transposed : stored.weight()
    let (features, width) = (encoder.outputs, encoder.inputs)
    return FoundLayer(
      format: .circuitTracer,
      weights: TranscoderLayer(
        encoder: encoder, encoderBias: try file.tensor("b_enc").vector(count: features),
        decoder: try file.tensor("W_dec").weight(outputs: features, inputs: width),
        decoderBias: try file.tensor("b_dec").vector(count: width),
        activation: try activation(file.tensors["activation_function.threshold"], features: features),
        skip: try file.tensors["W_skip"]?.weight(outputs: width, inputs: width)),
      files: [url], layer: HookNames.layer(of: url))
  }

  private static func activation(
    _ threshold: StoredTensor?, features: Int
  ) throws(CheckpointError) -> FeatureActivation {
    guard let threshold else { return .reLU }
    // One threshold for all features is stored as a scalar by some makers.
    let values = try threshold.count == 1 ? threshold.floats() : threshold.vector(count: features)
    return .jumpReLU(
      thresholds: values.count == features ? values : Array(repeating: values[0], count: features))
  }
}
