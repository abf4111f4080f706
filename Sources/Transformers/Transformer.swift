internal import Checkpoints
public import Foundation
public import Tensors

/// A pre-norm, decoder-only transformer with its weights mapped.
public struct Transformer: Sendable {
  public let configuration: TransformerConfiguration
  /// `W_E`, `[vocabulary, dModel]`.
  public let embedding: WeightMatrix
  /// Learned position embeddings, `[context, dModel]`; `nil` where positions are rotary.
  public let positionEmbedding: WeightMatrix?
  /// `[layer]`.
  public let blocks: [Block]
  public let finalNorm: NormLayer
  /// `W_U`, `[vocabulary, dModel]`.
  public let unembedding: WeightMatrix
  /// The folder it came from.
  public let folder: URL

  /// The families that can be loaded, by the name in `config.json`.
  static let families: [String: any TransformerFamily.Type] = [
    "llama": LlamaFamily.self, "mistral": LlamaFamily.self, "gpt2": GPT2Family.self,
  ]

  /// Loads a model from a folder in Hugging Face layout: `config.json` and safetensors.
  public init(folder: URL) throws(TransformerError) {
    let url = folder.appending(path: "config.json")
    let data: Data
    do { data = try Data(contentsOf: url) } catch {
      throw .badConfiguration(path: url.path, reason: "it cannot be read")
    }
    guard let parsed = try? JSONSerialization.jsonObject(with: data), let object = parsed as? [String: Any]
    else { throw .badConfiguration(path: url.path, reason: "it is not a JSON object") }
    guard let name = object["model_type"] as? String else {
      throw .badConfiguration(path: url.path, reason: "it names no model_type")
    }
    guard let family = Self.families[name] else {
      throw .unknownFamily(name: name, path: url.path, known: Self.families.keys.sorted())
    }
    let fields = ConfigurationFields(object: object, path: url.path)
    let configuration = try family.configuration(from: fields).validated(path: url.path)
    do throws(CheckpointError) {
      let weights = WeightSource(checkpoint: try Checkpoint(folder: folder), prefixes: family.prefixes)
      self = try family.load(configuration, from: weights, folder: folder)
    } catch {
      throw .checkpoint(error)
    }
  }

  /// A model put together from its parts.
  public init(
    configuration: TransformerConfiguration, embedding: WeightMatrix, positionEmbedding: WeightMatrix?,
    blocks: [Block], finalNorm: NormLayer, unembedding: WeightMatrix, folder: URL
  ) {
    self.configuration = configuration
    self.embedding = embedding
    self.positionEmbedding = positionEmbedding
    self.blocks = blocks
    self.finalNorm = finalNorm
    self.unembedding = unembedding
    self.folder = folder
  }
}

extension Transformer {
  /// What people call the model: its folder's name, or, as `model` says nothing, that of the folder around it.
  public var name: String {
    let own = folder.lastPathComponent
    return own == "model" ? folder.standardizedFileURL.deletingLastPathComponent().lastPathComponent : own
  }

  /// Lets the system take back the pages that the weights were read from; they are read again when next used.
  public func forgetPages() {
    embedding.forgetPages()
    unembedding.forgetPages()
    positionEmbedding?.forgetPages()
    for block in blocks { block.forgetPages() }
  }
}

extension Block {
  func forgetPages() {
    let linears = [
      attention.query, attention.key, attention.value, attention.output, mlp.up, mlp.down, mlp.gate,
    ]
    for linear in linears { linear?.weight.forgetPages() }
  }
}

/// How a family's files become a ``Transformer``.
protocol TransformerFamily: SendableMetatype {
  /// What may stand before a weight's name.
  static var prefixes: [String] { get }
  static func configuration(from fields: ConfigurationFields) throws(TransformerError)
    -> TransformerConfiguration
  static func load(
    _ configuration: TransformerConfiguration, from weights: WeightSource, folder: URL
  ) throws(CheckpointError) -> Transformer
}

/// Weights by name, whichever of a family's prefixes the file uses.
struct WeightSource {
  let checkpoint: Checkpoint
  let prefixes: [String]

  func find(_ name: String) -> StoredTensor? {
    for prefix in prefixes {
      if let tensor = checkpoint.tensors[prefix + name] { return tensor }
    }
    return nil
  }

  func callAsFunction(_ name: String) throws(CheckpointError) -> StoredTensor {
    if let tensor = find(name) { return tensor }
    return try checkpoint.tensor((prefixes.first ?? "") + name)
  }
}
