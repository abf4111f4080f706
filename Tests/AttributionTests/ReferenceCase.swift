import Clew
import Foundation
import TestSupport
import Testing

/// One trace of the published tool, with the model, transcoders and tokens that it was made of.
struct ReferenceCase: CustomTestStringConvertible, Sendable {
  let family: String
  let coder: String
  let file: String

  var testDescription: String { "\(family)/\(file)" }

  static let traces: [ReferenceCase] =
    ["clt", "plt"].flatMap { coder in
      ["name", "pronoun", "she"].map { .init(family: "stories260K", coder: coder, file: "\(coder)-\($0)") }
    }
    + [
      ("llama", ["clt_jumprelu", "clt_relu", "plt_jumprelu", "plt_relu", "plt_skip", "plt_topk"]),
      ("llama-rope3", ["clt_jumprelu", "plt_jumprelu"]),
      ("gpt2", ["clt_jumprelu", "plt_jumprelu", "plt_skip"]),
      ("gemma2", ["clt_jumprelu", "plt_jumprelu", "plt_skip"]),
      ("gemma3", ["clt_jumprelu", "plt_jumprelu", "plt_skip"]),
      ("qwen3", ["clt_jumprelu", "plt_jumprelu", "plt_skip"]),
    ].flatMap { family, coders in coders.map { .init(family: family, coder: $0, file: $0) } }

  static let interventions: [ReferenceCase] = [
    ("llama", "clt_jumprelu"), ("llama", "plt_skip"), ("gpt2", "clt_jumprelu"), ("gpt2", "plt_skip"),
    ("gemma2", "clt_jumprelu"), ("gemma2", "plt_skip"), ("gemma3", "clt_jumprelu"), ("gemma3", "plt_skip"),
    ("qwen3", "clt_jumprelu"), ("qwen3", "plt_skip"),
  ].map { .init(family: $0, coder: $1, file: $1) }

  var isReal: Bool { family == "stories260K" }
  var modelFolder: URL { SharedFiles.url(isReal ? "models/stories260K" : "reference/\(family)") }
  var coderFolder: URL {
    SharedFiles.url(isReal ? "transcoders/stories260K-\(coder)" : "reference/\(family)/\(coder)")
  }
  private var base: String { isReal ? "reference/stories260K/\(file)" : "reference/\(family)/cases/\(file)" }

  func tensors(_ kind: String) throws -> SafetensorsFile {
    try SafetensorsFile(SharedFiles.url("\(base).\(kind).safetensors"))
  }

  func json(_ kind: String) throws -> [String: Any] {
    try SharedFiles.json("\(base).\(kind).json") as? [String: Any] ?? [:]
  }

  /// The local replacement model of the case's tokens.
  func replacementModel(_ kind: String) throws -> LocalReplacementModel {
    let transformer = try Transformer(folder: modelFolder)
    let tokens = try tensors(kind).tensor("input_tokens").integers().map { Token($0) }
    return try LocalReplacementModel(
      of: transformer, transcoder: try Transcoder(folder: coderFolder),
      recording: try transformer.record(tokens, logits: .all))
  }

  /// The exhaustive trace of the case's tokens, or one at another coverage.
  func trace(
    coverage: Double = 1, _ change: (inout AttributionSettings) -> Void = { _ in }
  ) throws -> AttributionResult {
    let tokenizer = try Tokenizer(folder: modelFolder)
    let model = try replacementModel("trace")
    var settings = AttributionSettings()
    settings.coverage = coverage
    change(&settings)
    return try Attributor.attribute(
      model, prompt: Prompt(model.recording.tokens, tokenizer: tokenizer), tokenizer: tokenizer,
      settings: settings)
  }
}
