internal import Checkpoints
internal import Foundation

/// The shape of a public model: its configuration, and the names and sizes of its weights.
public struct ModelShape: Sendable {
  /// What `clew bench synthesize --like` calls it.
  public let name: String
  public let layerCount: Int
  public let dModel: Int
  public let vocabularyCount: Int
  public let contextLength: Int
  let headCount: Int
  let keyValueHeadCount: Int
  let dHead: Int
  let dMLP: Int
  /// Norms of each head's queries and keys.
  var hasHeadNorms = false
  /// Norms behind attention and MLP, and gains that are stored less 1.
  var hasPostNorms = false
  /// What `config.json` says besides the sizes.
  let fields: String

  /// The shapes that there are.
  public static let all = [llama1B, gemma2B, qwen600M]

  static let llama1B = ModelShape(
    name: "llama-3.2-1b", layerCount: 16, dModel: 2048, vocabularyCount: 128_256, contextLength: 131_072,
    headCount: 32, keyValueHeadCount: 8, dHead: 64, dMLP: 8192,
    fields: """
      "model_type": "llama", "hidden_act": "silu", "rms_norm_eps": 1e-05, "rope_theta": 500000.0,
       "rope_scaling": {"rope_type": "llama3", "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
         "original_max_position_embeddings": 8192}, "tie_word_embeddings": true
      """)

  static let gemma2B = ModelShape(
    name: "gemma-2-2b", layerCount: 26, dModel: 2304, vocabularyCount: 256_000, contextLength: 8192,
    headCount: 8, keyValueHeadCount: 4, dHead: 256, dMLP: 9216, hasPostNorms: true,
    fields: """
      "model_type": "gemma2", "hidden_activation": "gelu_pytorch_tanh", "rms_norm_eps": 1e-06,
       "rope_theta": 10000.0, "sliding_window": 4096, "query_pre_attn_scalar": 256,
       "attn_logit_softcapping": 50.0, "final_logit_softcapping": 30.0
      """)

  static let qwen600M = ModelShape(
    name: "qwen3-0.6b", layerCount: 28, dModel: 1024, vocabularyCount: 151_936, contextLength: 40_960,
    headCount: 16, keyValueHeadCount: 8, dHead: 128, dMLP: 3072, hasHeadNorms: true,
    fields: """
      "model_type": "qwen3", "hidden_act": "silu", "rms_norm_eps": 1e-06, "rope_theta": 1000000.0,
       "tie_word_embeddings": true
      """)

  var configuration: String {
    """
    {\(fields),
     "hidden_size": \(dModel), "num_hidden_layers": \(layerCount), "num_attention_heads": \(headCount),
     "num_key_value_heads": \(keyValueHeadCount), "head_dim": \(dHead), "intermediate_size": \(dMLP),
     "vocab_size": \(vocabularyCount), "max_position_embeddings": \(contextLength), "torch_dtype": "bfloat16",
     "bos_token_id": 0, "eos_token_id": 0}

    """
  }

  /// Random weights in bfloat16, made while they are written.
  func weights(seed: UInt64) -> SafetensorsWriter {
    var writer = SafetensorsWriter(metadata: [("format", "pt"), ("seed", "\(seed)")])
    let random = RandomRows(seed: seed)
    func add(_ name: String, _ rows: Int, _ columns: Int, deviation: Float) {
      writer.add(
        name + ".weight", shape: [rows, columns], type: .bfloat16, pieceCount: rows,
        piece: random.rows(columns, deviation: deviation))
    }
    func norm(_ name: String, _ width: Int) {
      writer.add(
        name + ".weight", shape: [width], type: .bfloat16, pieceCount: 1,
        piece: random.rows(width, deviation: 0.05, mean: hasPostNorms ? 0 : 1))
    }
    let reading = 1 / Float(dModel).squareRoot()
    // Residual writers shrink with depth, as in trained models' initialisation.
    let writing = 1 / Float(2 * layerCount).squareRoot()
    add("model.embed_tokens", vocabularyCount, dModel, deviation: 0.02)
    for layer in 0..<layerCount {
      let prefix = "model.layers.\(layer)."
      norm(prefix + "input_layernorm", dModel)
      add(prefix + "self_attn.q_proj", headCount * dHead, dModel, deviation: reading)
      add(prefix + "self_attn.k_proj", keyValueHeadCount * dHead, dModel, deviation: reading)
      add(prefix + "self_attn.v_proj", keyValueHeadCount * dHead, dModel, deviation: reading)
      add(
        prefix + "self_attn.o_proj", dModel, headCount * dHead,
        deviation: writing / Float(headCount * dHead).squareRoot())
      if hasHeadNorms {
        norm(prefix + "self_attn.q_norm", dHead)
        norm(prefix + "self_attn.k_norm", dHead)
      }
      norm(prefix + "post_attention_layernorm", dModel)
      if hasPostNorms {
        norm(prefix + "pre_feedforward_layernorm", dModel)
        norm(prefix + "post_feedforward_layernorm", dModel)
      }
      add(prefix + "mlp.gate_proj", dMLP, dModel, deviation: reading)
      add(prefix + "mlp.up_proj", dMLP, dModel, deviation: reading)
      add(prefix + "mlp.down_proj", dModel, dMLP, deviation: writing / Float(dMLP).squareRoot())
    }
    norm("model.norm", dModel)
    return writer
  }
}
