internal import Checkpoints
internal import Foundation
internal import Tensors

/// Gemma 3, the part that reads text: Gemma 2 with norms of each head's queries and keys instead of caps, five layers over a
/// window to one over everything, each kind with a rotary base of its own.
enum Gemma3Family: TransformerFamily {
  static let prefixes = LlamaLayout.prefixes

  /// What the field's own configuration has where a file says nothing; those of models that see pictures say little.
  private static let sizes = [
    "hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 26, "num_attention_heads": 8,
    "num_key_value_heads": 4, "head_dim": 256, "vocab_size": 262_208, "max_position_embeddings": 131_072,
  ]

  static func plan(_ whole: ConfigurationFields) throws(TransformerError) -> TransformerPlan {
    // Models that see pictures keep the fields of the part that reads text together.
    let fields = try whole.nested("text_config") ?? whole
    try fields.refuse(
      "use_bidirectional_attention",
      try fields.flag("use_bidirectional_attention", default: false, null: false))
    // The field that the family before it has; its own code reads it and leaves scores as they are.
    if fields.has("attn_logit_softcapping") {
      throw .unsupported(path: fields.path, what: "'attn_logit_softcapping' in Gemma 3")
    }
    var configuration = try LlamaLayout.configuration(
      from: fields, family: "gemma3",
      activation: try fields.activation("hidden_activation", default: "gelu_pytorch_tanh"),
      tiesEmbeddings: true, sizes: sizes
    ) { dHead, layerCount throws(TransformerError) in
      let everything = try globalRotary(fields, dHead: dHead)
      let near = try localRotary(fields, dHead: dHead)
      let scale = try Gemma2Family.queryScale(fields)
      let pattern = try fields.integer(
        "sliding_window_pattern", default: try fields.integer("_sliding_window_pattern", default: 6))
      guard pattern > 0 else {
        throw .badConfiguration(path: fields.path, reason: "its sliding_window_pattern is \(pattern)")
      }
      return try fields.windows(
        count: layerCount, window: try fields.integer("sliding_window", default: 4096)
      ) {
        !($0 + 1).isMultiple(of: pattern)
      }.map {
        AttentionRule(scale: scale, rotary: $0 == nil ? everything : near, window: $0)
      }
    }
    // <bos><start_of_turn>user\n
    configuration.opening = [2, 105, 2364, 107]
    configuration.embeddingScale = Float(Double(configuration.dModel).squareRoot())
    configuration.logitSoftCap = try fields.optionalNumber("final_logit_softcapping").map { Float($0) }
    var layout = try Gemma2Family.layout(fields)
    layout.hasHeadNorms = true
    return TransformerPlan(configuration: configuration, load: layout.load)
  }

  private static func globalRotary(
    _ fields: ConfigurationFields, dHead: Int
  ) throws(TransformerError) -> RotaryEmbedding {
    guard let own = try fields.nested("rope_parameters")?.nested("full_attention") else {
      return try fields.rotary(dHead: dHead, base: 1_000_000)
    }
    let base = try ConfigurationFields.agreed([(fields, "rope_theta"), (own, "rope_theta")])
    return try ConfigurationFields.rotary(
      dHead: dHead, share: 1, base: base ?? 1_000_000, scaling: try own.rotaryScaling(of: fields),
      path: fields.path)
  }

  private static func localRotary(
    _ fields: ConfigurationFields, dHead: Int
  ) throws(TransformerError) -> RotaryEmbedding {
    let own = try fields.nested("rope_parameters")?.nested("sliding_attention")
    var places = [(fields: fields, name: "rope_local_base_freq")]
    if let own { places.append((own, "rope_theta")) }
    return try ConfigurationFields.rotary(
      dHead: dHead, share: 1, base: try ConfigurationFields.agreed(places) ?? 10_000,
      scaling: try own?.rotaryScaling(of: fields), path: fields.path)
  }
}
