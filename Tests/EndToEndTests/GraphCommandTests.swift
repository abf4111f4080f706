import Clew
import Foundation
import TestSupport
import Testing
import TinyModels

/// The commands that work on what `clew trace` wrote, and those that look at models.
struct GraphCommandTests {
  /// A finished trace of the tiny model, with its summary.
  private func trace(_ more: String...) async throws -> (output: OutputFolder, summary: [String: Any]) {
    let output = try OutputFolder(isThere: false)
    let arguments = traceArguments(of: try .shared(), to: output, "--json") + more
    let outcome = try await ClewProcess.run(arguments)
    let json = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8))
    return (output, try #require(json as? [String: Any]))
  }

  private func run(_ arguments: String...) async throws -> String {
    let outcome = try await ClewProcess.run(arguments)
    #expect(outcome.status == 0, "\(outcome.error)")
    return outcome.output
  }

  @Test(arguments: ["1", "0.6"])
  func `pruning a trace's folder at its own shares gives its own file`(coverage: String) async throws {
    let (output, _) = try await trace("--coverage", coverage)
    let file = output.parent.url("again.json")
    _ = try await run("prune", output.url.path, "-o", file.path)
    #expect(try Data(contentsOf: file) == output.files()["graph.json"])
    _ = try await run("prune", output.url.path, "-o", file.path, "--node-share", "1", "--edge-share", "1")
    #expect(try Data(contentsOf: file).count > output.files()["graph.json"]?.count ?? .max)
  }

  @Test func `rendering a trace's folder gives its own figure and DOT`() async throws {
    let (output, _) = try await trace()
    for format in ["svg", "dot"] {
      let file = output.parent.url("again.\(format)")
      _ = try await run("render", output.url.path, "-o", file.path)
      #expect(try Data(contentsOf: file) == output.files()["graph.\(format)"])
    }
  }

  @Test(arguments: ["1", "0.6"])
  func `the scores of a trace's folder are those of its summary`(coverage: String) async throws {
    let (output, summary) = try await trace("--coverage", coverage)
    let text = try await run("score", output.url.path, "--json")
    let list = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]]
    let score = try #require(list?.first)
    let expected = try #require(summary["scores"] as? [String: Any])
    for name in ["replacement", "completeness"] {
      #expect(score[name] as? Double == expected[name] as? Double)
      #expect(score["\(name)_bounds"] as? [Double] == expected["\(name)_bounds"] as? [Double])
    }
  }

  @Test func `info tells a model from transcoders, and a foreign folder from both`() async throws {
    let model = try TinyModel.shared()
    #expect(try await run("info", model.model.path).contains("gpt2"))
    let coder = try await run("info", model.transcoders.path)
    #expect(coder.contains("cross_layer_transcoder") && coder.contains("24, 24, 24"))
    let empty = try TemporaryFolder()
    try await ClewProcess.run(["info", empty.url.path]).expectComplaint("config.json")
  }

  @Test func `generation is the same for the same seed, and stops at the context's end`() async throws {
    let model = try TinyModel.shared().model.path
    let arguments = ["generate", "w3 w4", "--model", model, "--temperature", "2", "--tokens", "40"]
    let first = try await ClewProcess.run(arguments + ["--seed", "5", "--json"])
    #expect(try await ClewProcess.run(arguments + ["--seed", "5", "--json"]).output == first.output)
    let json = try JSONSerialization.jsonObject(with: Data(first.output.utf8)) as? [String: Any]
    let tokens = try #require(json?["tokens"] as? [Int])
    #expect(tokens.count <= 14 && !tokens.isEmpty)
    let logs = try #require(json?["log_probabilities"] as? [Double])
    #expect(logs.count == tokens.count && logs.allSatisfy { $0 < 0 })
    let plain = try await ClewProcess.run(arguments + ["--seed", "5"])
    #expect(plain.output == (json?["text"] as? String ?? "") + "\n")
  }

  @Test func `prompts of a list are continued as each alone, and broken lines are named`() async throws {
    let model = try TinyModel.shared().model.path
    let folder = try TemporaryFolder()
    let lines = [
      "w3 w4", #"{"tokens":[0,5,9]}"#, #"{"prompt":"w1","target":"w2"}"#, "zebra", "w8",
      String(repeating: "w5 ", count: 17), #"{"prompt":"w30 w2"}"#,
    ]
    try folder.write("prompts.txt", lines.joined(separator: "\n").utf8)
    let options = ["--model", model, "--temperature", "1.5", "--seed", "5", "--count", "6"]
    let list = try await ClewProcess.run(
      ["generate", "--prompts", "prompts.txt", "--json"] + options, in: folder.url)
    #expect(list.status == 1, "\(list.error)")
    let records = try list.output.split(separator: "\n").map {
      try #require(JSON(parsing: Array($0.utf8)).object)
    }
    #expect(records.map { $0["line"]?.int } == Array(1...7))
    #expect(records.map { $0["error"] == nil } == [true, true, false, true, true, false, true])
    for number in [3, 6] { #expect(list.error.contains("line \(number) of prompts.txt: ")) }
    for (record, prompt) in [(0, ["w3 w4"]), (1, ["--tokens=0,5,9"]), (4, ["w8"]), (6, ["w30 w2"])] {
      let alone = try await ClewProcess.run(["generate", "--json"] + prompt + options)
      let own = try #require(JSON(parsing: Array(alone.output.utf8)).object)
      #expect(own["tokens"] == records[record]["tokens"] && own["text"] == records[record]["text"])
      #expect(own["prompt_tokens"] == records[record]["prompt_tokens"])
    }
    let text = try await ClewProcess.run(
      ["generate", "--prompts", "-"] + options, after: "exec < prompts.txt", in: folder.url)
    #expect(
      text.status == 1 && text.output.hasPrefix("line      1\n") && text.error.contains("of standard input"))
    for more in [["w1"], ["--tokens", "1,2"]] {
      let outcome = try await ClewProcess.run(
        ["generate", "--prompts", "prompts.txt", "--model", model] + more, in: folder.url)
      #expect(outcome.status == 2 && outcome.error.contains("exclude each other"), "\(outcome)")
    }
  }

  @Test(arguments: [
    ["render", "nothing.json"], ["prune", "nothing.json", "-o", "out.json"], ["score", "nothing.json"],
    ["info", "nothing"], ["generate", "w1", "--model", "nothing"],
  ])
  func `a missing file is one sentence`(arguments: [String]) async throws {
    try await ClewProcess.run(arguments).expectComplaint("nothing")
  }

  @Test func `a page with examples of transcoders that are missing is refused`() async throws {
    let (output, _) = try await trace()
    let page = output.parent.url("page.html").path
    let missing = output.parent.url("nowhere").path
    try await ClewProcess.run(["export", "page", output.url.path, "-o", page, "--transcoders", missing])
      .expectComplaint("nowhere")
    #expect(!FileManager.default.fileExists(atPath: page))
    // Transcoders without examples are sound; the page goes without.
    let made = try await ClewProcess.run(
      ["export", "page", output.url.path, "-o", page, "--transcoders", TinyModel.shared().transcoders.path])
    #expect(made.status == 0 && made.error.contains("features build"), "\(made.error)")
  }

  @Test(arguments: [
    ["render"], ["render", "x", "--width", "wide"], ["prune", "x"],
    ["prune", "x", "-o", "y", "--node-share", "2"],
    ["score"], ["check", "--model", "x", "--transcoders", "y"], ["generate", "x"],
    ["generate", "x", "--model", "y", "--top-p", "0"], ["generate", "x", "--model", "y", "--top-k", "0"],
  ])
  func `wrong arguments end with status 2`(arguments: [String]) async throws {
    let outcome = try await ClewProcess.run(arguments)
    #expect(outcome.status == 2)
    #expect(outcome.output.isEmpty && outcome.error.hasPrefix("clew: "))
  }
}
