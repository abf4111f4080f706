import Foundation
import TestSupport
import Testing
import TinyModels

@testable import Clew

/// Files that training goes on from, and that are no longer what it wrote.
struct TrainingCheckpointTests {
  private let folder: TemporaryFolder

  /// A run that was stopped behind its first step.
  init() throws {
    folder = try TemporaryFolder()
    _ = try run(resumes: false).run(checkpointSeconds: 1e9, shouldStop: { true }, progress: { _ in })
  }

  private func run(resumes: Bool) throws -> TranscoderRun {
    try .tiny(of: TinyModel.shared().open().transformer, in: folder.url, resumes: resumes)
  }

  /// Replaces text in a file's metadata.
  private func replace(_ pattern: String, with text: String, under key: String, of file: URL) throws {
    try RawSafetensors.bend(file) { header in
      var metadata = header["__metadata__"] as? [String: String] ?? [:]
      let old = metadata[key] ?? ""
      let new = old.replacingOccurrences(of: pattern, with: text, options: .regularExpression)
      #expect(old != new)
      metadata[key] = new
      header["__metadata__"] = metadata
    }
    // What is wrong with it is not its checksum.
    try SealedFile.seal(file)
  }

  @Test func `what was not touched is gone on from`() throws {
    _ = try run(resumes: true).run(checkpointSeconds: 1e9, shouldStop: { true }, progress: { _ in })
  }

  @Test func `an export that is refused is kept aside, and the next attempt begins at the checkpoint`() throws
  {
    func finish(tolerance: Double) throws -> TranscoderRun.Outcome {
      let run = try run(resumes: true)
      run.exportTolerance = tolerance
      return try run.run(checkpointSeconds: 1e9, shouldStop: { false }, progress: { _ in })
    }
    let refused = TranscoderRun.refusedFolder(of: folder.url)
    defer { try? FileManager.default.removeItem(at: refused) }
    // Rounding is never less than nothing.
    let error = try #require(throws: TrainingError.self) { try finish(tolerance: -1) }
    #expect(error.description.contains("kept in \(refused.path)"), "\(error)")
    #expect(error.description.contains("--resume"))
    #expect(try !folder.files().contains { $0.hasSuffix("config.yaml") || $0.contains("W_enc") })
    let readme = try String(contentsOf: refused.appending(path: "README.md"), encoding: .utf8)
    #expect(readme.contains("Refused, do not use") && readme.contains("read again, the"))
    #expect(try Transcoder(folder: refused).layerCount == 3)
    guard case .finished = try finish(tolerance: 1e-4) else {
      Issue.record("it did not finish")
      return
    }
    #expect(try folder.files().contains("config.yaml"))
  }

  @Test(arguments: [
    (#""stepCount":1,"stream""#, #""stepCount":-1,"stream""#), (#""chunk":0"#, #""chunk":-1"#),
    (#""chunk":0"#, #""chunk":9223372036854775807"#), (#""offset":4"#, #""offset":-4"#),
    (#""offset":4"#, #""offset":9"#), (#""use":0"#, #""use":2"#),
    (#""passes":1"#, #""passes":9223372036854775807"#), (#""sums":\[[^]]*\]"#, #""sums":[]"#),
    (#""near":\[[^]]*\]"#, #""near":[1,2]"#), (#""longest":\[[^]]*\]"#, #""longest":[1]"#),
    (#""inputScales":\[[^]]*\]"#, #""inputScales":[1,0,1]"#),
    (#""targetMeans":\[\[[^]]*\]"#, #""targetMeans":[[1]"#),
    (#""cpuSeconds":[0-9.e-]*"#, #""cpuSeconds":-1"#),
    (#""byte":0"#, #""byte":-1"#), (#""row":[0-9]*"#, #""row":-9223372036854775808"#),
  ])
  func `a number of a checkpoint that no run has is refused`(pattern: String, text: String) throws {
    let file = folder.url("checkpoint/state.safetensors")
    try replace(pattern, with: text, under: "clew_training", of: file)
    let error = try #require(throws: TrainingError.self) { try run(resumes: true) }
    #expect(error.description.contains("state.safetensors cannot be used: it is"), "\(error)")
  }

  @Test func `features that were idle for impossible times are refused`() throws {
    let file = folder.url("checkpoint/state.safetensors")
    try RawSafetensors.overwrite("idle_1", in: file, with: Array(repeating: .nan, count: 16))
    try SealedFile.seal(file)
    let error = try #require(throws: TrainingError.self) { try run(resumes: true) }
    #expect(error.description.contains("idle for impossible numbers of tokens"), "\(error)")
  }

  @Test(arguments: [#"("end":\{[^}]*"row":)[0-9]+"#, #"("begin":\{[^}]*"row":)[0-9]+"#])
  func `kept activations that lead back to themselves are refused`(pattern: String) throws {
    let cache = try folder.files().filter { $0.hasPrefix("cache/") }
    try #require(!cache.isEmpty)
    for path in cache {
      try replace(
        pattern, with: pattern.contains("end") ? "$10" : "$1100000", under: "groups", of: folder.url(path))
    }
    let error = try #require(throws: TrainingError.self) { try run(resumes: true) }
    #expect(error.description.contains("its groups are none"), "\(error)")
  }

  @Test func `a checkpoint of an earlier layout is refused as such`() throws {
    let file = folder.url("checkpoint/state.safetensors")
    try RawSafetensors.bend(file) { header in
      var metadata = header["__metadata__"] as? [String: String] ?? [:]
      metadata["clew_training"] = metadata["clew_training"]?.replacing(#""version":2"#, with: #""version":1"#)
      header["__metadata__"] = metadata
      // It had no checksum.
      header["checksum"] = nil
    }
    let error = try #require(throws: TrainingError.self) { try run(resumes: true) }
    #expect(error.description.contains("its layout is version 1, not 2"), "\(error)")
    #expect(error.description.contains("--restart"))
  }

  @Test func `reports on another number of layers are left out`() throws {
    let line =
      #"{"step":1,"tokens":4,"penalty":[],"normalized_mse":[1],"l0":[2],"gradient_norm":1,"dead_share":0,"#
      + #""learning_rate":0.1,"cpu_seconds":1,"tokens_per_second":4}"#
    try folder.write("metrics.jsonl", (line + "\n").utf8)
    _ = try run(resumes: true)
    #expect(try Data(contentsOf: folder.url("metrics.jsonl")).isEmpty)
  }

}
