internal import Checkpoints
internal import Foundation
internal import Tensors

/// GPT-OSS: attention with sinks, every other layer over a window, and experts instead of MLPs, in bfloat16 or MXFP4.
enum GPTOSSFamily: TransformerFamily {
  static let prefixes = LlamaLayout.prefixes
  static let quantizations: Set = ["mxfp4"]

  static func plan(_ fields: ConfigurationFields) throws(TransformerError) -> TransformerPlan {
    let configuration = try LlamaLayout.configuration(
      from: fields, family: "gpt_oss", activation: .silu, tiesEmbeddings: false, sizes: ["head_dim": 64],
      epsilon: 1e-5
    ) { dHead, layerCount throws(TransformerError) in
      let rotary = try fields.rotary(
        dHead: dHead, base: 150_000,
        scaling: [
          "rope_type": "yarn", "factor": 32, "beta_fast": 32, "beta_slow": 1, "truncate": false,
          "original_max_position_embeddings": 4096,
        ])
      return try fields.windows(count: layerCount, window: try fields.integer("sliding_window", default: 128))
      {
        $0.isMultiple(of: 2)
      }.map { AttentionRule(scale: Float(1 / Double(dHead).squareRoot()), rotary: rotary, window: $0) }
    }
    let count = try fields.integer("num_local_experts")
    let taken = try fields.integer(
      "num_experts_per_tok", default: try fields.integer("experts_per_token", default: 4))
    guard (1...4096).contains(count), (1...count).contains(taken) else {
      throw .badConfiguration(path: fields.path, reason: "a token takes \(taken) of its \(count) experts")
    }
    let hasBias = try fields.flag("attention_bias", default: true)
    // Versions of transformers before 5 know no other values than these.
    let limit = Float(try fields.positive("swiglu_limit", default: 7))
    let slope = Float(try fields.number("swiglu_alpha", default: 1.702))
    return TransformerPlan(configuration: configuration) { c, weights, folder throws(CheckpointError) in
      var layout = LlamaLayout(hasQueryBias: hasBias)
      layout.hasOutputBias = hasBias
      layout.hasSinks = true
      layout.feedForward = { layer throws(CheckpointError) in
        .experts(
          try experts(
            "layers.\(layer).mlp.", c, weights, count: count, taken: taken, limit: limit, slope: slope))
      }
      return try layout.load(c, from: weights, folder: folder)
    }
  }

  private static func experts(
    _ prefix: String, _ c: TransformerConfiguration, _ weights: WeightSource, count: Int, taken: Int,
    limit: Float,
    slope: Float
  ) throws(CheckpointError) -> ExpertLayer {
    let name = prefix + "experts."
    let gateUp = try matrices(
      name + "gate_up_proj", weights, count: count, outputs: 2 * c.dMLP, inputs: c.dModel)
    let down = try matrices(name + "down_proj", weights, count: count, outputs: c.dModel, inputs: c.dMLP)
    let gateUpBias = try weights(name + "gate_up_proj_bias").rows([count, 2 * c.dMLP])
    let downBias = try weights(name + "down_proj_bias").rows([count, c.dModel])
    return ExpertLayer(
      router: Linear(
        weight: try weights(prefix + "router.weight").weight(outputs: count, inputs: c.dModel),
        bias: try weights(prefix + "router.bias").vector(count: count)),
      expertsPerToken: taken,
      experts: (0..<count).map {
        ExpertLayer.Expert(
          gateUp: gateUp[$0], gateUpBias: gateUpBias.row($0), down: down[$0], downBias: downBias.row($0))
      }, limit: limit, slope: slope)
  }

  /// Plain matrices lie `[inputs, outputs]`, those in blocks the other way round.
  private static func matrices(
    _ name: String, _ weights: WeightSource, count: Int, outputs: Int, inputs: Int
  ) throws(CheckpointError) -> [ExpertMatrix] {
    if let blocks = weights.find(name + "_blocks") {
      return try blocks.blockMatrices(
        scales: try weights(name + "_scales"), count: count, outputs: outputs, inputs: inputs
      ).map { .blocks($0) }
    }
    return try weights(name).matrices([count, inputs, outputs]).map { .plain($0.transposed) }
  }
}
