internal import Checkpoints
internal import Foundation
internal import Tensors

/// Qwen 2 and 2.5: Llama with biases of queries, keys and values.
enum Qwen2Family: TransformerFamily {
  static let prefixes = LlamaLayout.prefixes

  static func plan(_ fields: ConfigurationFields) throws(TransformerError) -> TransformerPlan {
    let configuration = try LlamaLayout.configuration(
      from: fields, family: "qwen2", activation: try fields.activation("hidden_act", default: "silu"),
      tiesEmbeddings: false, nullable: ["num_key_value_heads"]
    ) { dHead, layerCount throws(TransformerError) in
      try attention(fields, dHead: dHead, layerCount: layerCount)
    }
    return TransformerPlan(configuration: configuration, load: LlamaLayout(hasQueryBias: true).load)
  }

  /// The layers from `max_window_layers` on may slide.
  static func attention(
    _ fields: ConfigurationFields, dHead: Int, layerCount: Int
  ) throws(TransformerError) -> [AttentionRule] {
    let rotary = try fields.rotary(dHead: dHead)
    let slides = try fields.flag("use_sliding_window", default: false)
    let window = slides ? try fields.optionalInteger("sliding_window", default: 4096) : nil
    let first = try fields.integer("max_window_layers", default: 28)
    return try fields.windows(count: layerCount, window: window) { $0 >= first }.map {
      AttentionRule(scale: Float(1 / Double(dHead).squareRoot()), rotary: rotary, window: $0)
    }
  }
}
