internal import Checkpoints
internal import Foundation
internal import Tensors

/// Qwen 3: Llama with norms of each head's queries and keys.
enum Qwen3Family: TransformerFamily {
  static let prefixes = LlamaLayout.prefixes

  static func plan(_ fields: ConfigurationFields) throws(TransformerError) -> TransformerPlan {
    let configuration = try LlamaLayout.configuration(
      from: fields, family: "qwen3", activation: try fields.activation("hidden_act", default: "silu"),
      tiesEmbeddings: false, sizes: ["head_dim": 128], nullable: ["num_key_value_heads"]
    ) { dHead, layerCount throws(TransformerError) in
      try Qwen2Family.attention(fields, dHead: dHead, layerCount: layerCount)
    }
    var layout = try LlamaLayout(biasedBy: fields)
    layout.hasHeadNorms = true
    return TransformerPlan(configuration: configuration, load: layout.load)
  }
}
