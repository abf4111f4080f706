public import AttributionGraphs
internal import Checkpoints
public import Foundation
internal import Tokenization
internal import Transcoding
internal import Transformers

/// What a folder of weights holds, in the order in which a person would ask.
public enum FolderInfo {
  /// Describes a model's folder or a folder of transcoders.
  /// - Throws: The loader's own error if the folder is damaged, and says so if it is neither.
  public static func of(_ folder: URL) throws -> JSONObject {
    func holds(_ name: String) -> Bool {
      FileManager.default.fileExists(atPath: folder.appending(path: name).path)
    }
    // A model's folder has its weights at the top; whatever else has no tokenizer is looked through for transcoders.
    let isModel = ["model.safetensors", "model.safetensors.index.json", "tokenizer.json"].contains(
      where: holds)
    if isModel, !holds("config.yaml") { return try model(folder) }
    switch Result(catching: { () throws(TranscodingError) in try Transcoder(folder: folder) }) {
    case .success(let found): return transcoder(found)
    case .failure(.nothingFound) where holds("config.json"): return try model(folder)
    case .failure(.nothingFound(let path)): throw InspectionError.neither(folder: path)
    case .failure(let error): throw error
    }
  }

  private static func model(_ folder: URL) throws -> JSONObject {
    let transformer = try Transformer(folder: folder)
    let tokenizer = try Tokenizer(folder: folder)
    let c = transformer.configuration
    let tensors = try Checkpoint(folder: folder).tensors.values
    var info: JSONObject = [
      "kind": "model", "family": .string(c.family), "layers": JSON(c.layerCount), "width": JSON(c.dModel),
      "heads": JSON(c.headCount), "key_value_heads": JSON(c.keyValueHeadCount), "head_width": JSON(c.dHead),
      "mlp_width": JSON(c.dMLP), "activation": .string(c.activation.rawValue),
      "context": JSON(c.contextLength), "vocabulary": JSON(c.vocabularyCount),
      "ties_embeddings": .bool(c.tiesEmbeddings), "positions": c.isRotary ? "rotary" : "learned",
    ]
    add(tensors, to: &info)
    if !transformer.notes.isEmpty { info["notes"] = .array(transformer.notes.map { .string($0) }) }
    info["tokens"] = JSON(tokenizer.vocabularyCount)
    func text(_ token: Token?) -> JSON { token.map { .string(tokenizer.piece(of: $0) ?? "\($0)") } ?? .null }
    info["beginning_of_text"] = text(tokenizer.beginningOfText)
    info["end_of_text"] = text(tokenizer.endOfText)
    info["special_tokens"] = JSON(tokenizer.specialTokens.count)
    return info
  }

  private static func transcoder(_ transcoder: Transcoder) -> JSONObject {
    let configuration = transcoder.configuration
    let layers = transcoder.layers.indices
    let activations = Set(
      transcoder.layers.map { layer in
        switch layer.activation {
        case .reLU: "ReLU"
        case .jumpReLU: "JumpReLU"
        case .topK(let k, let keepsNegative): "TopK, k = \(k)" + (keepsNegative ? "" : ", behind a ReLU")
        }
      })
    var info: JSONObject = [
      "kind": "transcoders", "format": .string(transcoder.format.rawValue),
      "layout": .string(configuration.kind.rawValue),
      "model_name": .string(configuration.modelName), "layers": JSON(layers.count),
      "width": JSON(transcoder.dModel),
      "features": .array(layers.map { JSON(transcoder.featureCount(layer: $0)) }),
      "activation": .string(activations.sorted().joined(separator: "; ")),
      "reads": .string(configuration.inputHook.rawValue),
      "writes": .string(configuration.outputHook.rawValue),
      "skip_connection": .bool(transcoder.hasSkip),
    ]
    let tensors = transcoder.files.flatMap { file -> [StoredTensor] in
      let known =
        file.pathExtension == "npz"
        ? try? NumpyArchive(file).tensors : try? SafetensorsFile(file).tensors
      return (known ?? [:]).values.map(\.self)
    }
    add(tensors, to: &info)
    return info
  }

  private static func add(_ tensors: some Collection<StoredTensor>, to info: inout JSONObject) {
    info["parameters"] = JSON(tensors.reduce(0) { $0 + $1.count })
    info["types"] = JSON(Set(tensors.map(\.typeName)).sorted())
    info["bytes"] = JSON(tensors.reduce(0) { $0 + $1.bytes.count })
  }
}

/// What can keep a folder from being described.
public enum InspectionError: Error, Equatable, CustomStringConvertible {
  /// It holds neither a model nor transcoders.
  case neither(folder: String)

  public var description: String {
    switch self {
    case .neither(let folder):
      "\(folder) holds neither a model (config.json and tokenizer.json beside safetensors) nor transcoders "
        + "(circuit-tracer's config.yaml, or files of Gemma Scope, SAELens or sparsify). Check the path."
    }
  }
}
