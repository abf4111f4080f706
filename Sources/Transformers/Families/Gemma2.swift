internal import Checkpoints
internal import Foundation
internal import Tensors

/// Gemma 2: norms before and behind attention and MLP with gains stored less 1, scaled embeddings, capped scores and
/// logits, and every other layer with attention over a window.
enum Gemma2Family: TransformerFamily {
  static let prefixes = LlamaLayout.prefixes

  static func plan(_ fields: ConfigurationFields) throws(TransformerError) -> TransformerPlan {
    try fields.refuse(
      "use_bidirectional_attention",
      try fields.flag("use_bidirectional_attention", default: false, null: false))
    let scoreCap = try fields.optionalNumber("attn_logit_softcapping", default: 50).map { Float($0) }
    var configuration = try LlamaLayout.configuration(
      from: fields, family: "gemma2",
      activation: try fields.activation("hidden_activation", default: "gelu_pytorch_tanh"),
      tiesEmbeddings: true
    ) { dHead, layerCount throws(TransformerError) in
      let rotary = try fields.rotary(dHead: dHead)
      let scale = try queryScale(fields)
      return try fields.windows(
        count: layerCount, window: try fields.integer("sliding_window", default: 4096)
      ) {
        $0.isMultiple(of: 2)
      }.map { AttentionRule(scale: scale, rotary: rotary, window: $0, softCap: scoreCap) }
    }
    configuration.embeddingScale = Float(Double(configuration.dModel).squareRoot())
    configuration.logitSoftCap = try fields.optionalNumber("final_logit_softcapping", default: 30).map {
      Float($0)
    }
    return TransformerPlan(configuration: configuration, load: try layout(fields).load)
  }

  /// Both families' weights.
  static func layout(_ fields: ConfigurationFields) throws(TransformerError) -> LlamaLayout {
    var layout = try LlamaLayout(biasedBy: fields)
    layout.hasPostNorms = true
    layout.gainOffset = 1
    return layout
  }

  /// What scores are multiplied by: these families state its square's inverse.
  static func queryScale(_ fields: ConfigurationFields) throws(TransformerError) -> Float {
    Float(1 / (try fields.positive("query_pre_attn_scalar", default: 256)).squareRoot())
  }
}
