import Clew
import Foundation
import TestSupport
import Testing
import TinyModels

/// What a command reads is not written over by what it writes.
struct OutputCheckTests {
  @Test func `files of a graph and of weights are not written over`() async throws {
    let model = try TinyModel.shared()
    let folder = try TemporaryFolder()
    let trace = folder.url("trace").path
    let made = try await ClewProcess.run(
      [
        "trace", "w3 w14", "--model", model.model.path, "--transcoders", model.transcoders.path, "--output",
        trace,
      ])
    try #require(made.status == 0, "\(made.error)")
    let coders = folder.url("coders")
    try FileManager.default.copyItem(at: model.transcoders, to: coders)
    let weights = try #require(
      try FileManager.default.contentsOfDirectory(atPath: coders.path).first { $0.hasSuffix(".safetensors") })
    let before = try Dictionary(
      uniqueKeysWithValues: folder.files().map { ($0, try Data(contentsOf: folder.url($0))) })
    for arguments in [
      ["export", "page", trace, "-o", "\(trace)/graph.json"],
      ["render", trace, "-o", "\(trace)/../trace/graph.json", "--format", "svg"],
      ["render", trace, "-o", folder.url("y.svg").path, "--caption", "\(trace)/run.json"],
      ["render", trace, "-o", folder.url("y.svg").path, "--table", folder.url("y.svg").path],
      ["prune", trace, "-o", "\(trace)/graph.json"],
      ["features", "export-labels", coders.path, "-o", coders.appending(path: weights).path],
    ] {
      let outcome = try await ClewProcess.run(arguments)
      #expect(outcome.status == 2 || outcome.status == 1, "\(arguments)")
      #expect(outcome.error.contains("Name"), "\(outcome.error)")
    }
    let after = try Dictionary(
      uniqueKeysWithValues: folder.files().map { ($0, try Data(contentsOf: folder.url($0))) })
    #expect(before == after)
  }

  @Test func `a second check does not take the place of the first`() async throws {
    let model = try TinyModel.shared()
    let folder = try TemporaryFolder()
    func check(_ prompt: String, _ more: String...) async throws -> ClewProcess.Outcome {
      try await ClewProcess.run(
        ["check", prompt, "--model", model.model.path, "--transcoders", model.transcoders.path, "--quiet"]
          + more,
        in: folder.url)
    }
    for prompt in ["w3 w14", "w5 w9", "w3 w14"] { #expect(try await check(prompt).status == 0) }
    let made = try Set(folder.files().compactMap { $0.split(separator: "/").dropFirst().first })
    #expect(made.count == 2, "\(made)")
    #expect(try await check("w3 w14", "--output", "mine").status == 0)
    let refused = try await check("w5 w9", "--output", "mine")
    refused.expectComplaint("another check", "--overwrite")
    #expect(try await check("w5 w9", "--output", "mine", "--overwrite").status == 0)
  }

  @Test func `empty names of folders, a model's folder as output, and a file that may not grow are refused`()
    async throws
  {
    let model = try TinyModel.shared()
    let folder = try TemporaryFolder()
    let empty = try await ClewProcess.run(["generate", "w3", "--model", ""], in: model.model)
    #expect(empty.status != 0 && empty.error.contains("empty"), "\(empty.error)")
    let copy = folder.url("model")
    try FileManager.default.copyItem(at: model.model, to: copy)
    let converted = try await ClewProcess.run(["convert", model.transcoders.path, "--output", copy.path])
    #expect(converted.status != 0 && converted.error.contains("holds a model"), "\(converted.error)")
    let limited = try await ClewProcess.run(
      [
        "trace", "w3 w14", "--model", model.model.path, "--transcoders", model.transcoders.path, "--output",
        "x",
      ],
      after: "ulimit -f 1", in: folder.url)
    #expect(limited.status == 1 && limited.error.contains("large"), "\(limited.status) \(limited.error)")
  }
}
