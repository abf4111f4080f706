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
