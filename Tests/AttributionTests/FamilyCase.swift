import Clew
import Foundation
import TestSupport
import Testing
import TinyModels

/// A tiny made-up model of a family with the logits that the transformers library gives it, and transcoders for it;
/// `Tests/Fixtures/Families/make.py` made them.
struct FamilyCase: CustomTestStringConvertible, Sendable {
  let name: String
  /// Whose transcoders it has, if not its own.
  var coder: String?
  /// Where they read, if not where their file says.
  var inputHook: FeatureInputHook?
  /// What they reconstruct, if not what their file says.
  var outputHook: FeatureOutputHook?
  /// Whether the norms behind the MLPs are made to take the mean out and to add a bias, which no family's do.
  var hasLayerNorms = false

  var testDescription: String {
    [
      name, coder.map { "transcoders of \($0)" }, inputHook?.rawValue, outputHook?.rawValue,
      hasLayerNorms ? "layer norms" : nil,
    ]
    .compactMap(\.self).joined(separator: ", ")
  }

  private static let families = SharedFiles.packageRoot.appending(path: "Tests/Fixtures/Families")
  var folder: URL { Self.families.appending(path: name) }

  static let all = [
    "mistral", "qwen2", "qwen2-window", "qwen3-bias", "llama-bias", "llama-linear", "llama-dynamic",
    "llama-yarn",
    "gemma2-window", "gemma3-window", "gpt2", "gpt_neox", "gpt_neox-sequential", "gpt_oss", "gpt_oss-mxfp4",
  ].map { FamilyCase(name: $0) }

  /// Transcoders that read behind the norm before the MLP, before its gain, as those of Gemma Scope do, or behind its gain.
  static let behindNorm = [
    FamilyCase(name: "gemma2-window", inputHook: .normalized),
    FamilyCase(name: "gemma2-window", inputHook: .mlpInput),
    FamilyCase(name: "gemma2-window", inputHook: .normalized, outputHook: .mlpOutputInner),
    FamilyCase(name: "gemma3-window", inputHook: .mlpInput),
    FamilyCase(name: "gpt_oss", inputHook: .normalized),
  ]

  /// Transcoders of what MLPs write before the norms behind them, the last two with skip connections.
  static let insideNorm = [
    FamilyCase(name: "gemma2-window", outputHook: .mlpOutputInner),
    FamilyCase(name: "gemma3-window", outputHook: .mlpOutputInner),
    FamilyCase(name: "gemma2-window", coder: "gpt_neox", outputHook: .mlpOutputInner),
    FamilyCase(name: "gemma2-window", coder: "gpt_neox", outputHook: .mlpOutputInner, hasLayerNorms: true),
  ]

  /// Words for the tokens, which no number depends on.
  static let tokenizer = Result<Tokenizer, any Error> {
    var settings = TinyModel.settings
    settings.vocabularyCount = 48
    return try TinyModel(settings).open().tokenizer
  }

  func expected() throws -> (tokens: [Token], logits: [Float]) {
    let file = try SafetensorsFile(folder.appending(path: "expected.safetensors"))
    return (try file.tensor("tokens").integers().map { Token($0) }, try file.tensor("logits").floats())
  }

  func transformer() throws -> Transformer {
    let model = try Transformer(folder: folder)
    guard hasLayerNorms else { return model }
    return model.replacingBlocks { block in
      let norm = block.mlpPostNorm.map {
        NormLayer(kind: .layer(epsilon: 1e-5), gain: $0.gain, bias: $0.gain.map { 1 - $0 })
      }
      return Block(
        attentionNorm: block.attentionNorm, attention: block.attention,
        attentionPostNorm: block.attentionPostNorm, mlpNorm: block.mlpNorm, feedForward: block.feedForward,
        mlpPostNorm: norm)
    }
  }

  func transcoder() throws -> Transcoder {
    let source = Self.families.appending(path: coder ?? name).appending(path: "transcoders")
    if inputHook == nil, outputHook == nil { return try Transcoder(folder: source) }
    let folder = try TemporaryFolder()
    for file in try FileManager.default.contentsOfDirectory(atPath: source.path) where file != "config.yaml" {
      try FileManager.default.copyItem(at: source.appending(path: file), to: folder.url(file))
    }
    let text = try String(contentsOf: source.appending(path: "config.yaml"), encoding: .utf8)
    let changed = text.split(separator: "\n").map { line in
      if let inputHook, line.hasPrefix("feature_input_hook:") {
        return "feature_input_hook: \(inputHook.rawValue)"
      }
      if let outputHook, line.hasPrefix("feature_output_hook:") {
        return "feature_output_hook: \(outputHook.rawValue)"
      }
      return String(line)
    }
    try folder.write("config.yaml", changed.joined(separator: "\n").utf8)
    // The files are mapped, and outlive the folder.
    return try withExtendedLifetime(folder) { try Transcoder(folder: folder.url) }
  }

  func replacementModel(tokens count: Int? = nil) throws -> LocalReplacementModel {
    let transformer = try transformer()
    let tokens = try expected().tokens
    return try LocalReplacementModel(
      of: transformer, transcoder: try transcoder(),
      recording: try transformer.record(Array(tokens.prefix(count ?? tokens.count)), logits: .all))
  }

  func trace(tokens count: Int? = nil) throws -> AttributionResult {
    try Self.trace(try replacementModel(tokens: count))
  }

  static func trace(_ model: LocalReplacementModel) throws -> AttributionResult {
    let tokenizer = try tokenizer.get()
    var settings = AttributionSettings()
    settings.coverage = 1
    return try Attributor.attribute(
      model, prompt: Prompt(model.recording.tokens, tokenizer: tokenizer), tokenizer: tokenizer,
      settings: settings)
  }
}

extension Transformer {
  /// The same model with every layer changed.
  func replacingBlocks(_ change: (Block) -> Block) -> Transformer {
    Transformer(
      configuration: configuration, embedding: embedding, positionEmbedding: positionEmbedding,
      blocks: blocks.map(change), finalNorm: finalNorm, unembedding: unembedding, folder: folder)
  }
}
