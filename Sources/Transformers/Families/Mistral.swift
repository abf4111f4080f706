internal import Checkpoints
internal import Foundation
internal import Tensors

/// Mistral: Llama with attention that reaches back over a window.
enum MistralFamily: TransformerFamily {
  static let prefixes = LlamaLayout.prefixes

  static func plan(_ fields: ConfigurationFields) throws(TransformerError) -> TransformerPlan {
    let configuration = try LlamaLayout.configuration(
      from: fields, family: "mistral", activation: try fields.activation("hidden_act", default: "silu"),
      tiesEmbeddings: false, nullable: ["head_dim"]
    ) { dHead, layerCount throws(TransformerError) in
      let rotary = try fields.rotary(dHead: dHead)
      let window = try fields.optionalInteger("sliding_window", default: 4096)
      return try fields.windows(count: layerCount, window: window) { _ in true }.map {
        AttentionRule(scale: Float(1 / Double(dHead).squareRoot()), rotary: rotary, window: $0)
      }
    }
    return TransformerPlan(configuration: configuration, load: LlamaLayout().load)
  }
}
