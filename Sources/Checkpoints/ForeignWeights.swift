public import Foundation
internal import Tensors

/// What lies where a model or transcoders were expected, said to somebody who does not know why that is not it.
public enum ForeignWeights {
  /// What was expected.
  public enum Wanted: Sendable {
    case model, transcoders

    var files: String {
      switch self {
      case .model: "config.json, tokenizer.json and safetensors"
      case .transcoders: "config.yaml and safetensors, or files of Gemma Scope, SAELens or sparsify"
      }
    }
  }

  /// Refuses a file where a folder is wanted, with what is to be done about that kind of file.
  public static func checkIsFolder(_ url: URL, of wanted: Wanted) throws(CheckpointError) {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), !isFolder.boolValue else {
      return
    }
    try checkFile(url)
    let parent = url.deletingLastPathComponent().path
    let isOfFolder = ["safetensors", "json", "yaml", "npz"].contains(url.pathExtension.lowercased())
    throw .foreign(
      path: url.path, what: "it is a file, and not a folder with \(wanted.files)",
      advice: isOfFolder ? "Name the folder that it lies in, \(parent)." : "Name such a folder.")
  }

  /// Refuses a file whose ending says that Clew does not read it.
  public static func checkFile(_ url: URL) throws(CheckpointError) {
    if let what = other(url.lastPathComponent) {
      throw .foreign(path: url.path, what: what.what, advice: what.advice)
    }
  }

  /// Says what a folder holds instead, if that is known.
  public static func explanation(of folder: URL, wanted: Wanted) -> CheckpointError? {
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
    func has(_ name: String) -> Bool { names.contains(name) }
    func foreign(_ what: String, _ advice: String) -> CheckpointError {
      .foreign(path: folder.path, what: what, advice: advice)
    }
    if has("snapshots"), has("blobs"), let name = repository(cachedIn: folder) {
      return foreign(
        "it is the repository \(name) in the Hugging Face cache, whose files lie deeper",
        "Name the repository itself: \(name).")
    }
    if has("graph.json"), has("report.md") {
      return foreign(
        "it holds a trace", "Name the folder of the \(wanted == .model ? "model" : "transcoders").")
    }
    switch wanted {
    case .model:
      if has("adapter_config.json") { return adapter(folder) }
      if names.contains(where: isOfTranscoders) {
        return foreign(
          "it holds transcoders, and not a model",
          "Give it to --transcoders, and the model's folder to --model.")
      }
    case .transcoders:
      if let tool = otherTool(folder, names) {
        return foreign(
          "it holds a training of \(tool), whose layout Clew does not read",
          "Write it out in circuit-tracer's layout first: W_enc_0.safetensors, W_dec_0.safetensors, … beside a "
            + "config.yaml, with its normalisation folded into the weights.")
      }
      if has("config.json"), names.contains(where: { $0.hasPrefix("model") && $0.hasSuffix(".safetensors") }),
        names.contains(where: { $0.hasPrefix("tokenizer") })
      {
        return foreign(
          "it holds a model, and not transcoders",
          "Give it to --model, and the transcoders' folder to --transcoders."
        )
      }
    }
    // What trainers leave beside weights.
    let besides = ["training_args.bin", "optimizer.pt", "optimizer.bin", "scheduler.pt", "scaler.pt"]
    for name in names where !besides.contains(name) && !name.hasPrefix("rng_state") {
      if let found = other(name) {
        return foreign("of weights it has \(name) alone: \(found.what)", found.advice)
      }
    }
    let config = wanted == .model ? "config.json" : "config.yaml"
    let below = names.filter {
      FileManager.default.fileExists(atPath: folder.appending(path: $0).appending(path: config).path)
    }
    if let first = below.first {
      let others = below.count > 1 ? ", or another one in it" : ""
      return foreign(
        "it has no \(config), but a folder in it has", "Name \(folder.appending(path: first).path)\(others).")
    }
    return nil
  }

  /// Says what a file of tensors is of, if its names show that it holds no transcoder.
  public static func explanation(of file: SafetensorsFile) -> CheckpointError? {
    func any(_ parts: String...) -> Bool {
      file.tensors.keys.contains { name in parts.contains { name.contains($0) } }
    }
    if any("encoder_module.encoders.") {
      return .foreign(
        path: file.file.path,
        what: "it is a checkpoint of crosslayer-coding, whose layout Clew does not read",
        advice:
          "Write it out in circuit-tracer's layout first, with its normalisation folded into the weights.")
    }
    if any("embed_tokens.weight", "wte.weight", "embed_in.weight") {
      return .foreign(
        path: file.file.path, what: "it holds a model's weights, and no transcoder",
        advice: "Name a file or folder of transcoders.")
    }
    if any("lora_A", "lora_B") {
      return .foreign(
        path: file.file.path, what: "it is a LoRA adapter, and no transcoder",
        advice: "Name a file or folder of transcoders.")
    }
    return nil
  }

  /// What an ending stands for, if it is one of weights that Clew does not read.
  private static func other(_ name: String) -> (what: String, advice: String)? {
    switch name.split(separator: ".").last.map({ $0.lowercased() }) {
    case "gguf", "ggml":
      (
        "GGUF, the format of llama.cpp, is not read",
        "Name the folder of the model that it was made from, with config.json, tokenizer.json and safetensors."
      )
    case "bin", "pt", "pth", "ckpt", "pkl":
      (
        "pickled PyTorch weights are not read, since reading them may run any code",
        "Save them as safetensors, in Python with save_pretrained(FOLDER, safe_serialization=True) or "
          + "safetensors.torch.save_file, and name that folder."
      )
    case "h5", "msgpack", "onnx", "tflite", "mlmodel":
      (
        "weights of this format are not read",
        "Name a folder with the same model's safetensors."
      )
    default: nil
    }
  }

  private static func adapter(_ folder: URL) -> CheckpointError {
    let data = try? Data(contentsOf: folder.appending(path: "adapter_config.json"))
    let object = data.flatMap { try? JSONSerialization.jsonObject(with: $0) } as? [String: Any]
    let base = object?["base_model_name_or_path"] as? String
    return .foreign(
      path: folder.path,
      what: "it holds a LoRA adapter\(base.map { " for \($0)" } ?? ""), and not a whole model",
      advice:
        "Merge it into its model (in Python: merge_and_unload(), then save_pretrained), and name that folder."
    )
  }

  private static func isOfTranscoders(_ name: String) -> Bool {
    name == "config.yaml" || name == "params.npz" || name == "sae_weights.safetensors"
      || name == "sae.safetensors"
      || name.wholeMatch(of: #/(W_enc|W_dec|layer)_[0-9]+\.safetensors/#) != nil
  }

  /// Other tools' trainings of cross-layer transcoders, by the files that they leave.
  private static func otherTool(_ folder: URL, _ names: [String]) -> String? {
    if names.contains(where: { $0.hasPrefix("clt_checkpoint") || $0 == "norm_stats.json" }) {
      return "crosslayer-coding"
    }
    if names.contains("clt_cfg.json") || names.contains(where: { $0.hasSuffix("clt_weights.safetensors") }) {
      return "CLT-Forge"
    }
    if names.contains("checkpoint.safetensors"), names.contains("config.yaml") {
      return "crosslayer-transcoder"
    }
    let weights = names.filter { $0.hasSuffix(".safetensors") }
    guard weights.count == 1, let file = try? SafetensorsFile(folder.appending(path: weights[0])) else {
      return nil
    }
    return file.tensors.keys.contains { $0.contains("encoder_module.encoders.") } ? "crosslayer-coding" : nil
  }

  /// The repository that a folder of the hub's cache is of.
  private static func repository(cachedIn folder: URL) -> String? {
    let name = folder.standardizedFileURL.lastPathComponent
    guard name.hasPrefix("models--") else { return nil }
    return String(name.dropFirst("models--".count)).replacing("--", with: "/")
  }
}

/// Files that Git LFS keeps elsewhere: a clone made without it holds a few lines of text in their place.
public enum GitLFS {
  /// How such a text begins.
  public static let signature = "version https://git-lfs.github.com/spec/"

  /// Whether bytes are such a text.
  public static func isPointer(_ bytes: some Sequence<UInt8>) -> Bool {
    bytes.starts(with: Array(signature.utf8))
  }

  /// Refuses such a text in a file's place.
  public static func check(
    _ bytes: some Sequence<UInt8>, path: String
  ) throws(CheckpointError) {
    guard isPointer(bytes) else { return }
    let text = String(decoding: Array(bytes.prefix(1024)), as: UTF8.self)
    throw .lfsPointer(
      path: path, byteCount: text.firstMatch(of: #/\nsize ([0-9]{1,15})/#).flatMap { Int($0.1) })
  }
}
