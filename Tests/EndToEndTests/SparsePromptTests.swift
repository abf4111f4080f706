import Clew
import Foundation
import TestSupport
import Testing
import TinyModels

/// Prompts at the edge of what can be traced, which are nevertheless traced.
struct SparsePromptTests {
  @Test func `a prompt of one token is traced behind the beginning of text, whose id is 0`() async throws {
    let summary = try await trace("w3", of: .shared())
    let tokens = try #require(summary["tokens"] as? [[String: Any]])
    #expect(tokens.map { $0["id"] as? Int } == [0, 3])
  }

  @Test func `a prompt that begins with the beginning of text gets no second one`() async throws {
    let summary = try await trace("<s> w3", of: .shared())
    let tokens = try #require(summary["tokens"] as? [[String: Any]])
    #expect(tokens.map { $0["id"] as? Int } == [0, 3])
  }

  @Test func `a prompt of nothing but the beginning of text is traced`() async throws {
    let summary = try await trace("<s>", of: .shared())
    #expect((summary["counts"] as? [String: Any])?["active_features"] as? Int == 0)
  }

  @Test func `one token without any special token is traced`() async throws {
    let model = try TinyModel.shared().copy()
    let tokenizer = model.model.appending(path: "tokenizer.json")
    let text = String(decoding: try Data(contentsOf: tokenizer), as: UTF8.self)
    try Data(text.replacing(try Regex("\"added_tokens\": \\[[^\\]]*\\]"), with: "\"added_tokens\": []").utf8)
      .write(to: tokenizer)
    let configuration = model.model.appending(path: "config.json")
    let fields = String(decoding: try Data(contentsOf: configuration), as: UTF8.self)
    try Data(
      fields.replacing("\"bos_token_id\": 0, \"eos_token_id\": 0", with: "\"bos_token_id\": null").utf8
    )
    .write(to: configuration)
    let summary = try await trace("w3", of: model)
    #expect((summary["tokens"] as? [[String: Any]])?.map { $0["id"] as? Int } == [3])
  }

  @Test(arguments: ["1", "0.99", "0.5", "0"])
  func `without any active feature the errors and tokens explain everything`(coverage: String) async throws {
    let model = try TinyModel.shared().copy()
    for layer in 0..<3 {
      try RawSafetensors.overwrite(
        "threshold_\(layer)", in: model.transcoders.appending(path: "W_enc_\(layer).safetensors"),
        with: Array(repeating: 1e30, count: 24))
    }
    let summary = try await trace("w3 w14 w15 w9", of: model, "--coverage", coverage)
    let counts = try #require(summary["counts"] as? [String: Any])
    #expect(counts["active_features"] as? Int == 0)
    #expect(counts["edges"] as? Int ?? 0 > 0)
  }

  @Test func `people are told when no feature is active`() async throws {
    let model = try TinyModel.shared().copy()
    for layer in 0..<3 {
      try RawSafetensors.overwrite(
        "threshold_\(layer)", in: model.transcoders.appending(path: "W_enc_\(layer).safetensors"),
        with: Array(repeating: 1e30, count: 24))
    }
    let output = try OutputFolder(isThere: false)
    let outcome = try await ClewProcess.run(traceArguments(of: model, to: output))
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(outcome.output.contains("no feature is active"), "\(outcome.output)")
    let report = try String(contentsOf: output.url.appending(path: "report.md"), encoding: .utf8)
    #expect(report.contains("No feature is active"))
  }

  @Test func `a prompt whose last position has no active feature is traced`() async throws {
    let model = try TinyModel.shared().copy()
    let opened = try model.open()
    // Thresholds just above what the last position reaches in any layer.
    let tokens = try Prompt("w3 w14 w15 w9", tokenizer: opened.tokenizer).tokens
    let recording = try opened.transformer.record(tokens)
    for layer in 0..<3 {
      let z = opened.transcoder.preactivations(of: recording.residualMid[layer], layer: layer)
      let last = z.row(tokens.count - 1)
      try RawSafetensors.overwrite(
        "threshold_\(layer)", in: model.transcoders.appending(path: "W_enc_\(layer).safetensors"),
        with: last.map { max(0, $0) })
    }
    let summary = try await trace("w3 w14 w15 w9", of: model)
    let counts = try #require(summary["counts"] as? [String: Any])
    #expect(counts["active_features"] as? Int ?? 0 > 0)
  }

  /// Traces and reads back what was printed and written.
  private func trace(_ prompt: String, of model: TinyModel, _ more: String...) async throws -> [String: Any] {
    let output = try OutputFolder(isThere: false)
    let outcome = try await ClewProcess.run(traceArguments(prompt, of: model, to: output, "--json") + more)
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(outcome.error.isEmpty)
    #expect(try output.files().count == 6)
    _ = try AttributionGraph(traceFolder: output.url)
    return try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any] ?? [:]
  }
}
