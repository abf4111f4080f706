internal import Checkpoints
internal import Foundation
internal import Tensors

/// Llama 1 to 3.2: RMS norms, rotary positions, grouped keys, gated MLPs.
enum LlamaFamily: TransformerFamily {
  static let prefixes = LlamaLayout.prefixes

  static func plan(_ fields: ConfigurationFields) throws(TransformerError) -> TransformerPlan {
    let configuration = try LlamaLayout.configuration(
      from: fields, family: "llama", activation: try fields.activation("hidden_act", default: "silu"),
      tiesEmbeddings: false, nullable: ["num_key_value_heads", "head_dim"]
    ) { dHead, layerCount throws(TransformerError) in
      let rule = AttentionRule(
        scale: Float(1 / Double(dHead).squareRoot()), rotary: try fields.rotary(dHead: dHead))
      return Array(repeating: rule, count: layerCount)
    }
    var layout = try LlamaLayout(biasedBy: fields)
    layout.hasMLPBias = try fields.flag("mlp_bias", default: false)
    return TransformerPlan(configuration: configuration, load: layout.load)
  }
}
