import Clew
import Foundation
import TestSupport
import Testing
import TinyModels

/// `--tokens` and `--bos`, which all commands that read a prompt have.
struct PromptOptionTests {
  private func tiny(_ command: String) throws -> (arguments: [String], model: TinyModel) {
    let model = try TinyModel.shared()
    let transcoders = command == "generate" ? [] : ["--transcoders", model.transcoders.path]
    return ([command, "--model", model.model.path] + transcoders, model)
  }

  @Test func `a prompt of tokens is traced like the text that they spell`() async throws {
    let (arguments, model) = try tiny("trace")
    let folder = try TemporaryFolder()
    let tokens = try Prompt("w3 w14 w15", tokenizer: model.open().tokenizer).tokens
    let list = tokens.map { "\($0)" }.joined(separator: ",")
    for (name, prompt) in [("text", ["w3 w14 w15"]), ("ids", ["--tokens", list])] {
      let outcome = try await ClewProcess.run(
        arguments + prompt + ["--output", folder.url(name).path, "--slug", "same", "--quiet"])
      #expect(outcome.status == 0, "\(outcome.error)")
    }
    #expect(
      try Data(contentsOf: folder.url("text/graph.json")) == Data(contentsOf: folder.url("ids/graph.json")))
    let run = try JSON(parsing: Array(Data(contentsOf: folder.url("ids/run.json")))).object
    let settings = run?["settings"]?.object
    #expect(settings?["tokens_given"] == .array(tokens.map { JSON(Int($0)) }))
  }

  @Test func `another opening token, and none, are read`() async throws {
    let (arguments, model) = try tiny("generate")
    let tokenizer = try model.open().tokenizer
    let (usual, other) = (
      try Prompt("w3 w4", tokenizer: tokenizer).tokens, try #require(tokenizer.id(ofPiece: "w9"))
    )
    for (bos, expected) in [
      (nil, usual), ("none", Array(usual.dropFirst())), ("w9", [other] + usual.dropFirst()),
    ] as [(String?, [Token])] {
      let outcome = try await ClewProcess.run(
        arguments + ["w3 w4", "--count", "2", "--json"] + (bos.map { ["--bos", $0] } ?? []))
      let record = try JSON(parsing: Array(outcome.output.utf8)).object
      #expect(record?["prompt_tokens"] == .array(expected.map { JSON(Int($0)) }))
      #expect((record?["tokens"]?.array?.count ?? 9) <= 2)
    }
  }

  @Test func `a number beside a text still says how much to add`() async throws {
    let (arguments, _) = try tiny("generate")
    let outcomes = [
      try await ClewProcess.run(arguments + ["w3 w4", "--tokens", "3", "--json"]),
      try await ClewProcess.run(arguments + ["w3 w4", "--count", "3", "--json"]),
    ]
    #expect(outcomes[0].output == outcomes[1].output && outcomes[0].status == 0)
  }

  @Test func `transcoders are checked on a prompt of tokens`() async throws {
    let (arguments, _) = try tiny("check")
    let folder = try TemporaryFolder()
    let outcome = try await ClewProcess.run(
      arguments + ["--tokens", "3,4,5,6", "--output", folder.url("check").path, "--quiet"])
    #expect(outcome.status == 0, "\(outcome.error)")
    let text = try String(contentsOf: folder.url("check/check.json"), encoding: .utf8)
    #expect(text.contains("one prompt of given tokens"))
  }

  @Test(arguments: [
    (["w1", "--tokens", "1,2"], "not both"), ([], "prompt"),
    (["--tokens", "1,2", "--bos", "none"], "--bos"),
    (["--tokens", "1,x"], "--tokens"), (["--tokens", "1,,2"], "--tokens"), (["--tokens", "-1"], "--tokens"),
  ])
  func `contradictions are refused before work`(prompt: [String], says: String) async throws {
    for command in ["trace", "generate"] {
      let outcome = try await ClewProcess.run(try tiny(command).arguments + prompt)
      #expect(outcome.status == 2, "\(command) \(prompt)")
      #expect(outcome.error.contains(says), "\(command) \(prompt): \(outcome.error)")
    }
  }

  @Test(arguments: [
    (
      ["--tokens", "1,40"],
      "the token id 40 lies outside this model's vocabulary of 40, whose ids are 0 to 39"
    ),
    (["w1", "--bos", "<nowhere>"], "the opening token '<nowhere>' cannot be put in front"),
    (["w1", "--bos", "token:40"], "'token:40'"),
  ])
  func `a token that is not there is refused by name`(prompt: [String], says: String) async throws {
    for command in ["trace", "generate", "check"] {
      let folder = try TemporaryFolder()
      let output = command == "generate" ? [] : ["--output", folder.url("out").path]
      let outcome = try await ClewProcess.run(try tiny(command).arguments + prompt + output)
      #expect(outcome.status == 1, "\(command) \(prompt)")
      #expect(outcome.error.contains(says), "\(command) \(prompt): \(outcome.error)")
    }
  }
}
