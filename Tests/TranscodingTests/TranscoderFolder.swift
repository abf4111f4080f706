import Clew
import Foundation

/// A folder of small transcoders that a test writes, and that goes away with the value.
final class TranscoderFolder {
  static let dModel = 2
  static let features = 3
  let url: URL

  init(_ configuration: String? = nil) throws {
    url = FileManager.default.temporaryDirectory.appending(path: "transcoders-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    if let configuration { try write("config.yaml", Array(configuration.utf8)) }
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  static func configuration(kind: String = "transcoder_set", more: String = "") -> String {
    """
    model_kind: \(kind)
    feature_input_hook: hook_resid_mid
    feature_output_hook: hook_mlp_out
    \(more)
    """
  }

  /// Transcoders of one file a layer.
  static func perLayer(
    layerCount: Int = 1, more: String = "", change: (inout [String: Tensor]) -> Void = { _ in }
  ) throws -> TranscoderFolder {
    let folder = try TranscoderFolder(configuration(more: more))
    for layer in 0..<layerCount {
      var tensors: [String: Tensor] = [
        "W_enc": .counting([features, dModel]), "b_enc": .counting([features]),
        "W_dec": .counting([features, dModel]), "b_dec": .counting([dModel]),
      ]
      change(&tensors)
      try folder.write("layer_\(layer).safetensors", tensors)
    }
    return folder
  }

  /// Cross-layer transcoders.
  static func crossLayer(
    layerCount: Int = 2, change: (Int, inout [String: Tensor]) -> Void = { _, _ in }
  ) throws -> TranscoderFolder {
    let folder = try TranscoderFolder(configuration(kind: "cross_layer_transcoder"))
    for layer in 0..<layerCount {
      var tensors: [String: Tensor] = [
        "W_enc_\(layer)": .counting([features, dModel]), "b_enc_\(layer)": .counting([features]),
        "b_dec_\(layer)": .counting([dModel]),
        "W_dec_\(layer)": .counting([features, layerCount - layer, dModel]),
      ]
      change(layer, &tensors)
      let decoder = tensors.removeValue(forKey: "W_dec_\(layer)")
      try folder.write("W_enc_\(layer).safetensors", tensors)
      if let decoder { try folder.write("W_dec_\(layer).safetensors", ["W_dec_\(layer)": decoder]) }
    }
    return folder
  }

  func load() throws(TranscodingError) -> Transcoder { try Transcoder(folder: url) }

  func remove(_ name: String) throws { try FileManager.default.removeItem(at: url.appending(path: name)) }

  func write(_ name: String, _ tensors: [String: Tensor]) throws {
    var writer = SafetensorsWriter()
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      writer.add(name, tensor.values, shape: tensor.shape)
    }
    try write(name, writer.parts().flatMap { $0 })
  }

  private func write(_ name: String, _ bytes: [UInt8]) throws {
    try Data(bytes).write(to: url.appending(path: name))
  }
}

/// Numbers with a shape.
struct Tensor {
  var values: [Float]
  var shape: [Int]

  /// The numbers 1, 2, 3, ….
  static func counting(_ shape: [Int]) -> Tensor {
    Tensor(values: (0..<shape.reduce(1, *)).map { Float($0 + 1) }, shape: shape)
  }
}
