import Clew
import Foundation
import Testing

struct LoadingTests {
  @Test func `transcoders of one file a layer load with their weights`() throws {
    let folder = try TranscoderFolder.perLayer(layerCount: 2)
    let coder = try folder.load()
    #expect(coder.layerCount == 2)
    #expect(coder.dModel == 2)
    #expect(coder.outputLayers(of: 1) == 1..<2)
    #expect(coder.encoderVector(FeatureID(layer: 1, index: 2)) == [5, 6])
    #expect(coder.decoderVector(FeatureID(layer: 1, index: 0), to: 1) == [1, 2])
    #expect(coder.files.map(\.lastPathComponent) == ["layer_0.safetensors", "layer_1.safetensors"])
  }

  @Test func `cross-layer decoders are cut by the layer that they write to`() throws {
    let folder = try TranscoderFolder.crossLayer(layerCount: 3)
    let coder = try folder.load()
    // W_dec_0 is [3, 3, 2]: the second feature writes 7, 8 to layer 0, 9, 10 to layer 1, 11, 12 to layer 2.
    #expect(coder.outputLayers(of: 0) == 0..<3)
    #expect(coder.decoderVector(FeatureID(layer: 0, index: 1), to: 2) == [11, 12])
    #expect(coder.decoderVector(FeatureID(layer: 2, index: 1), to: 2) == [3, 4])
    #expect(coder.decoderVectors(FeatureID(layer: 0, index: 1)) == [7, 8, 9, 10, 11, 12])
  }

  @Test func `files that config yaml lists are taken in its order`() throws {
    let folder = try TranscoderFolder.perLayer(layerCount: 2, more: "transcoders: [layer_1.safetensors]")
    let coder = try folder.load()
    #expect(coder.layerCount == 1)
    #expect(coder.files.map(\.lastPathComponent) == ["layer_1.safetensors"])
  }

  @Test(arguments: [
    (nil, "holds neither config.yaml"),
    ("", "not a YAML mapping"),
    ("a: [1, 2", "not a YAML mapping"),
    ("- 1\n- 2", "not a YAML mapping"),
    ("model_name: x", "no text 'model_kind'"),
    (TranscoderFolder.configuration(kind: "sae"), "model_kind is 'sae'"),
    ("model_kind: transcoder_set\nfeature_input_hook: 3", "no text 'feature_input_hook'"),
    ("model_kind: transcoder_set\nfeature_input_hook: hook_z", "feature_input_hook 'hook_z' is unknown"),
    (TranscoderFolder.configuration(more: "activation: topk"), "without a whole k > 0"),
    (TranscoderFolder.configuration(more: "activation: topk\nk: 0"), "without a whole k > 0"),
    (TranscoderFolder.configuration(more: "activation: gelu"), "'gelu' is unknown"),
    (TranscoderFolder.configuration(more: "transcoders: ['hf://a/b']"), "not a file here"),
    (TranscoderFolder.configuration(), "no file for layer 0"),
    (TranscoderFolder.configuration(kind: "cross_layer_transcoder"), "no file for layer 0"),
  ])
  func `a configuration that cannot be used says why`(configuration: String?, reason: String) throws {
    let folder = try TranscoderFolder(configuration)
    let error = try #require(throws: TranscodingError.self) { try folder.load() }
    #expect(error.description.contains(reason))
    #expect(error.description.contains(folder.url.lastPathComponent))
  }

  @Test(arguments: [0, 1]) func `a layer's file that is missing is named`(layer: Int) throws {
    let plain = try TranscoderFolder.perLayer(layerCount: 3)
    try plain.remove("layer_\(layer).safetensors")
    #expect(
      try #require(throws: TranscodingError.self) { try plain.load() }.description
        .contains("layer_\(layer).safetensors cannot be read"))
  }

  @Test(arguments: [0, 1, 2], ["W_enc", "W_dec"])
  func `a cross-layer file that is missing is named`(layer: Int, name: String) throws {
    let cross = try TranscoderFolder.crossLayer(layerCount: 3)
    try cross.remove("\(name)_\(layer).safetensors")
    #expect(
      try #require(throws: TranscodingError.self) { try cross.load() }.description
        .contains("\(name)_\(layer).safetensors cannot be read"))
  }

  @Test(arguments: ["W_enc", "b_enc", "W_dec", "b_dec", "activation_function.threshold", "W_skip"])
  func `a tensor of the wrong shape is named with both shapes`(name: String) throws {
    let folder = try TranscoderFolder.perLayer { $0[name] = .counting(name == "W_enc" ? [5] : [5, 2]) }
    let error = try #require(throws: TranscodingError.self) { try folder.load() }
    guard case .checkpoint(.wrongShape(let found, _, _, let actual)) = error else {
      Issue.record("\(error)")
      return
    }
    #expect(found == name)
    #expect(actual == (name == "W_enc" ? [5] : [5, 2]))
  }

  @Test func `a decoder that writes to too few layers is refused`() throws {
    let folder = try TranscoderFolder.crossLayer { layer, tensors in
      if layer == 0 { tensors["W_dec_0"] = .counting([3, 1, 2]) }
    }
    let error = try #require(throws: TranscodingError.self) { try folder.load() }
    #expect(error.description.contains("has shape [3, 1, 2], but [3, 2, 2] is needed"))
  }

  @Test(arguments: ["W_enc", "b_enc", "W_dec", "b_dec"])
  func `a tensor that is missing is named`(name: String) throws {
    let folder = try TranscoderFolder.perLayer { $0[name] = nil }
    let error = try #require(throws: TranscodingError.self) { try folder.load() }
    #expect(error.description.contains("no tensor named '\(name)'"))
  }

  @Test func `layers of different widths are refused`() throws {
    let folder = try TranscoderFolder.perLayer()
    try folder.write(
      "layer_1.safetensors",
      [
        "W_enc": .counting([3, 4]), "b_enc": .counting([3]), "W_dec": .counting([3, 4]),
        "b_dec": .counting([4]),
      ])
    let error = try #require(throws: TranscodingError.self) { try folder.load() }
    #expect(error.description.contains("layer 0 reads a width of 2, layer 1 one of 4"))
  }
}
