internal import Checkpoints
public import Foundation
internal import Tensors
internal import Tokenization
internal import Transcoding
internal import Transformers

/// A made-up model with made-up transcoders, of any size, for benchmarks and tests.
///
/// Shapes and sparsity are realistic; what it says is not: the weights are random numbers from a named seed.
public struct SyntheticModel: Sendable {
  /// A public model whose shape is taken, weights in bfloat16; the sizes below then do not count. GPT-2's layout with those
  /// sizes, in float32, if `nil`.
  public var likeness: ModelShape?
  /// Whether features write to all later layers or to their own alone.
  public var kind = TranscoderConfiguration.Kind.crossLayer
  public var layerCount = 12
  public var dModel = 768
  public var headCount = 12
  public var vocabularyCount = 50_257
  public var contextLength = 1024
  /// Transcoder features a layer.
  public var featureCount = 4096
  /// How many features of a layer are to be active at a position, on average.
  public var activeFeatures = 57.0
  public var seed: UInt64 = 0

  public init() {}

  /// Writes `model/` (with a tokenizer of made-up words) and `transcoders/` into a folder.
  /// - Parameter progress: Called with the part that is done; from ``modelPart`` on the model is whole.
  /// - Throws: ``SynthesisError`` before anything is written if there is no room or the place is taken, `CheckpointError` if writing fails.
  public func write(to folder: URL, progress: (Double) -> Void = { _ in }) throws {
    if let likeness {
      var sized = self
      sized.layerCount = likeness.layerCount
      sized.dModel = likeness.dModel
      sized.vocabularyCount = likeness.vocabularyCount
      sized.contextLength = likeness.contextLength
      return try sized.writeSized(to: folder, progress: progress)
    }
    try writeSized(to: folder, progress: progress)
  }

  /// The part of the work that is done once `model/` is there.
  public static let modelPart = 0.3

  /// Refuses to write over a model or transcoders that were not made here: models that were name their seed.
  private static func checkPlace(_ folder: URL) throws(SynthesisError) {
    let isTaken = ["model/config.json", "transcoders/config.yaml"].contains {
      FileManager.default.fileExists(atPath: folder.appending(path: $0).path)
    }
    let weights = try? SafetensorsFile(folder.appending(path: "model/model.safetensors"))
    if isTaken, weights?.metadata["seed"] == nil { throw .occupied(folder: folder.path) }
  }

  private func writeSized(to folder: URL, progress: (Double) -> Void) throws {
    let modelFolder = folder.appending(path: "model")
    try Self.checkPlace(folder)
    try checkSize(in: folder)
    let files = try FileBatch(replacing: modelFolder, owned: [])
    try files.stage("config.json", Array((likeness?.configuration ?? configuration).utf8))
    try files.stage("tokenizer.json", Array(tokenizer.utf8))
    if let likeness {
      try files.stage("model.safetensors", parts: likeness.weights(seed: seed).parts())
    } else {
      try files.stage("model.safetensors", parts: weights().parts())
    }
    try files.commit()
    progress(Self.modelPart)
    try writeTranscoders(
      to: folder.appending(path: "transcoders"), model: try Transformer(folder: modelFolder)
    ) { progress(Self.modelPart + (1 - Self.modelPart) * $0) }
  }

  /// A prompt of made-up words for the model's tokenizer.
  public func prompt(tokenCount: Int) -> String {
    var generator = SeededGenerator(seed: seed &+ 1)
    let words = likeness?.vocabularyCount ?? vocabularyCount
    return (1..<max(2, tokenCount)).map { _ in
      "w\(Int.random(in: 1..<words, using: &generator))"
    }.joined(separator: " ")
  }

  private var configuration: String {
    """
    {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "n_layer": \(layerCount), "n_embd": \(dModel),
     "n_head": \(headCount), "n_positions": \(contextLength), "vocab_size": \(vocabularyCount),
     "activation_function": "gelu_new", "layer_norm_epsilon": 1e-05, "tie_word_embeddings": true,
     "bos_token_id": 0, "eos_token_id": 0}
    """
  }

  private var tokenizer: String {
    let words = (0..<vocabularyCount).map { "\"\($0 == 0 ? "<s>" : "w\($0)")\": \($0)" }
    return """
      {"version": "1.0", "added_tokens": [{"id": 0, "content": "<s>", "special": true, "normalized": false,
        "single_word": false, "lstrip": false, "rstrip": false}], "normalizer": null,
       "pre_tokenizer": {"type": "WhitespaceSplit"}, "post_processor": null, "decoder": null,
       "model": {"type": "WordLevel", "unk_token": "<s>", "vocab": {\(words.joined(separator: ", "))}}}
      """
  }

  private func weights() -> SafetensorsWriter {
    var writer = SafetensorsWriter(metadata: [("format", "pt"), ("seed", "\(seed)")])
    let random = RandomRows(seed: seed)
    func add(_ name: String, _ shape: [Int], deviation: Float, around mean: Float = 0) {
      writer.add(name, random.values(shape.reduce(1, *), deviation: deviation, mean: mean), shape: shape)
    }
    // The scales of GPT-2's own initialisation; residual writers shrink with depth.
    let writing = 0.02 / Float(2 * layerCount).squareRoot()
    add("transformer.wte.weight", [vocabularyCount, dModel], deviation: 0.02)
    add("transformer.wpe.weight", [contextLength, dModel], deviation: 0.01)
    for layer in 0..<layerCount {
      let h = "transformer.h.\(layer)"
      for norm in ["ln_1", "ln_2"] {
        add("\(h).\(norm).weight", [dModel], deviation: 0.05, around: 1)
        add("\(h).\(norm).bias", [dModel], deviation: 0.02)
      }
      add("\(h).attn.c_attn.weight", [dModel, 3 * dModel], deviation: 0.08)
      add("\(h).attn.c_attn.bias", [3 * dModel], deviation: 0.02)
      add("\(h).attn.c_proj.weight", [dModel, dModel], deviation: 4 * writing)
      add("\(h).attn.c_proj.bias", [dModel], deviation: 0.01)
      add("\(h).mlp.c_fc.weight", [dModel, 4 * dModel], deviation: 0.08)
      add("\(h).mlp.c_fc.bias", [4 * dModel], deviation: 0.02)
      add("\(h).mlp.c_proj.weight", [4 * dModel, dModel], deviation: 4 * writing)
      add("\(h).mlp.c_proj.bias", [dModel], deviation: 0.01)
    }
    add("transformer.ln_f.weight", [dModel], deviation: 0.05, around: 1)
    add("transformer.ln_f.bias", [dModel], deviation: 0.02)
    return writer
  }

  /// Random dictionaries, with one threshold a layer that lets the wanted number of features through.
  private func writeTranscoders(
    to folder: URL, model: Transformer, progress: (Double) -> Void
  ) throws {
    var generator = SeededGenerator(seed: seed &+ 2)
    // How much a feature gets depends on how many tokens attention averages: samples are as long as a prompt.
    let samples = try (0..<8).map { _ in
      let words = (1..<min(16, contextLength)).map { _ in
        Token.random(in: 1..<Token(vocabularyCount), using: &generator)
      }
      return try model.record([0] + words)
    }
    let files = try FileBatch(folder: folder)
    let random = RandomRows(seed: seed &+ 3)
    for layer in 0..<layerCount {
      let encoder = random.values(
        featureCount * dModel, deviation: 1 / Float(dModel).squareRoot(), mean: 0)
      let weight = WeightMatrix(Matrix(rows: featureCount, columns: dModel, values: encoder))
      let z = samples.flatMap { sample in
        model.blocks[layer].featureInput(
          inputHook, residualMid: sample.residualMid[layer].rows(1..<sample.positionCount),
          scales: Array(sample.mlpNormScales[layer].dropFirst())
        ).multiplied(byTransposed: weight).values
      }
      let place = Int(Double(z.count / featureCount) * min(activeFeatures, Double(featureCount - 1)))
      let threshold = max(0, z.sorted(by: >)[place])
      switch kind {
      case .crossLayer: try stageCrossLayer(layer, encoder, threshold, random, in: files)
      case .perLayer: try stagePerLayer(layer, encoder, threshold, random, in: files)
      }
      progress(Double(layer + 1) / Double(layerCount))
    }
    try files.stage(
      "config.yaml",
      Array(
        """
        model_name: synthetic
        model_kind: \(kind.rawValue)
        feature_input_hook: \(inputHook.rawValue)
        feature_output_hook: hook_mlp_out

        """.utf8))
    try files.commit()
  }

  private var inputHook: FeatureInputHook { kind == .crossLayer ? .residualMid : .mlpInput }
  private var type: ElementType { likeness == nil ? .float32 : .bfloat16 }

  private func stageCrossLayer(
    _ layer: Int, _ encoder: [Float], _ threshold: Float, _ random: RandomRows, in files: FileBatch
  ) throws {
    var reading = SafetensorsWriter()
    reading.add("W_enc_\(layer)", encoder, shape: [featureCount, dModel], type: type)
    reading.add("b_enc_\(layer)", [Float](repeating: 0, count: featureCount), shape: [featureCount])
    reading.add("b_dec_\(layer)", [Float](repeating: 0, count: dModel), shape: [dModel])
    reading.add(
      "threshold_\(layer)", [Float](repeating: threshold, count: featureCount), shape: [featureCount])
    try files.stage("W_enc_\(layer).safetensors", parts: reading.parts())
    let outputs = layerCount - layer
    var writing = SafetensorsWriter()
    writing.add(
      "W_dec_\(layer)", shape: [featureCount, outputs, dModel], type: type, pieceCount: featureCount,
      piece: random.rows(outputs * dModel, deviation: 0.3 / Float(dModel).squareRoot()))
    try files.stage("W_dec_\(layer).safetensors", parts: writing.parts())
  }

  private func stagePerLayer(
    _ layer: Int, _ encoder: [Float], _ threshold: Float, _ random: RandomRows, in files: FileBatch
  ) throws {
    var writer = SafetensorsWriter()
    writer.add("W_enc", encoder, shape: [featureCount, dModel], type: type)
    writer.add("b_enc", [Float](repeating: 0, count: featureCount), shape: [featureCount])
    writer.add("b_dec", [Float](repeating: 0, count: dModel), shape: [dModel])
    writer.add(
      "activation_function.threshold", [Float](repeating: threshold, count: featureCount),
      shape: [featureCount])
    writer.add(
      "W_dec", shape: [featureCount, dModel], type: type, pieceCount: featureCount,
      piece: random.rows(dModel, deviation: 0.3 / Float(dModel).squareRoot()))
    try files.stage("layer_\(layer).safetensors", parts: writer.parts())
  }
}
