import Foundation
import TestSupport
import Testing

/// `clew convert`, and transcoders of other tools in other commands.
struct ConvertCommandTests {
  private func fixture(_ name: String) -> URL {
    SharedFiles.packageRoot.appending(path: "Tests/Fixtures/Transcoders/\(name)")
  }

  @Test func `a folder of another tool is converted and described`() async throws {
    let folder = try TemporaryFolder()
    let arguments = ["convert", fixture("sparsify").path, "--output", "out"]
    let outcome = try await ClewProcess.run(arguments, in: folder.url)
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(
      outcome.output.contains("3 layers of sparsify, 10 features each, read mlp.hook_in, write mlp.hook_out"))
    #expect(outcome.output.contains("3 files") && outcome.output.contains("0 features differ"))
    #expect(
      try folder.files() == [
        "out/config.yaml", "out/conversion.json", "out/layer_0.safetensors", "out/layer_1.safetensors",
        "out/layer_2.safetensors",
      ])
    let info = try await ClewProcess.run(["info", "out"], in: folder.url)
    #expect(info.output.contains("circuit-tracer") && info.output.contains("TopK, k = 4, behind a ReLU"))
    let source = try await ClewProcess.run(["info", fixture("gemma-scope").path])
    #expect(source.output.contains("Gemma Scope") && source.output.contains("JumpReLU"))
    let again = try await ClewProcess.run(arguments, in: folder.url)
    #expect(again.output.contains("(3 were there already)") && again.error.isEmpty)
  }

  @Test func `labels and examples that stay behind are named`() async throws {
    let folder = try TemporaryFolder()
    try FileManager.default.copyItem(at: fixture("sparsify"), to: folder.url("source"))
    try folder.write("source/labels.tsv", "0\t1\tTexas\n".utf8)
    try folder.write("source/features.sqlite", "".utf8)
    let convert = ["convert", "source", "--output", "out"]
    let first = try await ClewProcess.run(convert, in: folder.url)
    #expect(first.status == 0 && first.error.split(separator: "\n").count == 2, "\(first)")
    #expect(first.error.contains("labels.tsv in") && first.error.contains("features.sqlite in"))
    try FileManager.default.copyItem(at: folder.url("source/labels.tsv"), to: folder.url("out/labels.tsv"))
    let again = try await ClewProcess.run(convert, in: folder.url)
    #expect(!again.error.contains("labels.tsv") && again.error.contains("features.sqlite in"), "\(again)")
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGKILL])
  func `a conversion that a signal ends goes on where it was`(signal: Int32) async throws {
    let folder = try TemporaryFolder()
    func arguments(_ output: String) -> [String] {
      ["convert", fixture("sparsify").path, "--output", output, "--quiet"]
    }
    #expect(try await ClewProcess.run(arguments("whole"), in: folder.url).status == 0)
    // clew holds at its third file, the second of the layers.
    let clew = try ClewProcess(
      arguments("part"), after: "export CLEW_FILE_STEP=hold:layer_1.safetensors", in: folder.url)
    try await clew.waitUntilItHolds()
    kill(clew.process.processIdentifier, signal)
    let ended = try await clew.outcome()
    #expect(ended.status == 128 + signal)
    if signal != SIGKILL { #expect(ended.error.contains("stopped"), "\(ended.error)") }
    // What a killed one leaves hidden is taken away by the next.
    let left = try folder.files().filter { $0.hasPrefix("part") && (signal != SIGKILL || !$0.contains("/.")) }
    #expect(
      left == [
        "part/conversion.json", "part/layer_0.safetensors",
      ])
    try await expectGoesOn(arguments("part"), in: folder)
  }

  @Test func `a conversion on a full disk keeps what is whole, and goes on`() async throws {
    let folder = try TemporaryFolder()
    func arguments(_ output: String) -> [String] {
      ["convert", fixture("sparsify").path, "--output", output, "--quiet"]
    }
    #expect(try await ClewProcess.run(arguments("whole"), in: folder.url).status == 0)
    let shell = "export CLEW_FILE_STEP=fail:layer_1.safetensors"
    try await ClewProcess.run(arguments("part"), after: shell, in: folder.url)
      .expectComplaint("layer_1.safetensors", "No space left on device")
    #expect(
      try folder.files().filter { $0.hasPrefix("part") } == [
        "part/conversion.json", "part/layer_0.safetensors",
      ])
    try await expectGoesOn(arguments("part"), in: folder)
  }

  /// Runs a conversion again and expects in `part` what lies in `whole`, the first layer taken over.
  private func expectGoesOn(_ arguments: [String], in folder: TemporaryFolder) async throws {
    let again = try await ClewProcess.run(arguments.filter { $0 != "--quiet" }, in: folder.url)
    #expect(again.status == 0 && again.output.contains("(1 were there already)"), "\(again.error)")
    let files = try folder.files().filter { $0.hasPrefix("part/") }
    #expect(files.count == 5)
    for file in files where !file.hasSuffix("conversion.json") {
      let whole = folder.url("whole" + file.dropFirst(4))
      #expect(try Data(contentsOf: folder.url(file)) == Data(contentsOf: whole), "\(file)")
    }
  }

  @Test func `layers are named one by one, with hooks that the user knows better`() async throws {
    let folder = try TemporaryFolder()
    let layers = (0..<3).map {
      fixture("gemma-scope").appending(path: "layer_\($0)/width_16k/average_l0_\(5 + $0)").path
    }
    let outcome = try await ClewProcess.run(
      ["convert"] + layers + [
        "-o", "out", "--type", "bfloat16", "--input-hook", "mlp.hook_in", "--model-name", "mine",
      ],
      in: folder.url)
    #expect(outcome.status == 0, "\(outcome.error)")
    let yaml = String(decoding: try Data(contentsOf: folder.url("out/config.yaml")), as: UTF8.self)
    #expect(yaml.contains("feature_input_hook: \"mlp.hook_in\"") && yaml.contains("model_name: \"mine\""))
  }

  @Test(arguments: [
    (["nowhere"], "nowhere cannot be read: No such file"),
    (["nowhere", "elsewhere"], "nowhere cannot be read"),
    ([".", "--type", "keep"], "neither"),
  ])
  func `what cannot be converted is a sentence, and nothing is written`(
    sources: [String], words: String
  ) async throws {
    let folder = try TemporaryFolder()
    let outcome = try await ClewProcess.run(["convert"] + sources + ["--output", "out"], in: folder.url)
    outcome.expectComplaint(words)
    #expect(try folder.files().isEmpty)
  }

  @Test(arguments: [
    ["convert"], ["convert", "x"], ["convert", "x", "--output", ""],
    ["convert", "x", "--output", "y", "--type", "int8"],
    ["convert", "x", "--output", "y", "--input-hook", "hook_z"],
  ])
  func `wrong arguments end with status 2`(arguments: [String]) async throws {
    let outcome = try await ClewProcess.run(arguments)
    #expect(outcome.status == 2)
    #expect(outcome.output.isEmpty)
  }

  @Test func `paths on the hub are taken from its cache, or the command that fetches them is named`()
    async throws
  {
    let folder = try TemporaryFolder()
    let list = (0..<3).map { "  - hf://google/gemma-scope/layer_\($0)/params.npz?revision=v1\n" }.joined()
    try folder.write(
      "coders/config.yaml",
      Array(
        ("model_kind: transcoder_set\nfeature_input_hook: ln2.hook_normalized\nfeature_output_hook: hook_mlp_out\n"
          + "transcoders:\n" + list).utf8))
    let shell = "export HF_HUB_CACHE=\(folder.url("hub").path)"
    let missing = try await ClewProcess.run(["info", "coders"], after: shell, in: folder.url)
    missing.expectComplaint(
      "hf download google/gemma-scope layer_0/params.npz layer_1/params.npz layer_2/params.npz --revision v1")
    for layer in 0..<3 {
      let file = fixture("gemma-scope").appending(
        path: "layer_\(layer)/width_16k/average_l0_\(5 + layer)/params.npz")
      try folder.write(
        "hub/models--google--gemma-scope/snapshots/abc/layer_\(layer)/params.npz", try Data(contentsOf: file))
    }
    try folder.write("hub/models--google--gemma-scope/refs/v1", Array("abc\n".utf8))
    let found = try await ClewProcess.run(["info", "coders"], after: shell, in: folder.url)
    #expect(found.status == 0, "\(found.error)")
    #expect(found.output.contains("Gemma Scope"))
  }
}
