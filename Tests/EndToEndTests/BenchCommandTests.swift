import Clew
import Foundation
import TestSupport
import Testing
import TinyModels

/// `clew bench`: sizes that cannot be, and made-up models that are stopped halfway.
struct BenchCommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func synthesize(_ more: String...) -> [String] {
    ["bench", "synthesize", folder.url("X").path] + more
  }

  private static let small = ["--layers", "1", "--width", "8", "--heads", "2", "--vocabulary", "10"]

  private func expectRefused(
    _ arguments: [String], _ word: String, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let outcome = try await ClewProcess.run(arguments, in: folder.url)
    #expect(outcome.status == 2 && outcome.output.isEmpty, "\(outcome.error)", sourceLocation: sourceLocation)
    #expect(
      outcome.error.hasPrefix("clew: ") && outcome.error.contains(word), "\(outcome.error)",
      sourceLocation: sourceLocation)
    #expect(try folder.files().isEmpty, sourceLocation: sourceLocation)
  }

  @Test(arguments: [
    ("features", "9000000000000"), ("vocabulary", "9000000000000"), ("width", "9000000000000"),
    ("layers", "9000000000000"), ("heads", "5"), ("active", "0"), ("features", "0"),
  ])
  func `a made-up model of impossible sizes is refused`(option: String, value: String) async throws {
    try await expectRefused(synthesize("--\(option)", value), "--\(option)")
  }

  @Test func `a made-up model without room is refused before anything is written`() async throws {
    let arguments = synthesize(
      "--layers", "256", "--width", "32768", "--heads", "2", "--features", "16777216")
    try await ClewProcess.run(arguments).expectComplaint("GiB", "free")
    #expect(!FileManager.default.fileExists(atPath: folder.url("X").path))
  }

  @Test(arguments: ["layers", "width", "heads", "vocabulary"])
  func `sizes that a public model has of its own are refused`(option: String) async throws {
    let arguments = synthesize("--like", "qwen3-0.6b", "--\(option)", "4")
    try await expectRefused(arguments, "--\(option) contradicts --like")
  }

  @Test func `a model that was not made up is not written over`() async throws {
    let folder = try TemporaryFolder()
    let family = SharedFiles.packageRoot.appending(path: "Tests/Fixtures/Families/gpt2")
    try FileManager.default.copyItem(at: family, to: folder.url("model"))
    let before = try folder.files()
    let small = ["--layers", "1", "--width", "8", "--heads", "2", "--vocabulary", "40", "--features", "8"]
    let outcome = try await ClewProcess.run(["bench", "synthesize", folder.url.path] + small)
    outcome.expectComplaint("did not make", "name another folder")
    #expect(try folder.files() == before)
    let coders = try TemporaryFolder()
    try coders.write("transcoders/config.yaml", "model_kind: transcoder_set".utf8)
    let other = try await ClewProcess.run(["bench", "synthesize", coders.url.path] + small)
    other.expectComplaint("did not make", "name another folder")
    // One that was made up is made anew.
    var weights: Set<Data> = []
    for seed in 0..<2 {
      let made = try await ClewProcess.run(
        ["bench", "synthesize", folder.url("new").path, "--seed", "\(seed)"] + small)
      #expect(made.status == 0, "\(made.error)")
      weights.insert(try Data(contentsOf: folder.url("new/model/model.safetensors")))
    }
    #expect(weights.count == 2)
  }

  @Test func `an unknown public model is refused with those that are known`() async throws {
    try await expectRefused(synthesize("--like", "gpt-9"), "qwen3-0.6b")
  }

  @Test(arguments: [
    ("batch", "99999999999"), ("features", "99999999999"), ("rounds", "9223372036854775807"), ("layers", "0"),
    ("threads", "0"), ("l0", "900"),
  ])
  func `training steps of impossible sizes are refused`(option: String, value: String) async throws {
    try await expectRefused(["bench", "transcoder-step", "--\(option)", value], "--\(option)")
  }

  @Test func `training steps that memory cannot hold are refused`() async throws {
    try await ClewProcess.run(["bench", "transcoder-step", "--features", "16777216", "--width", "32768"])
      .expectComplaint("16777216 features", "memory")
  }

  @Test(arguments: [
    "--tokens=-5", "--tokens=0", "--tokens=1", "--rounds=0", "--threads=0", "--coverage=2", "--rows=0",
  ])
  func `traces that cannot be measured are refused`(argument: String) async throws {
    let model = try TinyModel.shared()
    try await expectRefused(
      ["bench", "trace", "--model", model.model.path, "--transcoders", model.transcoders.path, argument],
      String(argument.prefix { $0 != "=" }))
  }

  @Test func `a prompt for each number of tokens is traced`() async throws {
    let model = try TinyModel.shared()
    let arguments = [
      "bench", "trace", "--model", model.model.path, "--transcoders", model.transcoders.path, "--rounds", "1",
    ]
    let outcome = try await ClewProcess.run(arguments + ["--tokens", "2", "--tokens", "5"])
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(outcome.output.hasPrefix("2 tokens, ") && outcome.output.contains("\n5 tokens, "))
    try await ClewProcess.run(arguments + ["--tokens", "99999999999"])
      .expectComplaint("99999999999 tokens", "at most 16")
  }

  @Test(arguments: [
    ("config.json", "nothing was written"), ("config.yaml", "model/ is written"),
  ])
  func `a made-up model that is stopped says what is there`(file: String, words: String) async throws {
    // clew holds where it is about to write a file.
    let clew = try ClewProcess(
      synthesize() + Self.small + ["--features", "16"], after: "export CLEW_FILE_STEP=hold:\(file)")
    try await clew.waitUntilItHolds()
    kill(clew.process.processIdentifier, SIGINT)
    try await clew.outcome().expectComplaint("stopped; \(words)", status: 130)
    #expect(
      try folder.files().contains("X/model/model.safetensors") == (file == "config.yaml"))
    #expect(try !folder.files().contains { $0.hasPrefix("X/transcoders/W") })
  }
}
