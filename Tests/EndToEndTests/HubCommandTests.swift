import Clew
import Foundation
import TestSupport
import Testing
import TinyModels

/// Models and transcoders by their names on the Hugging Face hub, offline, from its cache.
struct HubCommandTests {
  /// A published set's form: how its files and its configuration lie in the repositories.
  enum Form: String, CaseIterable, CustomTestStringConvertible {
    case crossLayer, perLayer, ownList, elsewhere, subfolder, topK
    var testDescription: String { rawValue }

    var name: String {
      switch self {
      case .crossLayer: "mntss/clt-tiny-426k"
      case .perLayer: "mntss/transcoder-Tiny-3.2-1B"
      case .ownList: "mwhanna/qwen3-tiny-transcoders"
      case .elsewhere: "mwhanna/gemma-scope-transcoders"
      case .subfolder: "mwhanna/gemma-scope-2-tiny/transcoder_all/width_16k_l0_big_affine"
      case .topK: "facebook/crv-tiny-transcoders"
      }
    }
  }

  private static func fixture(_ name: String) -> URL {
    SharedFiles.packageRoot.appending(path: "Tests/Fixtures/Transcoders/\(name)")
  }

  private static func yaml(_ lines: String...) -> Data { Data((lines.joined(separator: "\n") + "\n").utf8) }
  private static let perLayerHooks = "feature_input_hook: mlp.hook_in\nfeature_output_hook: mlp.hook_out"

  /// A model of the width of the small transcoders in the fixtures, in the cache as `tiny/model`, and every form of a set.
  private static let made: Result<(HubCache, TinyModel), any Error> = Result {
    var settings = TinyModel.settings
    (settings.dModel, settings.headCount, settings.featureCount) = (6, 1, 10)
    let tiny = try TinyModel(settings)
    let cache = try HubCache()
    try cache.add("tiny/model", contentsOf: tiny.model)
    try cache.add(Form.crossLayer.name, contentsOf: tiny.transcoders, commit: "aaa1")
    let first = fixture("circuit-tracer-first")
    for form in [Form.perLayer, .ownList] {
      try cache.add(form.name, contentsOf: first, where: { $0.hasPrefix("layer_") })
    }
    try cache.add(
      Form.perLayer.name,
      ["config.yaml": yaml("model_name: \"tiny/model\"", "model_kind: transcoder_set", perLayerHooks)])
    try cache.add(
      Form.ownList.name,
      [
        "config.yaml": yaml(
          "model_name: tiny/model", "model_kind: transcoder_set", "scan: \"qwen3-tiny\"", perLayerHooks,
          "transcoders:",
          (0..<3).map { "- hf://\(Form.ownList.name)/layer_\($0).safetensors" }.joined(separator: "\n"))
      ])
    let scope = fixture("gemma-scope")
    try cache.add("google/gemma-scope-2b-pt-transcoders", contentsOf: scope, revision: "v2", commit: "bbb2")
    try cache.add(
      Form.elsewhere.name,
      [
        "config.yaml": yaml(
          "model_name: \"google/gemma-2-2b\"", "model_kind: \"transcoder_set\"",
          "feature_input_hook: \"ln2.hook_normalized\"", "feature_output_hook: \"hook_mlp_out\"",
          "scan: \"gemmascope-transcoder-16k\"", "transcoders:",
          (0..<3).map {
            "  - \"hf://google/gemma-scope-2b-pt-transcoders/layer_\($0)/width_16k/average_l0_\($0 + 5)/params.npz?revision=v2\""
          }.joined(separator: "\n"))
      ])
    try cache.add("google/gemma-scope-2-tiny", contentsOf: fixture("gemma-scope-2"), below: "transcoder_all")
    try cache.add(
      "mwhanna/gemma-scope-2-tiny",
      [
        "transcoder_all/width_16k_l0_big_affine/config.yaml": yaml(
          "model_name: google/gemma-3-tiny", "model_kind: transcoder_set", "feature_input_hook: mlp.hook_in",
          "feature_output_hook: hook_mlp_out", "transcoders:",
          (0..<3).map {
            "- hf://google/gemma-scope-2-tiny/transcoder_all/layer_\($0)_width_16k_l0_big_affine/params.safetensors"
          }.joined(separator: "\n"))
      ])
    try cache.add(
      Form.topK.name, contentsOf: fixture("circuit-tracer-topk"), revision: "final", commit: "ccc3")
    return (cache, tiny)
  }

  private func run(
    _ arguments: [String], _ cache: HubCache, in folder: TemporaryFolder? = nil, usesHome: Bool = false
  ) async throws -> ClewProcess.Outcome {
    let shell =
      usesHome
      ? "unset HF_HUB_CACHE HUGGINGFACE_HUB_CACHE; export HF_HOME='\(cache.home.path)'"
      : "export HF_HUB_CACHE='\(cache.url.path)'"
    return try await ClewProcess.run(arguments, after: shell, in: folder?.url)
  }

  @Test(arguments: Form.allCases)
  func `a published set of each form is traced by its name`(form: Form) async throws {
    let (cache, tiny) = try Self.made.get()
    let output = try OutputFolder(isThere: false)
    let name = form.name + (form == .topK ? "@final" : "")
    let outcome = try await run(
      ["trace", "w3 w14 w15", "--model", "tiny/model", "--transcoders", name, "--output", output.url.path],
      cache, usesHome: form == .perLayer)
    #expect(outcome.status == 0, "\(outcome.error)")
    // The same files by their paths.
    let place = try #require(HubReference(name)?.place(in: cache.url))
    let other = try OutputFolder(isThere: false)
    let direct = try await run(
      [
        "trace", "w3 w14 w15", "--model", tiny.model.path, "--transcoders", place.path, "--output",
        other.url.path,
      ],
      cache)
    #expect(direct.status == 0, "\(direct.error)")
    #expect(try output.files()["graph.safetensors"] == other.files()["graph.safetensors"])
    let record = try JSON(parsing: Array(try #require(output.files()["run.json"]))).object
    #expect(record?["model"]?.object?["folder"]?.string == "model")
    #expect(
      record?["transcoders"]?.object?["folder"]?.string
        == form.name.split(separator: "/").last.map(String.init))
    let graph = try AttributionGraph(traceFolder: output.url)
    let scan: String =
      switch form {
      case .ownList: "qwen3-tiny"
      case .elsewhere: "gemmascope-transcoder-16k"
      case .subfolder: "mwhanna/gemma-scope-2-tiny//transcoder_all/width_16k_l0_big_affine"
      case .crossLayer, .perLayer: form.name
      case .topK: graph.metadata.scan
      }
    #expect(graph.metadata.scan == scan)
    if form == .topK { #expect(scan.hasPrefix("custom-")) }
  }

  @Test func `other commands take names as well`() async throws {
    let (cache, _) = try Self.made.get()
    let folder = try TemporaryFolder()
    let names = ["--model", "tiny/model", "--transcoders", Form.crossLayer.name]
    try folder.write("text", "w1 w2 w3 w4\n\nw5 w6 w7\n".utf8)
    for arguments in [
      ["info", "tiny/model"], ["info", Form.elsewhere.name],
      ["generate", "w1", "--model", "tiny/model", "--tokens", "2"],
      ["check", "w1 w2 w3", "--graphs", "0"] + names,
      ["bench", "trace", "--tokens", "3", "--rounds", "1"] + names,
      ["bench", "precision", "w1 w2"] + names, ["convert", Form.subfolder.name, "--output", "converted"],
      ["features", "build", "--text", "text", "--output", "features.sqlite", "--quiet"] + names,
      ["features", "export-labels", Form.crossLayer.name],
    ] {
      let outcome = try await run(arguments, cache, in: folder)
      #expect(outcome.status == 0, "\(arguments): \(outcome.error)")
    }
    #expect(try folder.files().contains("Output/check-clt-tiny-426k/check.json"))
  }

  @Test func `an existing folder of a name wins`() async throws {
    let (cache, tiny) = try Self.made.get()
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(at: folder.url("tiny"), withIntermediateDirectories: true)
    try FileManager.default.copyItem(at: try TinyModel.shared().model, to: folder.url("tiny/model"))
    let here = try await run(["info", "tiny/model", "--json"], cache, in: folder)
    let there = try await run(["info", "tiny/model", "--json"], cache)
    #expect(here.status == 0 && there.status == 0, "\(here.error)\(there.error)")
    #expect(here.output.contains("\"width\": 16") || here.output.contains("\"width\":16"), "\(here.output)")
    #expect(there.output.contains("\"width\": 6") || there.output.contains("\"width\":6"), "\(there.output)")
    withExtendedLifetime(tiny) {}
  }

  // MARK: What was not fetched

  private func trace(_ model: String, _ transcoders: String) -> [String] {
    ["trace", "w3 w14", "--model", model, "--transcoders", transcoders]
  }

  @Test(arguments: [
    (
      "google/gemma-2-2b", Form.crossLayer.name,
      "hf download google/gemma-2-2b --include '*.json' && hf download google/gemma-2-2b --include 'model*.safetensors'"
    ),
    (
      "google/gemma-2-2b@float16", Form.crossLayer.name,
      "hf download google/gemma-2-2b --include '*.json' --revision float16 && "
    ),
    (
      "tiny/model", "mwhanna/nothing-here",
      "hf download mwhanna/nothing-here config.yaml && hf download mwhanna/nothing-here --include '[Wl]*.safetensors'"
    ),
    (
      "tiny/model", "mwhanna/nothing-here/transcoder_all/width_16k@v1",
      "hf download mwhanna/nothing-here transcoder_all/width_16k/config.yaml --revision v1 && "
        + "hf download mwhanna/nothing-here --include 'transcoder_all/width_16k/[Wl]*.safetensors' --revision v1"
    ),
    (
      "https://huggingface.co/google/gemma-2-2b", Form.crossLayer.name,
      "hf download google/gemma-2-2b --include"
    ),
  ])
  func `what is not there is named with the command that fetches it`(
    model: String, transcoders: String, command: String
  ) async throws {
    let (cache, _) = try Self.made.get()
    let folder = try TemporaryFolder()
    try await run(trace(model, transcoders), cache, in: folder)
      .expectComplaint("neither here nor in the Hugging Face cache", cache.url.path, command)
    #expect(try folder.files().isEmpty)
  }

  @Test func `another revision that is there is named`() async throws {
    let (cache, _) = try Self.made.get()
    try await run(trace("tiny/model@old", Form.crossLayer.name), cache).expectComplaint(
      "it has the revision main")
  }

  @Test(arguments: ["nowhere", "./nowhere/at/all", "/nowhere/at/all"])
  func `what is no name on the hub is a missing folder`(path: String) async throws {
    let (cache, _) = try Self.made.get()
    try await run(trace(path, Form.crossLayer.name), cache).expectComplaint("cannot be read: No such file")
  }

  @Test(arguments: ["https://example.org/a/b", "hf://a/b/../x", "https://huggingface.co/a"])
  func `an address that is none of the hub's is said to be that`(address: String) async throws {
    let (cache, _) = try Self.made.get()
    for names in [(address, Form.crossLayer.name), ("tiny/model", address)] {
      try await run(trace(names.0, names.1), cache)
        .expectComplaint("'\(address)'", "names no place on the Hugging Face hub")
    }
  }

  @Test func `a model fetched in part names what is missing, and how much it is`() async throws {
    let (whole, tiny) = try Self.made.get()
    let cache = try HubCache()
    func file(_ name: String) throws -> Data { try Data(contentsOf: tiny.model.appending(path: name)) }
    try cache.add("tiny/part", ["config.json": try file("config.json")])
    let transcoders = try #require(HubReference(Form.crossLayer.name)?.place(in: whole.url)).path
    try await run(trace("tiny/part", transcoders), cache).expectComplaint(
      "tokenizer.json and 1 more file are not",
      "`hf download tiny/part tokenizer.json && hf download tiny/part --include 'model*.safetensors*'`")
    let index = """
      {"metadata": {"total_size": 9000000}, "weight_map": {"a": "model-00001-of-00003.safetensors",
      "b": "model-00002-of-00003.safetensors", "c": "model-00003-of-00003.safetensors"}}
      """
    try cache.add(
      "tiny/part",
      [
        "tokenizer.json": try file("tokenizer.json"), "model.safetensors.index.json": Data(index.utf8),
        "model-00002-of-00003.safetensors": Data(count: 1_000_000),
      ])
    try await run(trace("tiny/part", transcoders), cache).expectComplaint(
      "model-00001-of-00003.safetensors and 1 more file are not", "about 7.6 MiB",
      "`hf download tiny/part model-00001-of-00003.safetensors model-00003-of-00003.safetensors`")
  }

  @Test func `transcoders fetched in part name what is missing`() async throws {
    let (whole, tiny) = try Self.made.get()
    let cache = try HubCache()
    try cache.add("tiny/model", contentsOf: tiny.model)
    // Cross-layer: the shape of a decoder says how many layers there are.
    try cache.add(
      "a/clt", contentsOf: tiny.transcoders, where: { ["config.yaml", "W_dec_0.safetensors"].contains($0) })
    try await run(trace("tiny/model", "a/clt"), cache).expectComplaint(
      "W_enc_0.safetensors and 4 more files",
      "hf download a/clt W_enc_0.safetensors W_enc_1.safetensors W_dec_1.safetensors W_enc_2.safetensors W_dec_2.safetensors"
    )
    // Per layer: the model says it.
    let perLayer = try #require(HubReference(Form.perLayer.name)?.place(in: whole.url))
    try cache.add("a/plt", contentsOf: perLayer, where: { $0 != "layer_2.safetensors" })
    try await run(trace("tiny/model", "a/plt"), cache)
      .expectComplaint("layer_2.safetensors is not", "`hf download a/plt layer_2.safetensors`")
    // Weights without the configuration, and the reverse.
    try cache.add("a/bare", contentsOf: perLayer, where: { $0 != "config.yaml" })
    try await run(trace("tiny/model", "a/bare"), cache).expectComplaint("`hf download a/bare config.yaml`")
    try cache.add(
      "a/empty", contentsOf: perLayer, revision: "v1", commit: "d", where: { $0 == "config.yaml" })
    try await run(trace("tiny/model", "a/empty@v1"), cache)
      .expectComplaint("`hf download a/empty --include '*.safetensors' --revision v1`")
    // A list of files elsewhere: all that are missing, in one command.
    let listed = try #require(HubReference(Form.elsewhere.name)?.place(in: whole.url))
    try cache.add(Form.elsewhere.name, contentsOf: listed)
    try await run(trace("tiny/model", Form.elsewhere.name), cache).expectComplaint(
      "hf download google/gemma-scope-2b-pt-transcoders layer_0/width_16k/average_l0_5/params.npz "
        + "layer_1/width_16k/average_l0_6/params.npz layer_2/width_16k/average_l0_7/params.npz --revision v2")
  }
}
