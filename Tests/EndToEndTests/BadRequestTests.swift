import Clew
import Foundation
import TestSupport
import Testing
import TinyModels

/// Prompts, targets and arguments that cannot be: one sentence, nothing touched.
struct BadRequestTests {
  @Test(arguments: ["", " ", "\n\t"])
  func `an empty prompt is refused`(prompt: String) async throws {
    let output = try OutputFolder()
    try await ClewProcess.run(traceArguments(prompt, of: .shared(), to: output)).expectComplaint("empty")
    try output.expectUntouched()
  }

  @Test func `an empty prompt is refused whatever its target`() async throws {
    let output = try OutputFolder()
    try await ClewProcess.run(traceArguments("", of: .shared(), to: output, "--target", "feature:0/1@0"))
      .expectComplaint("empty")
    try output.expectUntouched()
  }

  @Test func `a prompt longer than the context is refused with both lengths`() async throws {
    let output = try OutputFolder()
    let prompt = Array(repeating: "w5", count: 16).joined(separator: " ")
    try await ClewProcess.run(traceArguments(prompt, of: .shared(), to: output))
      .expectComplaint("17 tokens", "at most 16")
    try output.expectUntouched()
  }

  @Test func `a prompt as long as the context is traced`() async throws {
    let output = try OutputFolder(isThere: false)
    let prompt = Array(repeating: "w5", count: 15).joined(separator: " ")
    let outcome = try await ClewProcess.run(traceArguments(prompt, of: .shared(), to: output))
    #expect(outcome.status == 0, "\(outcome.error)")
  }

  @Test(arguments: [
    ("feature:9/0@1", "layers 0 to 2"), ("feature:-1/0@1", "layers 0 to 2"),
    ("feature:0/3@99", "positions 0 to 4"),
    ("feature:0/3@-6", "positions 0 to 4"), ("feature:1/24@2", "features 0 to 23"),
    ("feature:1/-1@2", "features 0 to 23"), ("feature:0/3@0", "position 0"),
    ("feature:1/2", "LAYER/INDEX@POSITION"),
    ("feature:", "LAYER/INDEX@POSITION"), ("feature:a/b@c", "LAYER/INDEX@POSITION"),
    ("feature:99999999999999999999/1@1", "LAYER/INDEX@POSITION"), ("feature:1/2@3@4", "LAYER/INDEX@POSITION"),
    ("garbage", "no single token"), ("w1-garbage", "no single token"), ("-", "no single token"),
    ("w40", "no single token"), ("w3-w3", "two tokens"), ("-w3", "left side"), ("w3-", "right side"),
    ("token:40", "ids 0 to 39"), ("token:-1", "ids 0 to 39"),
    ("w3-token:40", "ids 0 to 39"), ("token:99999999999-w3", "ids 0 to 39"), ("token:x", "no single token"),
  ])
  func `a target that the prompt does not have is refused`(target: String, reason: String) async throws {
    let output = try OutputFolder()
    try await ClewProcess.run(traceArguments(of: .shared(), to: output, "--target=\(target)"))
      .expectComplaint("'\(target)'", reason)
    try output.expectUntouched()
  }

  @Test func `a feature that is not active is refused as a target`() async throws {
    let trace = try PromptTrace.trace(
      TraceRequest(prompt: "w3 w14 w15 w9"), with: try TinyModel.shared().open())
    let active = trace.result.model.activations
    let silent = try #require(
      (0..<24).first { active.place(of: FeatureID(layer: 1, index: $0), position: 2) == nil })
    let strongest = try #require(
      active.places(layer: 1, position: 2).map { active.entries[$0] }.max { $0.activation < $1.activation })
    let output = try OutputFolder()
    try await ClewProcess.run(traceArguments(of: .shared(), to: output, "--target", "feature:1/\(silent)@2"))
      .expectComplaint(
        "feature:1/\(silent)@2", "not active", "active in layer 1 there: \(strongest.index)")
    try output.expectUntouched()
  }

  @Test(arguments: [
    ["--coverage", "1.5"], ["--coverage", "nan"], ["--coverage", "all"], ["--node-share", "-0.1"],
    ["--edge-share", "2"], ["--max-logits", "0"], ["--logit-mass", "0"], ["--max-rows", "0"],
    ["--threads", "0"], ["--threads", "9223372036854775807"],
    ["--memory", "some"], ["--memory", "-1GiB"], ["--slug", "../up"], ["--slug", ""], ["--output", ""],
    ["--target", "w3", "--max-logits", "3"], ["--target", "w3", "--logit-mass", "0.5"],
    ["--colour"],
    ["second prompt"],
  ])
  func `wrong arguments end with status 2`(arguments: [String]) async throws {
    let output = try OutputFolder()
    let outcome = try await ClewProcess.run(traceArguments(of: .shared(), to: output) + arguments)
    expectUsage(outcome)
    try output.expectUntouched()
  }

  @Test(arguments: ["--max-logits", "--max-rows"])
  func `a limit that nothing reaches is as good as none`(option: String) async throws {
    let output = try OutputFolder(isThere: false)
    let arguments = traceArguments(of: try .shared(), to: output, option, "9223372036854775807")
    let outcome = try await ClewProcess.run(arguments)
    #expect(outcome.status == 0, "\(outcome.error)")
  }

  @Test func `a name that is too long is refused with the length`() async throws {
    let name = String(repeating: "a", count: 201)
    let outcome = try await ClewProcess.run(traceArguments(of: .shared()) + ["--slug", name])
    expectUsage(outcome)
    #expect(outcome.error.contains("at most 200"))
  }

  @Test func `an argument that is not UTF-8 is refused`() async throws {
    let output = try OutputFolder()
    let outcome = try await ClewProcess.run(
      traceArguments(of: .shared(), to: output), after: #"set -- "$1" $'w3 \xff' "${@:3}""#)
    expectUsage(outcome)
    #expect(outcome.error.contains("argument 2") && outcome.error.contains("UTF-8"), "\(outcome.error)")
    try output.expectUntouched()
  }

  @Test func `a prompt of one position says that it has no features`() async throws {
    let output = try OutputFolder(isThere: false)
    let outcome = try await ClewProcess.run(traceArguments("<s>", of: .shared(), to: output))
    #expect(outcome.status == 0 && outcome.output.contains("position 0 alone"), "\(outcome.error)")
    #expect(!outcome.output.contains("were trained"))
  }

  @Test(arguments: [["trace"], ["trace", "w1"], ["tracing"], ["bench", "synthesize", "x", "--layers", "0"]])
  func `missing arguments end with status 2`(arguments: [String]) async throws {
    expectUsage(try await ClewProcess.run(arguments))
  }

  @Test(arguments: [["--help"], ["trace", "--help"], ["--version"]])
  func `help and version go to standard output`(arguments: [String]) async throws {
    let outcome = try await ClewProcess.run(arguments)
    #expect(outcome.status == 0 && outcome.error.isEmpty && outcome.output.contains("clew"))
  }

  /// One sentence that says what is wrong, then how the command is used.
  private func expectUsage(_ outcome: ClewProcess.Outcome, sourceLocation: SourceLocation = #_sourceLocation)
  {
    #expect(outcome.status == 2, "\(outcome.error)", sourceLocation: sourceLocation)
    #expect(outcome.output.isEmpty, sourceLocation: sourceLocation)
    #expect(outcome.error.hasPrefix("clew: "), "\(outcome.error)", sourceLocation: sourceLocation)
    #expect(outcome.error.contains("Usage: clew"), "\(outcome.error)", sourceLocation: sourceLocation)
    #expect(!outcome.error.contains("Fatal error"), sourceLocation: sourceLocation)
  }
}
