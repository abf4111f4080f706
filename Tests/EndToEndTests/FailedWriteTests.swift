import Clew
import Foundation
import TestSupport
import Testing
import TinyModels

/// Writes that fail or are stopped: what was there before stays, and nothing half-written remains.
struct FailedWriteTests {
  @Test(arguments: [true, false])
  func `a full disk leaves what was there`(isThere: Bool) async throws {
    for name in ["graph.json", "graph.svg", "run.json"] {
      let output = try OutputFolder(isThere: isThere)
      let outcome = try await ClewProcess.run(
        traceArguments(of: .shared(), to: output), after: "export CLEW_FILE_STEP=fail:\(name)")
      outcome.expectComplaint(name, "No space left on device", "another folder")
      try output.expectUntouched()
    }
  }

  @Test(arguments: [true, false])
  func `a file that grows too large leaves what was there`(isThere: Bool) async throws {
    let output = try OutputFolder(isThere: isThere)
    // Files may have 4 KiB: graph.json fits in part.
    let outcome = try await ClewProcess.run(
      traceArguments(of: .shared(), to: output, "--coverage", "1"),
      after: "trap '' XFSZ; ulimit -f 4")
    outcome.expectComplaint("graph.json", "File too large")
    try output.expectUntouched()
  }

  @Test(arguments: ["--json", "--coverage=1"])
  func `a summary that cannot be printed is an error`(option: String) async throws {
    let output = try OutputFolder(isThere: false)
    let arguments = traceArguments(of: try .shared(), to: output, option)
    try await ClewProcess.run(arguments, after: "exec >/dev/full")
      .expectComplaint("standard output", "No space left on device")
  }

  @Test(arguments: ["info", "score", "generate", "bench", "--help", "--version"])
  func `results that cannot be printed are an error of every command`(command: String) async throws {
    let model = try TinyModel.shared()
    let output = try OutputFolder(isThere: false)
    var arguments = [command]
    switch command {
    case "--help", "--version": break
    case "info": arguments.append(model.model.path)
    case "score":
      let traced = try await ClewProcess.run(traceArguments(of: model, to: output))
      #expect(traced.status == 0, "\(traced.error)")
      arguments.append(output.url.path)
    case "generate": arguments += ["w1 w2", "--model", model.model.path, "--tokens", "3"]
    default:
      arguments += [
        "trace", "--model", model.model.path, "--transcoders", model.transcoders.path, "--tokens", "4",
        "--rounds", "1",
      ]
    }
    try await ClewProcess.run(arguments, after: "exec >/dev/full")
      .expectComplaint("standard output", "No space left on device")
  }

  @Test(arguments: ["result", "result/below", "result/below/further"])
  func `a plain file in the folder's place stays, and is named`(path: String) async throws {
    let parent = try TemporaryFolder()
    try parent.write("result", "not a folder".utf8)
    var arguments = traceArguments(of: try .shared())
    arguments += ["--output", parent.url(path).path]
    try await ClewProcess.run(arguments).expectComplaint("result", "Not a directory")
    #expect(try Data(contentsOf: parent.url("result")) == Data("not a folder".utf8))
    #expect(try parent.files() == ["result"])
  }

  @Test func `a folder in a file's place stays, and no file is replaced`() async throws {
    let output = try OutputFolder()
    try output.parent.write("result/run.json/deep", "mine".utf8)
    try await ClewProcess.run(traceArguments(of: .shared(), to: output))
      .expectComplaint("run.json", "folder")
    #expect(
      try output.parent.files() == ["result/graph.json", "result/notes.txt", "result/run.json/deep"])
    #expect(try Data(contentsOf: output.url.appending(path: "graph.json")) == Data("an older graph".utf8))
  }

  @Test func `a folder without the right to write is left alone`() async throws {
    let output = try OutputFolder()
    chmod(output.url.path, 0o555)
    defer { chmod(output.url.path, 0o755) }
    // Root may write everywhere.
    try #require(geteuid() != 0 || access(output.url.path, W_OK) == 0)
    guard geteuid() != 0 else { return }
    try await ClewProcess.run(traceArguments(of: .shared(), to: output))
      .expectComplaint("Permission denied")
    try output.expectUntouched()
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
  func `a signal in the middle of writing leaves what was there`(signal: Int32) async throws {
    let output = try OutputFolder()
    // clew halts in the middle of its files, with the first written beside the folder.
    let clew = try ClewProcess(
      traceArguments(of: .shared(), to: output), after: "export CLEW_FILE_STEP=hold:graph.dot")
    let number = clew.process.processIdentifier
    try await clew.waitUntilItHolds()
    let written = output.parent.url(".result.clew-\(number)-1.partial/graph.safetensors")
    #expect(FileManager.default.fileExists(atPath: written.path))
    kill(number, signal)
    let outcome = try await clew.outcome()
    outcome.expectComplaint("stopped", status: 128 + signal)
    try output.expectUntouched()
  }

  @Test func `a signal in the middle of the work leaves what was there`() async throws {
    var settings = TinyModel.settings
    settings.layerCount = 6
    settings.dModel = 64
    settings.featureCount = 2048
    settings.activeFeatures = 500
    settings.contextLength = 96
    let model = try TinyModel(settings)
    let output = try OutputFolder()
    // Ten thousand rows of up to 100,000 sources on one thread: a minute, however late the signal comes.
    let arguments = traceArguments(
      settings.prompt(tokenCount: 64), of: model, to: output, "--coverage", "1", "--threads", "1",
      "--max-rows", "10000", "--quiet")
    let clew = try ClewProcess(arguments)
    try await Task.sleep(for: .milliseconds(500))
    #expect(clew.process.isRunning)
    kill(clew.process.processIdentifier, SIGINT)
    let outcome = try await clew.outcome()
    outcome.expectComplaint("stopped", status: 130)
    try output.expectUntouched()
  }
}
