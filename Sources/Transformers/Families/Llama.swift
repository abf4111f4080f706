internal import Checkpoints
internal import Foundation
internal import Tensors

/// Llama and its kin: RMS norms, rotary positions, grouped keys, gated MLPs.
enum LlamaFamily: TransformerFamily {
  static let prefixes = ["model.", ""]

  static func configuration(from fields: ConfigurationFields) throws(TransformerError)
    -> TransformerConfiguration
  {
    let dModel = try fields.integer("hidden_size")
    let headCount = try fields.integer("num_attention_heads")
    guard headCount > 0 else {
      throw .badConfiguration(path: fields.path, reason: "its number of heads is \(headCount)")
    }
    let dHead = try fields.integer("head_dim", default: dModel / headCount)
    let layerCount = try fields.integer("num_hidden_layers")
    let name = try fields.text("hidden_act", default: "silu")
    guard let activation = Activation(configurationName: name) else {
      throw .badConfiguration(path: fields.path, reason: "its activation '\(name)' is unknown")
    }
    let context = try fields.integer("max_position_embeddings", default: 2048)
    let window = try fields.integer("sliding_window", default: context)
    return TransformerConfiguration(
      family: try fields.text("model_type", default: "llama"), layerCount: layerCount, dModel: dModel,
      headCount: headCount,
      keyValueHeadCount: try fields.integer("num_key_value_heads", default: headCount), dHead: dHead,
      dMLP: try fields.integer("intermediate_size"), vocabularyCount: try fields.integer("vocab_size"),
      // A window is exact as long as no text is longer than it.
      contextLength: min(context, window),
      norm: .rootMeanSquare(epsilon: Float(try fields.number("rms_norm_eps", default: 1e-6))),
      activation: activation, rotary: try rotary(from: fields, dHead: dHead),
      attentionScales: Array(repeating: Float(1 / Double(dHead).squareRoot()), count: max(0, layerCount)),
      tiesEmbeddings: try fields.flag("tie_word_embeddings", default: false))
  }

  private static func rotary(
    from fields: ConfigurationFields, dHead: Int
  ) throws(TransformerError) -> RotaryEmbedding {
    let parameters = try fields.nested("rope_parameters")
    let scalingFields = try fields.nested("rope_scaling") ?? parameters
    let base = try fields.number(
      "rope_theta", default: try parameters?.number("rope_theta", default: 10_000) ?? 10_000)
    var scaling: RotaryEmbedding.Scaling?
    if let scalingFields {
      let kind = try scalingFields.text(
        "rope_type", default: try scalingFields.text("type", default: "default"))
      switch kind {
      case "default": break
      case "linear": scaling = .linear(factor: try scalingFields.number("factor"))
      case "llama3":
        scaling = .llama3(
          factor: try scalingFields.number("factor"), lowFactor: try scalingFields.number("low_freq_factor"),
          highFactor: try scalingFields.number("high_freq_factor"),
          originalContext: try scalingFields.number("original_max_position_embeddings"))
      default:
        throw .badConfiguration(path: fields.path, reason: "its rotary scaling '\(kind)' is unknown")
      }
    }
    guard base > 0, dHead > 0 else {
      throw .badConfiguration(
        path: fields.path, reason: "its rotary base is \(base), its head width \(dHead)")
    }
    return RotaryEmbedding(dHead: dHead, base: base, scaling: scaling)
  }

  static func load(
    _ c: TransformerConfiguration, from weights: WeightSource, folder: URL
  ) throws(CheckpointError) -> Transformer {
    // Tied checkpoints store the one matrix under either name.
    let name = weights.find("embed_tokens.weight") != nil ? "embed_tokens.weight" : "lm_head.weight"
    let stored = try weights(name)
    let embedding = try stored.weight(outputs: c.vocabularyCount, inputs: c.dModel)
    var unembedding = embedding
    if !c.tiesEmbeddings {
      unembedding = try weights("lm_head.weight").weight(outputs: c.vocabularyCount, inputs: c.dModel)
    }
    var blocks: [Block] = []
    for layer in 0..<c.layerCount { blocks.append(try block(layer, c, weights)) }
    return Transformer(
      configuration: c, embedding: embedding, positionEmbedding: nil, blocks: blocks,
      finalNorm: try norm("norm", c, weights), unembedding: unembedding, folder: folder)
  }

  private static func block(
    _ layer: Int, _ c: TransformerConfiguration, _ weights: WeightSource
  ) throws(CheckpointError) -> Block {
    func linear(_ name: String, _ outputs: Int, _ inputs: Int) throws(CheckpointError) -> Linear {
      let bias = weights.find("layers.\(layer).\(name).bias")
      return Linear(
        weight: try weights("layers.\(layer).\(name).weight").weight(outputs: outputs, inputs: inputs),
        bias: try bias?.vector(count: outputs))
    }
    let queries = c.headCount * c.dHead
    let keys = c.keyValueHeadCount * c.dHead
    return Block(
      attentionNorm: try norm("layers.\(layer).input_layernorm", c, weights),
      attention: AttentionLayer(
        query: try linear("self_attn.q_proj", queries, c.dModel),
        key: try linear("self_attn.k_proj", keys, c.dModel),
        value: try linear("self_attn.v_proj", keys, c.dModel),
        output: try linear("self_attn.o_proj", c.dModel, queries)),
      mlpNorm: try norm("layers.\(layer).post_attention_layernorm", c, weights),
      mlp: MLPLayer(
        gate: try linear("mlp.gate_proj", c.dMLP, c.dModel), up: try linear("mlp.up_proj", c.dMLP, c.dModel),
        down: try linear("mlp.down_proj", c.dModel, c.dMLP), activation: c.activation))
  }

  private static func norm(
    _ name: String, _ c: TransformerConfiguration, _ weights: WeightSource
  ) throws(CheckpointError) -> NormLayer {
    NormLayer(
      kind: c.norm, gain: try weights(name + ".weight").vector(count: c.dModel),
      bias: Array(repeating: 0, count: c.dModel))
  }
}
