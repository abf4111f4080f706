internal import Checkpoints
internal import Foundation
internal import Tensors

/// GPT-2: layer norms, learned positions, plain MLPs; linear maps are stored `[inputs, outputs]`.
enum GPT2Family: TransformerFamily {
  static let prefixes = ["transformer.", ""]

  static func plan(_ fields: ConfigurationFields) throws(TransformerError) -> TransformerPlan {
    let dModel = try fields.integer("n_embd")
    let headCount = try fields.integer("n_head")
    let layerCount = try fields.integer("n_layer")
    guard headCount > 0, dModel % headCount == 0, (1...4096).contains(layerCount) else {
      throw .badConfiguration(
        path: fields.path,
        reason: "it has \(layerCount) layers of \(headCount) heads over a width of \(dModel)")
    }
    let activation = try fields.activation("activation_function", default: "gelu_new")
    let scales = try fields.flag("scale_attn_weights", default: true)
    let byLayer = try fields.flag("scale_attn_by_inverse_layer_idx", default: false)
    let dHead = dModel / headCount
    let scale = scales ? 1 / Double(max(1, dHead)).squareRoot() : 1
    let configuration = TransformerConfiguration(
      family: "gpt2", layerCount: layerCount, dModel: dModel, headCount: headCount,
      keyValueHeadCount: headCount, dHead: dHead,
      dMLP: try fields.integer("n_inner", default: 4 * dModel, nullable: true),
      vocabularyCount: try fields.integer("vocab_size"),
      contextLength: try fields.integer(
        "n_positions", default: try fields.integer("n_ctx", default: 1024, nullable: true)),
      norm: .layer(epsilon: Float(try fields.number("layer_norm_epsilon", default: 1e-5))),
      activation: activation,
      attention: (0..<layerCount).map {
        AttentionRule(scale: Float(byLayer ? scale / Double($0 + 1) : scale))
      },
      tiesEmbeddings: try fields.flag("tie_word_embeddings", default: true))
    return TransformerPlan(configuration: configuration, load: load)
  }

  private static func load(
    _ c: TransformerConfiguration, from weights: WeightSource, folder: URL
  ) throws(CheckpointError) -> Transformer {
    var c = c
    let (embedding, unembedding) = try weights.embeddings("wte.weight", head: "lm_head.weight", &c)
    var blocks: [Block] = []
    for layer in 0..<c.layerCount { blocks.append(try block(layer, c, weights)) }
    return Transformer(
      configuration: c, embedding: embedding,
      positionEmbedding: try weights("wpe.weight").weight(outputs: c.contextLength, inputs: c.dModel),
      blocks: blocks, finalNorm: try weights.layerNorm("ln_f", c), unembedding: unembedding, folder: folder)
  }

  private static func block(
    _ layer: Int, _ c: TransformerConfiguration, _ weights: WeightSource
  ) throws(CheckpointError) -> Block {
    func linear(_ name: String, _ outputs: Int, _ inputs: Int) throws(CheckpointError) -> Linear {
      let weight = try weights("h.\(layer).\(name).weight").weight(outputs: inputs, inputs: outputs)
      return Linear(
        weight: weight.transposed, bias: try weights("h.\(layer).\(name).bias").vector(count: outputs))
    }
    let joined = try linear("attn.c_attn", 3 * c.dModel, c.dModel)
    func part(_ index: Int) -> Linear {
      let range = index * c.dModel..<(index + 1) * c.dModel
      return Linear(weight: joined.weight.outputs(range), bias: joined.bias.map { Array($0[range]) })
    }
    return Block(
      attentionNorm: try weights.layerNorm("h.\(layer).ln_1", c),
      attention: AttentionLayer(
        query: part(0), key: part(1), value: part(2),
        output: try linear("attn.c_proj", c.dModel, c.dModel)),
      mlpNorm: try weights.layerNorm("h.\(layer).ln_2", c),
      feedForward: .dense(
        MLPLayer(
          gate: nil, up: try linear("mlp.c_fc", c.dMLP, c.dModel),
          down: try linear("mlp.c_proj", c.dModel, c.dMLP), activation: c.activation)))
  }
}
