import Clew
import Foundation
import TestSupport
import Testing
import TinyModels

/// What people give in the place of a model, of transcoders, of a graph, a word or a number: a sentence that helps.
struct WrongPathTests {
  private static let pointer = """
    version https://git-lfs.github.com/spec/v1
    oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
    size 5368709120

    """

  /// A copy of the tiny model, changed, traced.
  private func expectComplaint(
    _ words: String..., sourceLocation: SourceLocation = #_sourceLocation, change: (TinyModel) throws -> Void
  ) async throws {
    let model = try TinyModel.shared().copy()
    try change(model)
    let outcome = try await ClewProcess.run(
      traceArguments(of: model) + ["--output", model.folder.path + "/out"])
    outcome.expectComplaint(sourceLocation: sourceLocation)
    for word in words {
      #expect(outcome.error.contains(word), "\(outcome.error)", sourceLocation: sourceLocation)
    }
  }

  private func empty(_ folder: URL) throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
      try FileManager.default.removeItem(at: folder.appending(path: name))
    }
  }

  @Test(arguments: [
    "model/config.json", "model/tokenizer.json", "model/model.safetensors", "transcoders/config.yaml",
    "transcoders/W_enc_1.safetensors", "transcoders/W_dec_0.safetensors",
  ])
  func `a Git LFS pointer is called one`(file: String) async throws {
    try await expectComplaint(file, "is a Git LFS pointer", "git lfs pull") {
      try Data(Self.pointer.utf8).write(to: $0.folder.appending(path: file))
    }
  }

  @Test func `other files that are Git LFS pointers are called so too`() async throws {
    let folder = try TemporaryFolder()
    let model = try TinyModel.shared()
    let (pointer, names) = (
      try folder.write("pointer.json", Self.pointer.utf8).path,
      ["--model", model.model.path, "--transcoders", model.transcoders.path]
    )
    let whole = model.folder.path
    try folder.write("index/config.json", try Data(contentsOf: model.model.appending(path: "config.json")))
    try folder.write("index/model.safetensors.index.json", Self.pointer.utf8)
    try folder.write("scope/params.npz", Self.pointer.utf8)
    try folder.write("lens/cfg.json", Self.pointer.utf8)
    try folder.write("lens/sae_weights.safetensors", Self.pointer.utf8)
    for arguments in [
      ["score", pointer], ["render", pointer], ["prune", pointer, "-o", whole + "/x.json"],
      ["check", "--text", pointer] + names,
      ["check", "--tokens", pointer, "--offsets", pointer] + names,
      ["info", folder.url("index").path], ["info", folder.url("scope").path],
      ["info", folder.url("lens").path],
      ["convert", pointer, "--output", whole + "/converted"],
    ] {
      try await ClewProcess.run(arguments, in: folder.url).expectComplaint("Git LFS pointer", "git lfs pull")
    }
  }

  @Test(arguments: [
    ("model.gguf", "GGUF", "config.json, tokenizer.json and safetensors"),
    ("pytorch_model.bin", "pickled PyTorch", "safetensors"), ("model.pt", "pickled PyTorch", "safetensors"),
    ("consolidated.00.pth", "pickled PyTorch", "safetensors"), ("tf_model.h5", "not read", "safetensors"),
    ("model.safetensors", "it is a file, and not a folder", "Name the folder that it lies in"),
    ("config.json", "it is a file, and not a folder", "Name the folder that it lies in"),
    ("notes", "it is a file, and not a folder", "Name such a folder"),
  ])
  func `a file in a folder's place is told by its kind`(name: String, what: String, advice: String)
    async throws
  {
    let folder = try TemporaryFolder()
    let file = try folder.write(name, [1, 2, 3]).path
    let model = try TinyModel.shared()
    for arguments in [
      ["trace", "w1 w2", "--model", file, "--transcoders", model.transcoders.path],
      ["trace", "w1 w2", "--model", model.model.path, "--transcoders", file],
      ["generate", "w1", "--model", file], ["info", file], ["features", "label", file, "0", "1", "x"],
    ] {
      try await ClewProcess.run(arguments, in: folder.url).expectComplaint(name, what, advice)
    }
    #expect(try folder.files() == [name])
  }

  @Test(arguments: [
    ("model.Q4_K_M.gguf", "GGUF"), ("pytorch_model.bin", "pickled PyTorch"),
    ("pytorch_model-00001-of-00002.bin", "pickled PyTorch"), ("consolidated.00.pth", "pickled PyTorch"),
  ])
  func `a model in another format is told by its files`(name: String, what: String) async throws {
    for keepsConfiguration in [true, false] {
      try await expectComplaint(name, what, "safetensors") {
        try FileManager.default.removeItem(at: $0.model.appending(path: "model.safetensors"))
        if !keepsConfiguration {
          try FileManager.default.removeItem(at: $0.model.appending(path: "config.json"))
        }
        try Data([0]).write(to: $0.model.appending(path: name))
      }
    }
  }

  @Test func `an adapter is told with its model`() async throws {
    try await expectComplaint("a LoRA adapter for google/gemma-2-2b", "merge_and_unload") {
      try empty($0.model)
      try Data("{\"base_model_name_or_path\": \"google/gemma-2-2b\"}".utf8)
        .write(to: $0.model.appending(path: "adapter_config.json"))
      try Data([0]).write(to: $0.model.appending(path: "adapter_model.safetensors"))
    }
  }

  @Test func `a model and transcoders that are exchanged are told apart`() async throws {
    let tiny = try TinyModel.shared()
    let folder = try TemporaryFolder()
    func trace(_ model: URL, _ transcoders: URL) async throws -> ClewProcess.Outcome {
      try await ClewProcess.run(
        ["trace", "w1 w2", "--model", model.path, "--transcoders", transcoders.path], in: folder.url)
    }
    try await trace(tiny.transcoders, tiny.model).expectComplaint("holds transcoders, and not a model")
    try await trace(tiny.model, tiny.model).expectComplaint("holds a model, and not transcoders")
    try await trace(tiny.folder, tiny.transcoders).expectComplaint("a folder in it has", tiny.model.path)
    try await trace(tiny.model, tiny.folder).expectComplaint("a folder in it has", tiny.transcoders.path)
    let traced = try OutputFolder(isThere: false)
    #expect(try await ClewProcess.run(traceArguments(of: tiny, to: traced)).status == 0)
    try await trace(traced.url, tiny.transcoders).expectComplaint("it holds a trace")
    try await trace(tiny.model, traced.url).expectComplaint("it holds a trace")
    try await ClewProcess.run(["score", tiny.model.path]).expectComplaint("graph.json", "No such file")
  }

  @Test(arguments: [
    (["clt_checkpoint_latest.safetensors", "cfg.json"], "crosslayer-coding"),
    (["clt_weights.safetensors", "clt_cfg.json"], "CLT-Forge"),
    (["checkpoint.safetensors", "config.yaml"], "crosslayer-transcoder"),
    (["transcoder.pt"], "pickled PyTorch"),
  ])
  func `another tool's training is told by its files`(names: [String], tool: String) async throws {
    try await expectComplaint(tool) {
      try empty($0.transcoders)
      for name in names { try Data("a: b\n".utf8).write(to: $0.transcoders.appending(path: name)) }
    }
  }

  @Test func `a checkpoint of crosslayer-coding is told by its tensors`() async throws {
    var writer = SafetensorsWriter()
    writer.add("encoder_module.encoders.0.weight", [1, 2] as [Float], shape: [1, 2])
    writer.add("theta_manager.log_threshold", [1] as [Float], shape: [1])
    let bytes = Data(writer.parts().joined())
    try await expectComplaint("crosslayer-coding", "circuit-tracer's layout") {
      try empty($0.transcoders)
      try bytes.write(to: $0.transcoders.appending(path: "model.safetensors"))
    }
    let folder = try TemporaryFolder()
    try folder.write("clt.safetensors", bytes)
    try await ClewProcess.run(["convert", "clt.safetensors", "--output", "out"], in: folder.url)
      .expectComplaint("crosslayer-coding")
    let model = try TinyModel.shared().model.appending(path: "model.safetensors").path
    try await ClewProcess.run(["convert", model, "--output", "out"], in: folder.url)
      .expectComplaint("holds a model's weights")
  }

  @Test func `files without a configuration say what it must hold, and convert writes it`() async throws {
    var settings = TinyModel.settings
    settings.kind = .perLayer
    let perLayer = try TinyModel(settings)
    for (model, kind) in [(perLayer, "transcoder_set"), (try TinyModel.shared(), "cross_layer_transcoder")] {
      let bare = try TemporaryFolder()
      let names = try FileManager.default.contentsOfDirectory(atPath: model.transcoders.path)
      for name in names where name.hasSuffix(".safetensors") {
        try bare.write("bare/\(name)", try Data(contentsOf: model.transcoders.appending(path: name)))
      }
      let bareFolder = bare.url("bare").path
      let refused = try await ClewProcess.run(
        ["trace", "w3 w14", "--model", model.model.path, "--transcoders", bareFolder], in: bare.url)
      refused.expectComplaint(
        "no config.yaml", "model_kind: \(kind)", "feature_input_hook", "feature_output_hook",
        "clew convert \(bareFolder)")
      let converted = try await ClewProcess.run(
        [
          "convert", bareFolder, "--input-hook", "hook_resid_mid", "--output-hook", "hook_mlp_out",
          "--output", "new",
          "--quiet",
        ], in: bare.url)
      #expect(converted.status == 0, "\(converted.error)")
      let traced = try await ClewProcess.run(
        ["trace", "w3 w14", "--model", model.model.path, "--transcoders", "new", "--quiet"], in: bare.url)
      #expect(traced.status == 0, "\(traced.error)")
    }
  }

  @Test func `a tokenizer of the slow kind is told`() async throws {
    try await expectComplaint("tokenizer.json", "tokenizer.model is not read", "save_pretrained") {
      try FileManager.default.moveItem(
        at: $0.model.appending(path: "tokenizer.json"), to: $0.model.appending(path: "tokenizer.model"))
    }
  }

  @Test func `shards that are missing are all named`() async throws {
    try await expectComplaint("a.safetensors, b.safetensors, which are not there") {
      try FileManager.default.removeItem(at: $0.model.appending(path: "model.safetensors"))
      try Data("{\"weight_map\": {\"x\": \"b.safetensors\", \"y\": \"a.safetensors\"}}".utf8)
        .write(to: $0.model.appending(path: "model.safetensors.index.json"))
    }
  }

  @Test(arguments: [
    ([0x1F, 0x8B, 8, 0] as [UInt8], "gunzip"), (Array("PK\u{3}\u{4}graph".utf8), "circuit-tracer's .pt"),
  ])
  func `a graph in another form is told`(bytes: [UInt8], words: String) async throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("graph.pt", bytes).path
    for command in ["score", "render"] {
      try await ClewProcess.run([command, file], in: folder.url).expectComplaint("graph.pt", words)
    }
  }

  // MARK: Words and numbers

  @Test(arguments: [
    (["trac", "w1"], "Did you mean 'clew trace'?"), (["tarin"], "Did you mean 'clew train'?"),
    (["help", "nosuch"], "no command 'clew nosuch'"), (["help", "trac"], "Did you mean 'clew trace'?"),
    (["features", "biuld"], "Did you mean 'clew features build'?"),
    (["train", "transcoders"], "'clew train transcoder'"),
    (["features", "nosuch"], "There are build, show, search"),
    (["the capital of"], "There are trace, explore"),
    (["help", "features", "shwo"], "Did you mean 'clew features show'?"),
  ])
  func `a command that is misspelt is told which was meant`(arguments: [String], words: String) async throws {
    let outcome = try await ClewProcess.run(arguments)
    #expect(outcome.status == 2 && outcome.output.isEmpty)
    #expect(
      outcome.error.hasPrefix("clew: there is no command") && outcome.error.contains(words),
      "\(outcome.error)")
  }

  @Test(arguments: [
    ["help"], ["help", "trace"], ["help", "features", "build"], ["features", "build", "--help"], [],
  ])
  func `help is still help`(arguments: [String]) async throws {
    let outcome = try await ClewProcess.run(arguments)
    #expect(outcome.status == 0 && outcome.output.contains("USAGE: clew"), "\(outcome.error)")
  }

  @Test(arguments: [
    "1T", "1TB", "1TiB", "2t", "512M", "512MB", "512 MiB", "0.5g", "1.5GiB", "8Gb", "3e9", "4000000000B",
    "900000K",
  ])
  func `a size may have any usual unit`(size: String) async throws {
    let output = try OutputFolder(isThere: false)
    let outcome = try await ClewProcess.run(
      traceArguments(of: .shared(), to: output, "--quiet", "--memory", size))
    #expect(outcome.status == 0, "\(outcome.error)")
  }

  /// A NumPy file of whole numbers.
  private static func npy(_ values: [Int32]) -> [UInt8] {
    var header = "{'descr': '<i4', 'fortran_order': False, 'shape': (\(values.count),), }"
    while (10 + header.utf8.count + 1) % 64 != 0 { header += " " }
    header += "\n"
    let count = UInt16(header.utf8.count)
    return [0x93] + "NUMPY".utf8 + [1, 0, UInt8(count & 0xFF), UInt8(count >> 8)] + header.utf8
      + values.withUnsafeBytes { Array($0) }
  }

  @Test func `rows are chosen without quotes, and in the older spelling`() async throws {
    let (model, folder) = (try TinyModel.shared(), try TemporaryFolder())
    try folder.write("tokens.npy", Self.npy((0..<36).map { Int32($0 % 12) }))
    try folder.write("offsets.npy", Self.npy([0, 12, 24, 36]))
    func check(_ rows: String) async throws -> ClewProcess.Outcome {
      try await ClewProcess.run(
        [
          "check", "--model", model.model.path, "--transcoders", model.transcoders.path, "--tokens",
          "tokens.npy",
          "--offsets", "offsets.npy", "--rows", rows, "--graphs", "0", "--json",
        ], in: folder.url)
    }
    func positions(_ outcome: ClewProcess.Outcome) throws -> Int? {
      #expect(outcome.status == 0, "\(outcome.error)")
      return try JSON(parsing: Array(outcome.output.utf8)).object?["text"]?.object?["positions"]?.int
    }
    let two = try await positions(check("0:2"))
    #expect(try await positions(check("0..<2")) == two && two ?? 0 > 0)
    #expect(try await positions(check("0:3")) ?? 0 > two ?? .max)
    try await check("1:9").expectComplaint("rows 1:9", "within 0:3")
    for rows in ["2:1", "2", "0-2", "a:b", ":3"] {
      let outcome = try await check(rows)
      #expect(outcome.status == 2 && outcome.error.contains("such as 0:162"), "\(outcome.error)")
    }
  }

  @Test(arguments: ["1P", "M", "1MM", "1,5G", "-1G", "0", "nan", "1e400", "1 2M"])
  func `a size that is none is refused`(size: String) async throws {
    let output = try OutputFolder()
    let outcome = try await ClewProcess.run(traceArguments(of: .shared(), to: output, "--memory=\(size)"))
    #expect(outcome.status == 2, "\(outcome.error)")
  }
}
