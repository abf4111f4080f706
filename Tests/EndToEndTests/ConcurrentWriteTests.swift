import Clew
import Foundation
import TestSupport
import Testing
import TinyModels

/// Several processes that write at the same time: none loses what it acknowledged.
struct ConcurrentWriteTests {
  /// Runs commands at the same time, in one folder.
  private func runAll(_ commands: [[String]], in folder: URL) async throws -> [ClewProcess.Outcome] {
    let processes = try commands.map { try ClewProcess($0, in: folder) }
    var outcomes: [ClewProcess.Outcome] = []
    for process in processes { outcomes.append(try await process.outcome()) }
    return outcomes
  }

  @Test func `eight traces of one name come to eight folders`() async throws {
    let folder = try TemporaryFolder()
    let spaces = (1...8).map { String(repeating: " ", count: $0) }
    let prompts = spaces.map { "w3\($0)w14 w15 w9" }
    let outcomes = try await runAll(
      try prompts.map { try traceArguments($0, of: .shared()) + ["--quiet"] }, in: folder.url)
    for outcome in outcomes { #expect(outcome.status == 0, "\(outcome.error)") }
    let names = (1...8).map { $0 == 1 ? "w3-w14-w15-w9" : "w3-w14-w15-w9-\($0)" }
    #expect(
      try folder.files()
        == names.flatMap { name in OutputFolder.traceFiles.map { "Output/\(name)/\($0)" } }.sorted())
    let traced = try names.map { name in
      let run = try JSON(parsing: Array(try Data(contentsOf: folder.url("Output/\(name)/run.json")))).object
      return run?["settings"]?.object?["prompt"]?.string
    }
    #expect(Set(traced) == Set(prompts))
  }

  @Test func `another model, other transcoders, another target or cut take a new name, the same its own`()
    async throws
  {
    let folder = try TemporaryFolder()
    let (own, other) = (try TinyModel.shared(), try TinyModel.shared().copy())
    // The same weights, but not the same transcoders.
    let configuration = other.transcoders.appending(path: "config.yaml")
    let text = try String(contentsOf: configuration, encoding: .utf8)
    try Data((text + "# another\n").utf8).write(to: configuration)
    let plain = traceArguments(of: own)
    let others = [
      plain, plain + ["--target", "w7"], plain + ["--node-share", "0.5"], plain + ["--max-rows", "3"],
      traceArguments(of: other),
    ]
    for arguments in others + others.reversed() {
      let outcome = try await ClewProcess.run(arguments + ["--quiet"], in: folder.url)
      #expect(outcome.status == 0, "\(outcome.error)")
    }
    let folders = Set(try folder.files().map { $0.split(separator: "/")[1] })
    #expect(folders.count == others.count, "\(folders.sorted())")
  }

  @Test func `a named folder that holds something else is refused before work begins`() async throws {
    let folder = try TemporaryFolder()
    try folder.write("mine/letter.txt", "dear".utf8)
    let other = try traceArguments("w3 w14 w15", of: .shared())
    #expect(try await ClewProcess.run(other + ["--output", "theirs", "--quiet"], in: folder.url).status == 0)
    let before = try folder.files()
    let arguments = try traceArguments(of: .shared())
    try await ClewProcess.run(arguments + ["--output", "mine"], in: folder.url)
      .expectComplaint("mine", "something else than a trace", "--overwrite")
    try await ClewProcess.run(arguments + ["--output", "theirs"], in: folder.url)
      .expectComplaint("theirs", "another request, “w3 w14 w15”", "--overwrite")
    #expect(try folder.files() == before)
    let forced = try await ClewProcess.run(
      arguments + ["--output", "mine", "--overwrite", "--quiet"], in: folder.url)
    #expect(forced.status == 0, "\(forced.error)")
    #expect(try folder.files().count == before.count + 6)
    let alone = try await ClewProcess.run(arguments + ["--overwrite"], in: folder.url)
    #expect(alone.status == 2 && alone.error.contains("--overwrite goes with the --output"), "\(alone.error)")
  }

  @Test func `a folder that another process writes is refused by name`() async throws {
    let output = try OutputFolder(isThere: false)
    let arguments = traceArguments(of: try .shared(), to: output)
    let first = try ClewProcess(arguments, after: "export CLEW_FILE_STEP=hold:graph.svg")
    try await first.waitUntilItHolds()
    try await ClewProcess.run(arguments).expectComplaint(
      "being written by another clew (process \(first.process.processIdentifier))")
    kill(first.process.processIdentifier, SIGKILL)
    _ = try await first.outcome()
    // What it claimed is free again, and what it left is taken away.
    #expect(try await ClewProcess.run(arguments).status == 0)
    #expect(try output.parent.files() == OutputFolder.traceFiles.map { "result/\($0)" })
  }

  @Test func `labels that several shells give at once are all kept`() async throws {
    let model = try TinyModel.shared().copy()
    let labels = 5
    try await withThrowingTaskGroup(of: Void.self) { group in
      for shell in 0..<4 {
        group.addTask {
          for place in 0..<labels {
            let outcome = try await ClewProcess.run([
              "features", "label", model.transcoders.path, "\(place % 2)", "\(shell * labels + place)",
              "label \(shell) \(place)",
            ])
            #expect(outcome.status == 0, "\(outcome.error)")
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try FeatureLabels(at: model.transcoders).user.count == 4 * labels)
  }

  @Test func `of two conversions into one folder the second is refused`() async throws {
    let folder = try TemporaryFolder()
    let arguments = ["convert", try TinyModel.shared().transcoders.path, "--output", "converted"]
    let first = try ClewProcess(
      arguments, after: "export CLEW_FILE_STEP=hold:conversion.json", in: folder.url)
    try await first.waitUntilItHolds()
    try await ClewProcess.run(arguments, in: folder.url).expectComplaint("converted", "another clew")
    kill(first.process.processIdentifier, SIGKILL)
    _ = try await first.outcome()
    let again = try await ClewProcess.run(arguments, in: folder.url)
    #expect(again.status == 0, "\(again.error)")
    #expect(try !folder.files().contains { $0.contains("/.") })
  }

  @Test func `of two trainings into one folder the second is refused`() async throws {
    let folder = try TemporaryFolder()
    let model = try TinyModel.shared()
    let text = (0..<400).map { "w\($0 % 39 + 1) w3 w14 w15 w9 w\($0 % 7 + 1) w5" }.joined(separator: "\n\n")
    try folder.write("text.txt", text.utf8)
    let arguments = [
      "train", "transcoder", "--model", model.model.path, "--text", "text.txt", "--features", "24", "--l0",
      "3",
      "--tokens-seen", "512", "--batch", "128", "--chunk", "1024", "--held-out", "512", "--quiet", "--output",
      "trained",
    ]
    let first = try ClewProcess(
      arguments, after: "export CLEW_FILE_STEP=hold:state.safetensors", in: folder.url)
    try await first.waitUntilItHolds()
    try await ClewProcess.run(arguments, in: folder.url).expectComplaint("trained", "another clew")
    kill(first.process.processIdentifier, SIGKILL)
    _ = try await first.outcome()
  }
}
