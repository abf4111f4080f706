import Clew
import Foundation
import TestSupport
import Testing
import TinyModels

/// Many prompts, one model: `clew trace --prompts`.
struct PromptListTests {
  private static func arguments(_ list: String, _ more: String...) throws -> [String] {
    let model = try TinyModel.shared()
    return ["trace", "--prompts", list, "--model", model.model.path, "--transcoders", model.transcoders.path]
      + more
  }

  private static func records(_ output: String) throws -> [JSONObject] {
    try output.split(separator: "\n").map { try #require(JSON(parsing: Array($0.utf8)).object) }
  }

  @Test func `every prompt of a text gets its folder, and empty lines none`() async throws {
    let folder = try TemporaryFolder()
    try folder.write("prompts.txt", "\u{FEFF}w3 w14\r\n\n   \nw15 w9\nw5 w3\n".utf8)
    let outcome = try await ClewProcess.run(try Self.arguments("prompts.txt"), in: folder.url)
    #expect(outcome.status == 0, "\(outcome.error)")
    let files = try folder.files().filter { $0 != "prompts.txt" }
    #expect(
      Set(files)
        == Set(
          ["w3-w14", "w15-w9", "w5-w3"].flatMap { name in
            OutputFolder.traceFiles.map { "Output/\(name)/\($0)" }
          }))
    #expect(outcome.output.contains("line      4\n") && outcome.output.contains("3 of 3 prompts"))
    // Each is what the prompt alone gives.
    let single = try OutputFolder(isThere: false)
    let alone = try await ClewProcess.run(traceArguments("w15 w9", of: .shared(), to: single))
    #expect(alone.status == 0, "\(alone.error)")
    for name in ["graph.json", "graph.safetensors", "graph.svg"] {
      let ours = try Data(contentsOf: folder.url("Output/w15-w9/\(name)"))
      #expect(try single.files()[name] == ours, "\(name)")
    }
  }

  @Test func `broken lines are named, the others are traced, and the status is 1`() async throws {
    let folder = try TemporaryFolder()
    let lines = [
      #"{"prompt": "w3 w14", "slug": "first"}"#, #"{"prompt": "w3 w14""#, #"{"text": "w3"}"#, "",
      #"{"prompt": "w3 w15 w9", "target": "w7-w8", "slug": "difference"}"#, #"{"prompt": ""}"#,
      #"{"prompt": "w3", "slug": "../out"}"#, #"{"prompt": "w3", "target": [3]}"#,
      #"{"prompt": "w5", "slug": "first"}"#,
      #"{"prompt": "w3 w15", "target": "nosuchtoken", "slug": "lost"}"#,
      #"["w3"]"#, #"{"prompt": "w3 w15 w9", "target": ["w7", "token:8"]}"#,
      #"{"tokens": [0, 3, 14], "slug": "ids"}"#, #"{"tokens": [3, -1]}"#,
    ]
    try folder.write("prompts.jsonl", Array(lines.joined(separator: "\n").utf8) + [0x0A, 0x22, 0xFF, 0x22])
    let outcome = try await ClewProcess.run(
      try Self.arguments("prompts.jsonl", "--json", "--output", "made"), in: folder.url)
    #expect(outcome.status == 1)
    let records = try Self.records(outcome.output)
    #expect(records.compactMap { $0["line"]?.int } == [1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15])
    #expect(records.filter { $0["error"] == nil }.compactMap { $0["line"]?.int } == [1, 5, 12, 13])
    let complaints = outcome.error.split(separator: "\n").filter { $0.hasPrefix("clew: line ") }
    #expect(complaints.count == 10, "\(outcome.error)")
    for (line, word) in [
      (2, "not JSON"), (3, "'text'"), (6, "empty"), (7, "slug"), (8, "target"), (9, "line 1"),
      (10, "nosuchtoken"),
      (11, "object"), (14, "whole numbers"), (15, "object"),
    ] {
      #expect(
        complaints.contains { $0.hasPrefix("clew: line \(line) of prompts.jsonl: ") && $0.contains(word) },
        "\(line) \(word)")
    }
    let folders = try Set(
      folder.files().compactMap { $0.hasPrefix("made/") ? $0.split(separator: "/")[1] : nil })
    #expect(folders == ["first", "difference", "w3-w15-w9-w7-token-8", "ids"])
    // Tokens are read as they are.
    let read = records.first { $0["line"] == 13 }?["tokens"]?.array?.compactMap { $0.object?["id"]?.int }
    #expect(read == [0, 3, 14])
    let targets = try #require(records.first { $0["line"] == 5 }?["targets"]?.array?.first?.object)
    #expect(targets["text"] == "w7 − w8" && targets["probability"] == nil)
    let (difference, logs) = (
      try #require(targets["logit_difference"]?.double),
      try #require(targets["log_probability_difference"]?.double)
    )
    #expect(abs(difference - logs) < 1e-5)
  }

  @Test func `standard input is read to its end, and a log hears how far it is`() async throws {
    let folder = try TemporaryFolder()
    try folder.write("prompts.txt", "w3 w14\nw15 w9\n".utf8)
    // Longer than a log waits for its line.
    let outcome = try await ClewProcess.run(
      try Self.arguments("-", "--json"), after: "exec < <(sleep 11.5; cat prompts.txt)", in: folder.url)
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(try Self.records(outcome.output).map { $0["slug"]?.string } == ["w3-w14", "w15-w9"])
    #expect(outcome.error.hasPrefix("clew: ") && outcome.error.contains("prompt"), "\(outcome.error)")
  }

  @Test func `each line decides whether it is JSON, whatever the file is called`() async throws {
    let folder = try TemporaryFolder()
    try folder.write(
      "prompts.txt", "w3 w14\n {\"prompt\": \"w15 w9\"}\n{\"prompt\": \"w3\", \"tokens\": [1]}\n".utf8)
    let outcome = try await ClewProcess.run(
      try Self.arguments("prompts.txt", "--json"), in: folder.url)
    #expect(outcome.status == 1)
    let records = try Self.records(outcome.output)
    #expect(records.map { $0["slug"]?.string } == ["w3-w14", "w15-w9", nil])
    #expect(outcome.error.contains("both a prompt and tokens"), "\(outcome.error)")
    let folderAsList = try await ClewProcess.run(try Self.arguments("."), in: folder.url)
    folderAsList.expectComplaint("Is a directory")
  }

  @Test func `a file that no list of prompts could be is refused before it fills the memory`() async throws {
    let folder = try TemporaryFolder()
    try folder.write("huge.txt", [])
    try FileHandle(forWritingTo: folder.url("huge.txt")).truncate(atOffset: 40 << 30)
    for list in ["huge.txt", "/dev/zero"] {
      let outcome = try await ClewProcess.run(try Self.arguments(list), in: folder.url)
      #expect(outcome.status == 1 && outcome.error.contains("more than 64 MiB"), "\(outcome)")
    }
  }

  @Test func `quiet keeps a log silent`() async throws {
    let outcome = try await ClewProcess.run(
      try Self.arguments("-", "--quiet"), after: "exec < <(sleep 11.5)")
    outcome.expectComplaint("standard input has no prompts")
  }

  @Test(arguments: [["x", "--prompts", "-"], [], ["--prompts", "-", "--slug", "one"]])
  func `a prompt and a list of prompts exclude each other`(words: [String]) async throws {
    let model = try TinyModel.shared()
    let outcome = try await ClewProcess.run(
      ["trace"] + words + ["--model", model.model.path, "--transcoders", model.transcoders.path])
    #expect(outcome.status == 2 && outcome.error.contains("prompt"), "\(outcome.error)")
  }

  @Test func `a stopped list keeps what is finished`() async throws {
    let folder = try TemporaryFolder()
    try folder.write(
      "prompts.jsonl",
      (#"{"prompt": "w3 w14", "slug": "a"}"# + "\n" + #"{"prompt": "w5 w3", "slug": "b"}"#).utf8)
    let clew = try ClewProcess(try Self.arguments("prompts.jsonl", "--json"), in: folder.url)
    try await poll(within: .seconds(60), "the first graph") {
      FileManager.default.fileExists(atPath: folder.url("Output/a/graph.json").path) ? true : nil
    }
    kill(clew.process.processIdentifier, SIGINT)
    let outcome = try await clew.outcome()
    // It may have come to its end before.
    #expect(outcome.status == 130 || outcome.status == 0, "\(outcome.error)")
    if outcome.status == 130 { #expect(outcome.error.contains("finished") && outcome.error.contains("kept")) }
    let files = try folder.files()
    #expect(OutputFolder.traceFiles.allSatisfy { files.contains("Output/a/\($0)") })
    #expect(files.allSatisfy { !$0.contains(".clew-") })
  }

  @Test func `a trace says which positions have no features, and how well it is reconstructed`() async throws
  {
    let output = try OutputFolder(isThere: false)
    let outcome = try await ClewProcess.run(traceArguments(of: .shared(), to: output))
    #expect(outcome.output.contains("left out  position 0 (<s>), without features"))
    #expect(outcome.output.contains("FVU ") && outcome.output.contains("by layer, on this prompt"))
    let json = try await ClewProcess.run(traceArguments(of: .shared(), to: output, "--json"))
    let summary = try #require(JSON(parsing: Array(json.output.utf8)).object)
    #expect(summary["positions_without_features"] == [0] && summary["notes"]?.array != nil)
    let layers = try #require(summary["reconstruction"]?.array).compactMap(\.object)
    #expect(layers.allSatisfy { ($0["fvu"]?.double ?? -1) > 0 && ($0["error_norm_share"]?.double ?? -1) > 0 })
    let report = try String(contentsOf: output.url.appending(path: "report.md"), encoding: .utf8)
    #expect(report.contains("| layer | feature | label | position | activation | share of the answer |"))
  }

  @Test func `labels of features stand in the report`() async throws {
    let tiny = try TinyModel(TinyModel.settings)
    defer { withExtendedLifetime(tiny) {} }
    let trace = try PromptTrace.trace(TraceRequest(prompt: "w3 w14 w15 w9"), with: try tiny.open())
    let strongest = try #require(
      trace.result.layout.features.max { trace.influence.values[$0] < trace.influence.values[$1] })
    let feature = trace.result.model.activations.entries[strongest].feature
    try Data("\(feature.layer) \(feature.index) of a | kind\n".utf8)
      .write(to: tiny.transcoders.appending(path: "labels.tsv"))
    let output = try OutputFolder(isThere: false)
    let outcome = try await ClewProcess.run(traceArguments(of: tiny, to: output, "--quiet"))
    #expect(outcome.status == 0, "\(outcome.error)")
    let report = try String(contentsOf: output.url.appending(path: "report.md"), encoding: .utf8)
    #expect(report.contains("| \(feature.layer) | \(feature.index) | `of a \\| kind` |"), "\(report)")
  }
}
