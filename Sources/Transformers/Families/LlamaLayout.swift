internal import Checkpoints
internal import Foundation
internal import Tensors

/// The sizes and weight names that Llama began with and many families kept, with what they added.
struct LlamaLayout {
  /// Biases of the maps to queries, keys and values.
  var hasQueryBias = false
  /// A bias of attention's output map.
  var hasOutputBias = false
  /// Biases of the MLP's maps.
  var hasMLPBias = false
  /// Norms of each head's queries and keys.
  var hasHeadNorms = false
  /// Norms of what attention and MLP add; the norm before the MLP then has a name of its own.
  var hasPostNorms = false
  /// What is added to stored gains.
  var gainOffset: Float = 0
  /// A score of each head for nothing.
  var hasSinks = false
  /// What stands in a layer instead of a gated MLP.
  var feedForward: ((_ layer: Int) throws(CheckpointError) -> FeedForward)?

  init(hasQueryBias: Bool = false) { self.hasQueryBias = hasQueryBias }

  /// Attention with the biases that `attention_bias` asks for.
  init(biasedBy fields: ConfigurationFields) throws(TransformerError) {
    hasQueryBias = try fields.flag("attention_bias", default: false)
    hasOutputBias = hasQueryBias
  }

  /// What may stand before a weight's name: models that see pictures keep the part that reads text below a name.
  static let prefixes = ["model.", "", "language_model.model.", "model.language_model.", "language_model."]

  // MARK: The configuration

  /// The fields that families of this layout have in common.
  /// - Parameters:
  ///   - sizes: What stands in for sizes that are not stated.
  ///   - nullable: The sizes that may be null, which then counts as not stated.
  ///   - attention: The layers' attention, once the width of a head is known.
  static func configuration(
    from fields: ConfigurationFields, family: String, activation: Activation, tiesEmbeddings: Bool,
    sizes: [String: Int] = [:], nullable: Set<String> = [], epsilon: Double = 1e-6,
    attention: (_ dHead: Int, _ layerCount: Int) throws(TransformerError) -> [AttentionRule]
  ) throws(TransformerError) -> TransformerConfiguration {
    func size(_ name: String, default fallback: Int? = nil) throws(TransformerError) -> Int {
      try fields.integer(name, default: sizes[name] ?? fallback, nullable: nullable.contains(name))
    }
    let dModel = try size("hidden_size")
    let headCount = try size("num_attention_heads")
    guard headCount > 0 else {
      throw .badConfiguration(path: fields.path, reason: "its number of heads is \(headCount)")
    }
    let dHead = try size("head_dim", default: dModel / headCount)
    let layerCount = try size("num_hidden_layers")
    guard dHead > 0, (1...4096).contains(layerCount) else {
      throw .badConfiguration(
        path: fields.path, reason: "it has \(layerCount) layers with heads of a width of \(dHead)")
    }
    return TransformerConfiguration(
      family: family, layerCount: layerCount, dModel: dModel, headCount: headCount,
      keyValueHeadCount: try size("num_key_value_heads", default: headCount), dHead: dHead,
      dMLP: try size("intermediate_size"), vocabularyCount: try size("vocab_size"),
      contextLength: try size("max_position_embeddings", default: 2048),
      norm: .rootMeanSquare(epsilon: Float(try fields.number("rms_norm_eps", default: epsilon))),
      activation: activation, attention: try attention(dHead, layerCount),
      tiesEmbeddings: try fields.flag("tie_word_embeddings", default: tiesEmbeddings))
  }

  // MARK: The weights

  func load(
    _ c: TransformerConfiguration, from weights: WeightSource, folder: URL
  ) throws(CheckpointError) -> Transformer {
    var c = c
    let (embedding, unembedding) = try weights.embeddings(
      "embed_tokens.weight", head: "lm_head.weight", &c)
    var blocks: [Block] = []
    for layer in 0..<c.layerCount { blocks.append(try block(layer, c, weights)) }
    return Transformer(
      configuration: c, embedding: embedding, positionEmbedding: nil, blocks: blocks,
      finalNorm: try norm("norm", c.dModel, c, weights), unembedding: unembedding, folder: folder)
  }

  private func block(
    _ layer: Int, _ c: TransformerConfiguration, _ weights: WeightSource
  ) throws(CheckpointError) -> Block {
    let prefix = "layers.\(layer)."
    func linear(
      _ name: String, _ outputs: Int, _ inputs: Int, _ hasBias: Bool
    ) throws(CheckpointError) -> Linear {
      Linear(
        weight: try weights(prefix + name + ".weight").weight(outputs: outputs, inputs: inputs),
        bias: hasBias ? try weights(prefix + name + ".bias").vector(count: outputs) : nil)
    }
    func norm(_ name: String, _ width: Int? = nil) throws(CheckpointError) -> NormLayer {
      try self.norm(prefix + name, width ?? c.dModel, c, weights)
    }
    func mlp() throws(CheckpointError) -> FeedForward {
      if let feedForward { return try feedForward(layer) }
      return .dense(
        MLPLayer(
          gate: try linear("mlp.gate_proj", c.dMLP, c.dModel, hasMLPBias),
          up: try linear("mlp.up_proj", c.dMLP, c.dModel, hasMLPBias),
          down: try linear("mlp.down_proj", c.dModel, c.dMLP, hasMLPBias), activation: c.activation))
    }
    let queries = c.headCount * c.dHead
    let keys = c.keyValueHeadCount * c.dHead
    return Block(
      attentionNorm: try norm("input_layernorm"),
      attention: AttentionLayer(
        query: try linear("self_attn.q_proj", queries, c.dModel, hasQueryBias),
        key: try linear("self_attn.k_proj", keys, c.dModel, hasQueryBias),
        value: try linear("self_attn.v_proj", keys, c.dModel, hasQueryBias),
        output: try linear("self_attn.o_proj", c.dModel, queries, hasOutputBias),
        queryNorm: hasHeadNorms ? try norm("self_attn.q_norm", c.dHead) : nil,
        keyNorm: hasHeadNorms ? try norm("self_attn.k_norm", c.dHead) : nil,
        sinks: hasSinks ? try weights(prefix + "self_attn.sinks").vector(count: c.headCount) : nil),
      attentionPostNorm: hasPostNorms ? try norm("post_attention_layernorm") : nil,
      mlpNorm: try norm(hasPostNorms ? "pre_feedforward_layernorm" : "post_attention_layernorm"),
      feedForward: try mlp(),
      mlpPostNorm: hasPostNorms ? try norm("post_feedforward_layernorm") : nil)
  }

  private func norm(
    _ name: String, _ width: Int, _ c: TransformerConfiguration, _ weights: WeightSource
  ) throws(CheckpointError) -> NormLayer {
    NormLayer(
      kind: c.norm, gain: try weights(name + ".weight").vector(count: width).map { $0 + gainOffset },
      bias: Array(repeating: 0, count: width))
  }
}
