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
  /// What a reader should know of how the folder was read, in sentences.
  public private(set) var notes: [String] = []

  /// Loads a model from a folder in Hugging Face layout: `config.json` and safetensors.
  public init(folder: URL) throws(TransformerError) {
    let url = folder.appending(path: "config.json")
    let data = try Self.settings(url, in: folder)
    guard let parsed = try? JSONSerialization.jsonObject(with: data), let object = parsed as? [String: Any]
    else { throw .badConfiguration(path: url.path, reason: "it is not a JSON object") }
    guard let name = object["model_type"] as? String else {
      throw .badConfiguration(path: url.path, reason: "it names no model_type")
    }
    guard let family = familiesByName[name] else {
      throw .unknownFamily(name: name, path: url.path, known: familiesByName.keys.sorted())
    }
    let fields = ConfigurationFields(object: object, path: url.path)
    if let method = try fields.nested("quantization_config")?.text("quant_method", default: "unnamed") {
      try fields.refuse("quantization_config: \(method)", !family.quantizations.contains(method))
    }
    let plan = try family.plan(fields)
    let configuration = try plan.configuration.validated(path: url.path)
    let weights: WeightSource
    do throws(CheckpointError) {
      weights = WeightSource(checkpoint: try Checkpoint(folder: folder), prefixes: family.prefixes)
      self = try plan.load(configuration, weights, folder)
    } catch {
      throw .checkpoint(error)
    }
    if let note = weights.noteOnUnused { notes.append(note) }
    if configuration.tiesEmbeddings, !self.configuration.tiesEmbeddings {
      notes.append(
        "config.json ties the unembedding to the token embedding, but another head is stored beside it; the stored one is "
          + "used, as in transformers 5")
    }
  }

  /// The bytes of `config.json`.
  private static func settings(_ url: URL, in folder: URL) throws(TransformerError) -> Data {
    do throws(CheckpointError) {
      try ForeignWeights.checkIsFolder(folder, of: .model)
      guard let data = try? PlainFile.data(of: url) else {
        // The folder itself, if that is what is missing.
        let path = access(folder.path, R_OK | X_OK) == 0 ? url.path : folder.path
        let isThere = access(path, R_OK) == 0
        let reason = isThere ? String(cString: strerror(EISDIR)) : String(cString: strerror(errno))
        if path == url.path, !isThere, let found = ForeignWeights.explanation(of: folder, wanted: .model) {
          throw found
        }
        throw .cannotRead(path: path, reason: reason)
      }
      try GitLFS.check(data, path: url.path)
      return data
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
    let own = HubReference.name(of: folder)
    return own == "model" ? folder.standardizedFileURL.deletingLastPathComponent().lastPathComponent : own
  }

  /// What a token brings into the residual stream, `[dModel]`: its embedding, scaled where the family scales it.
  public func embeddingVector(_ token: Int) -> [Float] {
    let scale = configuration.embeddingScale
    return scale == 1 ? embedding.row(token) : embedding.row(token).map { scale * $0 }
  }

  /// Whether every layer is one that training's own runs know: see ``Block/isPlain``.
  var isPlain: Bool {
    configuration.embeddingScale == 1 && configuration.logitSoftCap == nil && blocks.allSatisfy(\.isPlain)
      && configuration.attention.allSatisfy { rule in
        rule.window == nil && rule.softCap == nil && rule.rotary == configuration.attention.first?.rotary
          && (rule.rotary.map { 2 * $0.frequencies.count == $0.dHead && $0.amplitude == 1 } ?? true)
      }
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
  /// Lets the system take back the pages that the layer's weights were read from.
  public func forgetPages() {
    for linear in [attention.query, attention.key, attention.value, attention.output] {
      linear.weight.forgetPages()
    }
    switch feedForward {
    case .dense(let mlp): for linear in [mlp.up, mlp.down, mlp.gate] { linear?.weight.forgetPages() }
    case .experts(let experts): experts.forgetPages()
    }
  }
}
