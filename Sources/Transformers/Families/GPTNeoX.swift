internal import Checkpoints
internal import Foundation
internal import Tensors

/// GPT-NeoX and Pythia: layer norms, rotary positions on a part of each head, attention and a plain MLP side by side, and
/// query, key and value of each head stored together.
enum GPTNeoXFamily: TransformerFamily {
  static let prefixes = ["gpt_neox.", ""]

  static func plan(_ fields: ConfigurationFields) throws(TransformerError) -> TransformerPlan {
    let dModel = try fields.integer("hidden_size")
    let headCount = try fields.integer("num_attention_heads")
    let layerCount = try fields.integer("num_hidden_layers")
    guard headCount > 0, dModel > 0, dModel % headCount == 0, (1...4096).contains(layerCount) else {
      throw .badConfiguration(
        path: fields.path,
        reason: "it has \(layerCount) layers of \(headCount) heads over a width of \(dModel)")
    }
    let dHead = dModel / headCount
    try checkSpellings(fields)
    let rule = AttentionRule(
      scale: Float(1 / Double(dHead).squareRoot()),
      rotary: try fields.rotary(
        dHead: dHead, baseNames: ["rope_theta", "rotary_emb_base"],
        shareNames: ["rotary_pct", "partial_rotary_factor"], share: 0.25))
    let configuration = TransformerConfiguration(
      family: "gpt_neox", layerCount: layerCount, dModel: dModel, headCount: headCount,
      keyValueHeadCount: headCount, dHead: dHead, dMLP: try fields.integer("intermediate_size"),
      vocabularyCount: try fields.integer("vocab_size"),
      contextLength: try fields.integer("max_position_embeddings", default: 2048),
      norm: .layer(epsilon: Float(try fields.number("layer_norm_eps", default: 1e-5))),
      activation: try fields.activation("hidden_act", default: "gelu"),
      attention: Array(repeating: rule, count: layerCount),
      tiesEmbeddings: try fields.flag("tie_word_embeddings", default: false))
    let isParallel = try fields.flag("use_parallel_residual", default: true)
    let hasBias = try fields.flag("attention_bias", default: true)
    return TransformerPlan(configuration: configuration) {
      c, weights, folder throws(CheckpointError) in
      var c = c
      let (embedding, unembedding) = try weights.embeddings("embed_in.weight", head: "embed_out.weight", &c)
      var blocks: [Block] = []
      for layer in 0..<c.layerCount {
        blocks.append(try block(layer, c, weights, isParallel: isParallel, hasAttentionBias: hasBias))
      }
      return Transformer(
        configuration: c, embedding: embedding, positionEmbedding: nil, blocks: blocks,
        finalNorm: try weights.layerNorm("final_layer_norm", c), unembedding: unembedding, folder: folder)
    }
  }

  /// Refuses a number that stands under the name of other families alone, where this one's own name has another default:
  /// transformers passes it over.
  private static func checkSpellings(_ fields: ConfigurationFields) throws(TransformerError) {
    if try fields.nested("rope_parameters") != nil { return }
    for (own, other, standard) in [
      ("rotary_emb_base", "rope_theta", 10_000.0), ("rotary_pct", "partial_rotary_factor", 0.25),
    ] where fields.has(other) && fields.object[own] == nil {
      let stated = try fields.number(other)
      guard stated == standard else {
        throw fields.bad(
          "its '\(other)' is \(stated), but GPT-NeoX reads '\(own)', which is missing and then \(standard)")
      }
    }
  }

  private static func block(
    _ layer: Int, _ c: TransformerConfiguration, _ weights: WeightSource, isParallel: Bool,
    hasAttentionBias: Bool
  ) throws(CheckpointError) -> Block {
    let prefix = "layers.\(layer)."
    func linear(
      _ name: String, _ outputs: Int, _ inputs: Int, hasBias: Bool = true
    ) throws(CheckpointError) -> Linear {
      Linear(
        weight: try weights(prefix + name + ".weight").weight(outputs: outputs, inputs: inputs),
        bias: hasBias ? try weights(prefix + name + ".bias").vector(count: outputs) : nil)
    }
    let joined = try linear("attention.query_key_value", 3 * c.dModel, c.dModel, hasBias: hasAttentionBias)
    // Head by head its queries, keys and values.
    func part(_ index: Int) -> Linear {
      let ranges = (0..<c.headCount).map { head in
        (3 * head + index) * c.dHead..<(3 * head + index + 1) * c.dHead
      }
      return Linear(
        weight: joined.weight.gathering(ranges), bias: joined.bias.map { bias in ranges.flatMap { bias[$0] } }
      )
    }
    let attention = AttentionLayer(
      query: part(0), key: part(1), value: part(2),
      output: try linear("attention.dense", c.dModel, c.dModel, hasBias: hasAttentionBias))
    joined.weight.forgetPages()
    return Block(
      attentionNorm: try weights.layerNorm(prefix + "input_layernorm", c), attention: attention,
      mlpNorm: try weights.layerNorm(prefix + "post_attention_layernorm", c),
      feedForward: .dense(
        MLPLayer(
          gate: nil, up: try linear("mlp.dense_h_to_4h", c.dMLP, c.dModel),
          down: try linear("mlp.dense_4h_to_h", c.dModel, c.dMLP), activation: c.activation)),
      isParallel: isParallel)
  }
}
