import Clew
import Foundation
import TestSupport
import Testing

/// A tiny set of transcoders in another tool's layout, with what they should activate and write;
/// `Tests/Fixtures/Transcoders/make.py` made them.
struct StoredTranscoders: CustomTestStringConvertible, Sendable {
  let name: String
  let format: TranscoderFormat
  let kind: TranscoderConfiguration.Kind
  let input: FeatureInputHook
  let output: FeatureOutputHook
  let modelName: String

  var folder: URL { SharedFiles.packageRoot.appending(path: "Tests/Fixtures/Transcoders/\(name)") }
  var testDescription: String { name }

  static let all = [
    StoredTranscoders(
      name: "gemma-scope", format: .gemmaScope, kind: .perLayer, input: .normalized, output: .mlpOutput,
      modelName: "google/gemma-2-2b"),
    StoredTranscoders(
      name: "gemma-scope-2", format: .gemmaScope2, kind: .perLayer, input: .mlpInput, output: .mlpOutput,
      modelName: "gemma-v3-270m"),
    StoredTranscoders(
      name: "gemma-scope-2-clt", format: .gemmaScope2, kind: .crossLayer, input: .mlpInput,
      output: .mlpOutput,
      modelName: ""),
    StoredTranscoders(
      name: "circuit-tracer-topk", format: .circuitTracer, kind: .perLayer, input: .mlpInput,
      output: .mlpOutputInner, modelName: "tiny"),
    StoredTranscoders(
      name: "circuit-tracer-first", format: .circuitTracer, kind: .perLayer, input: .residualMid,
      output: .mlpOutput, modelName: ""),
    StoredTranscoders(
      name: "saelens-jumprelu", format: .saeLens, kind: .perLayer, input: .normalized, output: .mlpOutput,
      modelName: "gpt2"),
    StoredTranscoders(
      name: "saelens-skip", format: .saeLens, kind: .perLayer, input: .normalized, output: .mlpOutput,
      modelName: "gpt2"),
    StoredTranscoders(
      name: "sparsify", format: .sparsify, kind: .perLayer, input: .mlpInput, output: .mlpOutputInner,
      modelName: "openai-community/gpt2"),
  ]

  /// Expects that transcoders activate and write what the fixture says.
  func expectSame(_ coder: Transcoder, _ location: SourceLocation = #_sourceLocation) throws {
    let file = try SafetensorsFile(folder.appending(path: "expected.safetensors"))
    let shape = try file.tensor("inputs").shape
    let (layers, positions, width) = (shape[0], shape[1], shape[2])
    let inputs = try file.tensor("inputs").floats()
    let activations = try file.tensor("activations").floats()
    try #require(coder.layerCount == layers && coder.dModel == width, sourceLocation: location)
    var found: [Float] = []
    var outputs = [Float](repeating: 0, count: inputs.count)
    for layer in 0..<layers {
      let start = layer * positions * width
      let input = Matrix(
        rows: positions, columns: width, values: Array(inputs[start..<start + positions * width]))
      let z = coder.preactivations(of: input, layer: layer)
      func add(_ values: [Float], _ scale: Float, to target: Int, _ position: Int) {
        for (i, value) in values.enumerated() {
          outputs[(target * positions + position) * width + i] += scale * value
        }
      }
      for position in 0..<positions {
        var row = [Float](repeating: 0, count: z.columns)
        add(coder.layers[layer].decoderBias, 1, to: layer, position)
        if let skip = coder.layers[layer].skip {
          add(
            input.rows(position..<position + 1).multiplied(byTransposed: skip, bias: nil).values, 1,
            to: layer, position)
        }
        for (index, activation) in coder.activeFeatures(z[position], layer: layer) {
          row[index] = activation
          for target in coder.outputLayers(of: layer) {
            let vector = coder.decoderVector(FeatureID(layer: layer, index: index), to: target)
            add(vector, activation, to: target, position)
          }
        }
        found += row
      }
    }
    #expect(activations.contains { $0 != 0 } && activations.contains(0), sourceLocation: location)
    #expect(largestDifference(found, activations) < 1e-5, sourceLocation: location)
    #expect(largestDifference(outputs, try file.tensor("outputs").floats()) < 2e-5, sourceLocation: location)
  }
}

/// Transcoders as other tools store them.
struct FormatTests {
  @Test(arguments: StoredTranscoders.all)
  func `what a tool has stored activates and writes what it says`(stored: StoredTranscoders) throws {
    let coder = try Transcoder(folder: stored.folder)
    #expect(coder.format == stored.format)
    #expect(coder.configuration.kind == stored.kind)
    #expect(coder.configuration.inputHook == stored.input)
    #expect(coder.configuration.outputHook == stored.output)
    #expect(coder.configuration.modelName == stored.modelName)
    #expect(coder.files.allSatisfy { FileManager.default.fileExists(atPath: $0.path) })
    try stored.expectSame(coder)
  }

  @Test func `layers may be named one by one, in any order`() throws {
    let folder = StoredTranscoders.all[0].folder
    let places = [2, 0, 1].map { folder.appending(path: "layer_\($0)/width_16k/average_l0_\(5 + $0)") }
    let own = TranscoderDescription(inputHook: .mlpInput, modelName: "mine")
    let coder = try Transcoder(layers: places, described: own)
    #expect(coder.configuration.inputHook == .mlpInput)
    #expect(coder.configuration.outputHook == .mlpOutput)
    #expect(coder.configuration.modelName == "mine")
    try StoredTranscoders.all[0].expectSame(coder)
  }

  @Test func `a configuration may list other tools' folders, and knows better where they read`() throws {
    let stored = try #require(StoredTranscoders.all.first { $0.name == "sparsify" })
    let folder = try TemporaryFolder()
    let list = (0..<3).map { "  - \(stored.folder.path)/h.\($0).mlp\n" }.joined()
    try folder.write(
      "config.yaml",
      Array((TranscoderFolder.configuration(more: "scan: [a, b, c]\ntranscoders:\n") + list).utf8))
    let coder = try Transcoder(folder: folder.url)
    #expect(coder.configuration.inputHook == .residualMid)
    #expect(coder.configuration.layerScans == ["a", "b", "c"])
    try stored.expectSame(coder)
  }

  @Test func `links to folders are followed, and folders above the given one name no layer`() throws {
    let stored = StoredTranscoders.all[0]
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(at: folder.url("layer_9"), withIntermediateDirectories: false)
    try FileManager.default.createSymbolicLink(
      at: folder.url("layer_9/top"), withDestinationURL: stored.folder)
    try stored.expectSame(try Transcoder(folder: folder.url("layer_9/top")))
    for layer in 0..<3 {
      try FileManager.default.createSymbolicLink(
        at: folder.url("chosen/layer_\(layer)").parentMade(),
        withDestinationURL: stored.folder.appending(path: "layer_\(layer)/width_16k/average_l0_\(5 + layer)"))
    }
    try stored.expectSame(try Transcoder(folder: folder.url("chosen")))
  }

  @Test func `a folder that is not there is said to be missing`() throws {
    let error = try #require(throws: TranscodingError.self) {
      try Transcoder(folder: URL(filePath: "/nowhere/at/all"))
    }
    #expect(error.description.contains("/nowhere/at/all cannot be read: No such file"))
  }

  /// A copy of a fixture to spoil.
  private func copy(_ name: String) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try FileManager.default.copyItem(
      at: SharedFiles.packageRoot.appending(path: "Tests/Fixtures/Transcoders/\(name)"),
      to: folder.url("coders"))
    return folder
  }

  private func expectRefused(_ folder: TemporaryFolder, _ reason: String) throws {
    let error = try #require(throws: TranscodingError.self) { try Transcoder(folder: folder.url("coders")) }
    #expect(error.description.contains(reason), "\(error)")
  }

  @Test func `a layer that is there twice, or not at all, is named`() throws {
    let twice = try copy("gemma-scope")
    let place = twice.url("coders/layer_1/width_16k")
    try FileManager.default.copyItem(
      at: place.appending(path: "average_l0_6"), to: place.appending(path: "average_l0_90"))
    try expectRefused(twice, "layer 1 is there more than once")
    let missing = try copy("gemma-scope-2")
    try FileManager.default.removeItem(at: missing.url("coders/layer_1_width_16k_l0_big_affine"))
    try expectRefused(missing, "no transcoder for layer 1, only for 0, 2")
    let cut = try copy("gemma-scope-2-clt")
    try FileManager.default.removeItem(at: cut.url("coders/params_layer_2.safetensors"))
    try expectRefused(cut, "layer 0 writes 18 numbers, but 2 output layers of width 6 would take 12")
  }

  @Test(arguments: [
    ("saelens-skip/run-a/cfg.json", "architecture", "standard" as any Sendable, "architecture is 'standard'"),
    (
      "saelens-skip/run-a/cfg.json", "normalize_activations", "layer_norm",
      "normalises activations by 'layer_norm'"
    ),
    ("saelens-skip/run-a/cfg.json", "apply_b_dec_to_input", true, "subtracts the decoder's bias"),
    ("saelens-skip/run-a/cfg.json", "architecture", 3, "'architecture' is not a text"),
    ("sparsify/h.1.mlp/cfg.json", "transcode", false, "sparse autoencoder"),
    ("sparsify/h.1.mlp/cfg.json", "activation", "groupmax", "'groupmax'"),
    ("sparsify/h.1.mlp/cfg.json", "k", -1, "no whole k > 0"),
    ("sparsify/h.1.mlp/cfg.json", "k", "four", "'k' is not a whole number"),
    ("sparsify/h.1.mlp/cfg.json", "num_latents", 11, "its 'num_latents' is 11, but the weights have 10"),
    ("sparsify/h.1.mlp/cfg.json", "n_targets", 3, "writes to several layers"),
    ("sparsify/h.1.mlp/cfg.json", "signed", true, "either sign"),
    ("sparsify/h.1.mlp/cfg.json", "signed", "yes", "'signed' is not true or false"),
    ("sparsify/h.1.mlp/cfg.json", "activation", 3, "'activation' is not a text"),
    ("sparsify/h.1.mlp/cfg.json", "skip_connection", "true", "'skip_connection' is not true or false"),
    ("sparsify/h.1.mlp/cfg.json", "skip_connection", 1, "'skip_connection' is not true or false"),
    (
      "sparsify/h.1.mlp/cfg.json", "skip_connection", false, "layer 1 has no skip connection, but layer 0 has"
    ),
    ("sparsify/h.1.mlp/cfg.json", "num_latents", "ten", "'num_latents' is not a whole number"),
    ("sparsify/h.1.mlp/cfg.json", "d_in", 99, "its 'd_in' is 99, but the weights have 6"),
    ("sparsify/h.1.mlp/cfg.json", "k", 11, "its k is 11 of 10 features"),
    ("saelens-skip/run-a/cfg.json", "normalize_activations", 3, "'normalize_activations' is not a text"),
    (
      "saelens-skip/run-a/cfg.json", "apply_b_dec_to_input", "true",
      "'apply_b_dec_to_input' is not true or false"
    ),
    ("saelens-skip/run-a/cfg.json", "metadata", "none", "'metadata' is not an object"),
    ("saelens-skip/run-a/cfg.json", "d_in", 99, "its 'd_in' is 99, but the weights have 6"),
    ("saelens-skip/run-a/cfg.json", "d_out", 3, "its 'd_out' is 3, but the weights have 6"),
    ("saelens-skip/run-a/cfg.json", "d_sae", 7, "its 'd_sae' is 7, but the weights have 10"),
    (
      "saelens-skip/run-a/cfg.json", "metadata",
      ["hook_name": "blocks.2.ln2.hook_normalized", "hook_name_out": "blocks.0.hook_mlp_out"],
      "it is for layer 2, but names the hook 'blocks.0.hook_mlp_out'"
    ),
    (
      "gemma-scope-2/layer_1_width_16k_l0_big_affine/config.json", "hf_hook_point_in",
      "model.layers.1.output",
      "do not say which input hook all layers have ('model.layers.1.output' is unknown)"
    ),
    (
      "gemma-scope-2/layer_1_width_16k_l0_big_affine/config.json", "hf_hook_point_in", 3,
      "'hf_hook_point_in' is not a text"
    ),
    (
      "gemma-scope-2/layer_1_width_16k_l0_big_affine/config.json", "hf_hook_point_out",
      "model.layers.2.post_feedforward_layernorm.output",
      "it is for layer 1, but names the hook 'model.layers.2."
    ),
    ("gemma-scope-2/layer_1_width_16k_l0_big_affine/config.json", "type", "sae", "it is of the type 'sae'"),
    (
      "gemma-scope-2/layer_1_width_16k_l0_big_affine/config.json", "architecture", "topk",
      "architecture is 'topk'"
    ),
    ("gemma-scope-2/layer_1_width_16k_l0_big_affine/config.json", "width", 11, "its 'width' is 11"),
    (
      "gemma-scope-2/layer_1_width_16k_l0_big_affine/config.json", "affine_connection", false,
      "its affine_connection is false, but the weights have one"
    ),
  ])
  func `settings that cannot be followed are named`(
    path: String, name: String, value: any Sendable, reason: String
  ) throws {
    let folder = try copy(String(path.prefix { $0 != "/" }))
    let file = folder.url("coders" + path.drop { $0 != "/" })
    var fields = try #require(
      try JSONSerialization.jsonObject(with: try Data(contentsOf: file)) as? [String: Any])
    fields[name] = value
    try JSONSerialization.data(withJSONObject: fields).write(to: file)
    try expectRefused(folder, reason)
  }

  @Test(arguments: [
    "saelens-skip/run-a/cfg.json", "sparsify/h.0.mlp/cfg.json",
    "gemma-scope-2/layer_1_width_16k_l0_big_affine/config.json",
  ])
  func `settings that are missing or no JSON are named`(path: String) throws {
    for bytes in [nil, "", "[1]", "{"] as [String?] {
      let folder = try copy(String(path.prefix { $0 != "/" }))
      let file = folder.url("coders" + path.drop { $0 != "/" })
      try FileManager.default.removeItem(at: file)
      if let bytes { try Data(bytes.utf8).write(to: file) }
      // Files of Gemma Scope 2 say enough without theirs.
      if bytes == nil, path.hasSuffix("config.json") {
        _ = try Transcoder(folder: folder.url("coders"))
        continue
      }
      try expectRefused(folder, bytes == nil ? "it is missing" : "cannot be read as a JSON object")
    }
  }

  @Test(arguments: [
    ("transcoders: []", "its list of transcoders is empty"),
    ("transcoders: layer_0.safetensors", "its transcoders is not a list of paths"),
    ("transcoders: [1, 2]", "its transcoders is not a list of paths"),
    ("transcoders: [a]\nscan: [a, b]", "it lists 1 transcoders, but 2 scans"),
    ("scan: 3", "its scan is not a text"), ("model_name: [a]", "its model_name is not a text"),
    ("activation: 3", "its activation is not a text"), ("k: many", "its k is not a whole number"),
    ("activation: topk\nk: -3", "without a whole k > 0"),
    ("activation: topk\nk: 99", "its k is 99, but layer 0 has"),
    ("k: 2", "it has 'k', but no 'activation: topk'"),
    ("topk_keeps_negative: true", "it has 'topk_keeps_negative', but no 'activation: topk'"),
    ("activation: jump_relu", "but layer 0 has no thresholds"),
    ("scan: [a, b, c]", "config.yaml lists 3 scans, but there are"),
    ("topk_keeps_negative: 2", "is not true or false"),
    ("actvation: topk", "it has 'actvation', which is unknown and may stand for 'activation'"),
    ("transcoders: ['hf://a/b/c?revision=x']", "hf download a/b c --revision x"),
    ("transcoders: ['hf://a/../c']", "not a file here"),
    ("transcoders: ['hf://a/b/c?revision=x/../../y']", "not a file here"),
    ("transcoders: ['hf://a/b/$(c)']", "not a file here"),
    ("transcoders: ['https://a/b/c']", "not a file here"),
    ("transcoders: [nowhere.safetensors]", "nowhere.safetensors cannot be read"),
  ])
  func `fields of a configuration that cannot be followed are named`(more: String, reason: String) throws {
    let folder = try TranscoderFolder.perLayer(more: more)
    let error = try #require(throws: TranscodingError.self) { try folder.load() }
    #expect(error.description.contains(reason), "\(error)")
  }

  @Test(arguments: [
    ("? [a]\n: b", "it has a key that is no text"),
    ("model_name: {? [1]: 2}", "its model_name is not a text"),
    ("scan: {a: &x [b], c: *x}", "its scan is not a text"),
    ("transcoders: [[layer_0.safetensors]]", "its transcoders is not a list of paths"),
    ("activation: *nowhere", "it is not a YAML mapping"),
    ("model_name: a\nmodel_name: b", "it is not a YAML mapping"),
  ])
  func `values that no field has are refused`(more: String, reason: String) throws {
    let folder = try TranscoderFolder.perLayer(more: more)
    let error = try #require(throws: TranscodingError.self) { try folder.load() }
    #expect(error.description.contains(reason), "\(error)")
  }

  @Test(arguments: ["model_id: a", "scans: [a]", "activations: a\nactivation: relu", "topk_keeps_negative:"])
  func `fields that say nothing here are left alone`(more: String) throws {
    #expect(try TranscoderFolder.perLayer(more: more + "\nmodel_name: b").load().layerCount == 1)
  }

  @Test func `a key as long as a book is compared with nothing`() throws {
    let folder = try TranscoderFolder.perLayer(more: "? \(String(repeating: "q", count: 60_000))\n: 1")
    let (coder, seconds) = try processorSeconds { try folder.load() }
    #expect(coder.layerCount == 1 && seconds < 5)
  }

  /// Forty lists of three times the one before would be 3⁴⁰ values, and as keys they would be compared.
  @Test(arguments: ["", "? "]) func `aliases to aliases are not unfolded`(key: String) throws {
    var more = "x0: &a0 [y, y]"
    for level in 1...40 {
      let list = Array(repeating: "*a\(level - 1)", count: 3).joined(separator: ", ")
      more += key.isEmpty ? "\nx\(level): &a\(level) [\(list)]" : "\n? &a\(level) [\(list)]\n: y"
    }
    let folder = try TranscoderFolder.perLayer(more: more)
    let error = try #require(throws: TranscodingError.self) { try folder.load() }
    #expect(error.description.contains("by 120 aliases"), "\(error)")
    #expect(
      try TranscoderFolder.perLayer(more: "x: &a tiny\nmodel_name: *a").load().configuration.modelName
        == "tiny")
  }

  @Test(arguments: [
    ("threshold_", [3], "threshold of its features"), ("W_skip_", [2, 2], "skip connection"),
  ])
  func `layers that differ in what they have are refused`(name: String, shape: [Int], what: String) throws {
    for having in 0...1 {
      let folder = try TranscoderFolder.crossLayer { layer, tensors in
        if layer == having { tensors[name + "\(layer)"] = .counting(shape) }
      }
      let error = try #require(throws: TranscodingError.self) { try folder.load() }
      let reason = "layer \(1 - having) has no \(what), but layer \(having) has"
      #expect(error.description.contains(reason), "\(error)")
    }
  }

  @Test func `relu beside thresholds is a contradiction`() throws {
    let folder = try TranscoderFolder.perLayer(more: "activation: relu") {
      $0["activation_function.threshold"] = .counting([3])
    }
    let error = try #require(throws: TranscodingError.self) { try folder.load() }
    #expect(error.description.contains("its activation is relu, but layer 0 has thresholds"))
    #expect(try TranscoderFolder.perLayer(more: "activation: relu").load().layerCount == 1)
  }
}

extension URL {
  /// The same place, with the folder around it made.
  fileprivate func parentMade() throws -> URL {
    try FileManager.default.createDirectory(
      at: deletingLastPathComponent(), withIntermediateDirectories: true)
    return self
  }
}
