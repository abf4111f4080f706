internal import Checkpoints
internal import Foundation
internal import Tensors

/// The families that can be loaded, by the name in `config.json`.
let familiesByName: [String: any TransformerFamily.Type] = [
  "gemma2": Gemma2Family.self, "gemma3": Gemma3Family.self, "gemma3_text": Gemma3Family.self,
  "gpt2": GPT2Family.self, "gpt_neox": GPTNeoXFamily.self, "gpt_oss": GPTOSSFamily.self,
  "llama": LlamaFamily.self,
  "mistral": MistralFamily.self, "qwen2": Qwen2Family.self, "qwen3": Qwen3Family.self,
]

/// How a family's files become a ``Transformer``.
protocol TransformerFamily: SendableMetatype {
  /// What may stand before a weight's name.
  static var prefixes: [String] { get }
  /// Reads the fields of a `config.json`, all of them, and refuses what no run here has.
  static func plan(_ fields: ConfigurationFields) throws(TransformerError) -> TransformerPlan
  /// The kinds of quantised weights that are read.
  static var quantizations: Set<String> { get }
}

extension TransformerFamily {
  static var quantizations: Set<String> { [] }
}

/// What a `config.json` says: the shape of a model, and how its weights are found.
struct TransformerPlan {
  var configuration: TransformerConfiguration
  let load: (TransformerConfiguration, WeightSource, URL) throws(CheckpointError) -> Transformer
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
    let listed = prefixes.lazy.map { $0 + name }.first(where: checkpoint.misses)
    return try checkpoint.tensor(listed ?? fullName(name))
  }

  /// The name that files usually have for a weight.
  private func fullName(_ name: String) -> String { (prefixes.first ?? "") + name }

  /// The token embedding and the unembedding, `[vocabulary, dModel]`; tied checkpoints store their one matrix under either
  /// name.
  ///
  /// A head that is stored beside the embedding and differs from it is used whatever the configuration says, which is
  /// corrected: so does transformers 5.
  /// - Parameters:
  ///   - name: The embedding's name.
  ///   - head: The unembedding's, which never stands behind a prefix.
  func embeddings(
    _ name: String, head: String, _ c: inout TransformerConfiguration
  ) throws(CheckpointError) -> (embedding: WeightMatrix, unembedding: WeightMatrix) {
    func matrix(_ tensor: StoredTensor) throws(CheckpointError) -> WeightMatrix {
      try tensor.weight(outputs: c.vocabularyCount, inputs: c.dModel)
    }
    let (stored, own) = (find(name), find(head))
    if c.tiesEmbeddings {
      if let stored, let own, try !stored.holdsSame(as: own) {
        c.tiesEmbeddings = false
        return (try matrix(stored), try matrix(own))
      }
      let one = if let either = stored ?? own { try matrix(either) } else { try matrix(self(name)) }
      return (one, one)
    }
    let embedding = try matrix(self(name))
    let unembedding = if let own { try matrix(own) } else { try matrix(checkpoint.tensor(head)) }
    return (embedding, unembedding)
  }

  /// A norm with a gain and a bias.
  func layerNorm(_ name: String, _ c: TransformerConfiguration) throws(CheckpointError) -> NormLayer {
    NormLayer(
      kind: c.norm, gain: try self(name + ".weight").vector(count: c.dModel),
      bias: try self(name + ".bias").vector(count: c.dModel))
  }
}
