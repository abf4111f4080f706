import Clew
import Foundation
import TestSupport
import Testing
import TinyModels

/// `clew features` as users run it.
struct FeatureCommandTests {
  private let folder: TemporaryFolder
  private let model: TinyModel

  init() throws {
    folder = try TemporaryFolder()
    model = try TinyModel.shared().copy()
  }

  /// A file of texts of the tiny model's words.
  private func text(_ count: Int) throws -> String {
    var generator = SeededGenerator(seed: 21)
    let texts = (0..<count).map { _ in
      (0..<12).map { _ in "w\(Int.random(in: 1..<40, using: &generator))" }.joined(separator: " ")
    }
    return try folder.write("texts.txt", texts.joined(separator: "\n\n").utf8).path
  }

  private func build(_ text: String, to output: String, _ more: String...) -> [String] {
    [
      "features", "build", "--model", model.model.path, "--transcoders", model.transcoders.path, "--text",
      text,
      "--output", folder.url(output).path,
    ] + more
  }

  private func content(_ path: String) throws -> [FeatureRecord] {
    let store = try FeatureStore(reading: folder.url(path))
    return try store.provenance.featureCounts.enumerated().flatMap {
      try store.records(layer: $0.offset, 0..<$0.element)
    }
  }

  @Test(arguments: [SIGKILL, SIGINT])
  func `a build that is ended by a signal goes on to the same content`(signal: Int32) async throws {
    let text = try text(600)
    let whole = try await ClewProcess.run(build(text, to: "whole.sqlite", "--quiet"))
    #expect(whole.status == 0, "\(whole.error)")
    let process = try ClewProcess(build(text, to: "part.sqlite", "--checkpoint-rows", "5"))
    let partial = folder.url("part.sqlite.partial").path
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<2000
    where (try? FileManager.default.attributesOfItem(atPath: partial)[.size] as? Int) ?? 0 == 0 {
      try await Task.sleep(for: .milliseconds(2))
    }
    try await Task.sleep(for: .milliseconds(Int.random(in: 30..<200, using: &generator)))
    kill(process.process.processIdentifier, signal)
    let ended = try await process.outcome()
    if ended.status != 0 {
      #expect(ended.status == 128 + signal)
      if signal == SIGINT { #expect(ended.error.contains("--resume goes on"), "\(ended.error)") }
      try await ClewProcess.run(build(text, to: "part.sqlite")).expectComplaint("--resume", "--restart")
      let resumed = try await ClewProcess.run(build(text, to: "part.sqlite", "--resume", "--quiet"))
      #expect(resumed.status == 0, "\(resumed.error)")
    }
    #expect(try content("part.sqlite") == content("whole.sqlite"))
    #expect(try folder.files() == ["part.sqlite", "proposed-labels.tsv", "texts.txt", "whole.sqlite"])
  }

  /// `CLEW_KILLS` says how often.
  @Test(.enabled(if: SharedFiles.areAvailable, "\(SharedFiles.reason)"))
  func `a build that is killed at random moments goes on to the content of one never stopped`() async throws {
    let tokens = SharedFiles.url("transcoders/stories260K-tokens")
    func build(_ output: String, _ more: String...) -> [String] {
      [
        "features", "build", "--model", SharedFiles.url("models/stories260K").path, "--transcoders",
        SharedFiles.url("transcoders/stories260K-clt").path, "--tokens",
        tokens.appending(path: "heldout_tokens.npy").path, "--offsets",
        tokens.appending(path: "heldout_offsets.npy").path, "--rows", "0:3", "--top", "3",
        "--samples", "1", "--quiet", "--checkpoint-rows", "2", "--output", folder.url(output).path,
      ] + more
    }
    let clock = ContinuousClock()
    let start = clock.now
    let whole = try await ClewProcess.run(build("whole/features.sqlite"))
    let duration = clock.now - start
    #expect(whole.status == 0, "\(whole.error)")
    let expected = try content("whole/features.sqlite")
    let labels = try Data(contentsOf: folder.url("whole/proposed-labels.tsv"))
    var generator = SeededGenerator(seed: 14)
    let kills = ProcessInfo.processInfo.environment["CLEW_KILLS"].flatMap { Int($0) } ?? 10
    for number in 0..<kills {
      let name = "killed-\(number)/features.sqlite"
      // Half of them near the end, where the last counts are saved and labels are found.
      let share = number % 2 == 0 ? generator.unit() : 0.6 + 0.4 * generator.unit()
      let process = try ClewProcess(build(name))
      try await Task.sleep(for: duration * share)
      kill(process.process.processIdentifier, SIGKILL)
      let ended = try await process.outcome()
      #expect(ended.status == 128 + SIGKILL || ended.status == 0, "\(ended.error)")
      let isBegun = ["", ".partial"].contains {
        FileManager.default.fileExists(atPath: folder.url(name).path + $0)
      }
      let resumed = try await ClewProcess.run(isBegun ? build(name, "--resume") : build(name))
      #expect(resumed.status == 0, "kill \(number): \(resumed.error)")
      #expect(try content(name) == expected, "kill \(number) at \(share) of \(duration)")
      #expect(try Data(contentsOf: folder.url("killed-\(number)/proposed-labels.tsv")) == labels)
      try FileManager.default.removeItem(at: folder.url("killed-\(number)"))
    }
  }

  @Test func `features are built, shown, found, labelled and exported`() async throws {
    let database = model.transcoders.appending(path: "features.sqlite")
    var arguments = build(try text(30), to: "")
    arguments.removeLast(2)
    let built = try await ClewProcess.run(arguments)
    #expect(built.status == 0 && built.output.contains("features.sqlite"), "\(built.error)")
    let T = model.transcoders.path
    let shown = try await ClewProcess.run(["features", "show", T, "1", "3"])
    #expect(shown.status == 0 && shown.output.contains("layer 1, feature 3: "), "\(shown.error)")
    #expect(shown.output.contains("promotes") && shown.output.contains("⟦"))
    let json = try await ClewProcess.run(["features", "show", T, "1", "3", "--json"])
    #expect(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) is [String: Any])

    // With the model, which must be the one, characters of several tokens are whole; these words have none.
    let whole = try await ClewProcess.run(["features", "show", T, "1", "3", "--model", model.model.path])
    #expect(whole.output == shown.output, "\(whole.error)")
    let other = folder.url("other")
    try FileManager.default.copyItem(at: model.model, to: other)
    let settings = try String(contentsOf: other.appending(path: "config.json"), encoding: .utf8)
    try folder.write("other/config.json", (settings + " ").utf8)
    let refused = try await ClewProcess.run(["features", "show", T, "1", "3", "--model", other.path])
    #expect(refused.status != 0 && refused.error.contains("is not the model"), "\(refused.error)")

    let labelled = try await ClewProcess.run(["features", "label", T, "1", "3", "the state with Dallas"])
    #expect(labelled.status == 0, "\(labelled.error)")
    #expect(
      try await ClewProcess.run(["features", "search", T, "dallas"]).output == "1\t3\tthe state with Dallas\n"
    )
    // Another build leaves the label alone.
    let again = try await ClewProcess.run(arguments + ["--seed", "1", "--restart"])
    #expect(again.status == 0, "\(again.error)")
    let mine = try await ClewProcess.run(["features", "export-labels", T, "--mine"])
    #expect(mine.output == "1\t3\tthe state with Dallas\n")
    let others = try folder.write("others.tsv", "1 3 theirs\n0 2 theirs too\n".utf8).path
    let imported = try await ClewProcess.run(["features", "import-labels", T, others])
    #expect(imported.output == "1 labels taken over, 1 of yours kept.\n")

    let exported = try await ClewProcess.run(
      ["features", "export", T, "--format", "packed", "--output", folder.url("out").path])
    #expect(exported.status == 0, "\(exported.error)")
    #expect(try folder.files().contains("out/features/index.json.gz"))
    #expect(FileManager.default.fileExists(atPath: database.path))
  }

  @Test func `a finished database of something else is replaced by --restart alone`() async throws {
    let text = try text(20)
    let first = try await ClewProcess.run(build(text, to: "features.sqlite", "--quiet"))
    #expect(first.status == 0, "\(first.error)")
    let whole = try content("features.sqlite")
    let other = try folder.write("other.txt", "w1 w2 w3\n".utf8).path
    for (arguments, reason) in [
      (build(other, to: "features.sqlite"), "another text"),
      (build(text, to: "features.sqlite", "--seed", "1"), "other settings"),
    ] {
      try await ClewProcess.run(arguments).expectComplaint("already", reason, "--restart")
    }
    // What is none of Clew's is not replaced at all.
    let before = try Data(contentsOf: folder.url("texts.txt"))
    for more in [[], ["--restart"]] {
      try await ClewProcess.run(build(other, to: "texts.txt") + more)
        .expectComplaint("already", "no sound database", "--output")
    }
    #expect(try Data(contentsOf: folder.url("texts.txt")) == before)
    #expect(try content("features.sqlite") == whole)
    // What was built with the same is the same.
    let again = try await ClewProcess.run(build(text, to: "features.sqlite", "--quiet"))
    #expect(again.status == 0, "\(again.error)")
    #expect(try content("features.sqlite") == whole)
    let replaced = try await ClewProcess.run(build(other, to: "features.sqlite", "--restart", "--quiet"))
    #expect(replaced.status == 0, "\(replaced.error)")
    #expect(try content("features.sqlite") != whole)
  }

  @Test func `a figure takes labels without another trace`() async throws {
    let output = try OutputFolder(isThere: false)
    let traced = try await ClewProcess.run(traceArguments(of: model, to: output, "--node-share", "1"))
    #expect(traced.status == 0, "\(traced.error)")
    let graph = try GraphReading(contentsOfFile: output.url.appending(path: "graph.json").path).graph
    let labels = Dictionary(uniqueKeysWithValues: graph.featureIDs.map { ($0, "Texas") })
    let file = try folder.write("labels.tsv", FeatureLabels.file(of: labels)).path
    let svg = folder.url("figure.svg").path
    let rendered = try await ClewProcess.run(
      ["render", output.url.path, "--labels", file, "--output", svg, "--width", "natural"])
    #expect(rendered.status == 0, "\(rendered.error)")
    #expect(try String(contentsOfFile: svg, encoding: .utf8).contains("Texas"))
  }

  @Test func `what cannot be done is said in one sentence`() async throws {
    let text = try text(5)
    let T = model.transcoders.path
    try await ClewProcess.run(["features", "show", T, "0", "1"]).expectComplaint(
      "no feature examples", "build")
    try await ClewProcess.run(["features", "label", T, "7", "1", "x"]).expectComplaint(
      "layers go from 0 to 2")
    try await ClewProcess.run(build(text, to: "features.sqlite", "--resume")).expectComplaint("--resume")
    try await ClewProcess.run(build(text, to: "features.sqlite", "--top", "0"))
      .expectFailedArguments("--top")
    let bad = try folder.write("bad.tsv", "0 1 fine\n<<<<<<< HEAD\n".utf8).path
    try await ClewProcess.run(["features", "import-labels", T, bad]).expectComplaint("line 2", "bad.tsv")
    // Files may have 16 KiB: the database does not fit.
    try await ClewProcess.run(build(text, to: "full.sqlite"), after: "trap '' XFSZ; ulimit -f 16")
      .expectComplaint("full.sqlite", "cannot be written")
    // The database of other weights.
    let built = try await ClewProcess.run(build(text, to: "features.sqlite"))
    #expect(built.status == 0, "\(built.error)")
    try RawSafetensors.overwrite(
      "b_enc_0", in: model.transcoders.appending(path: "W_enc_0.safetensors"), with: [1, 2, 3])
    try await ClewProcess.run([
      "features", "show", T, "0", "1", "--database", folder.url("features.sqlite").path,
    ])
    .expectComplaint("does not belong here", "fingerprint")
  }
}

extension ClewProcess.Outcome {
  fileprivate func expectFailedArguments(_ word: String) {
    #expect(status == 2 && error.contains(word), "\(error)")
  }
}
