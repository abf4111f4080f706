public import Checkpoints
internal import Foundation
public import Tensors

extension Transformer {
  /// Stages `config.json` and `model.safetensors` in Hugging Face's layout; llama models with unscaled rotary
  /// positions only.
  /// - Parameters:
  ///   - files: Where the files go; nothing appears before the batch is committed.
  ///   - type: How weights are stored; gains are float32.
  ///   - base: The rotary base that the model was made with.
  ///   - endOfText: The tokens that begin and end a text.
  public func stage(
    in files: FileBatch, type: ElementType, rotaryBase base: Double, beginningOfText: Int, endOfText: Int
  ) throws {
    let c = configuration
    guard c.family == "llama", case .rootMeanSquare(let epsilon) = c.norm, c.isRotary, isPlain else {
      throw TransformerError.cannotWrite(family: c.family)
    }
    var writer = SafetensorsWriter(metadata: [("format", "pt")])
    func add(_ name: String, _ weight: WeightMatrix) {
      writer.add(name, weight.matrix().values, shape: [weight.outputs, weight.inputs], type: type)
    }
    func add(_ name: String, _ norm: NormLayer) {
      writer.add(name, norm.gain, shape: [norm.gain.count])
    }
    add("model.embed_tokens.weight", embedding)
    for (layer, block) in blocks.enumerated() {
      let prefix = "model.layers.\(layer)."
      add(prefix + "input_layernorm.weight", block.attentionNorm)
      add(prefix + "self_attn.q_proj.weight", block.attention.query.weight)
      add(prefix + "self_attn.k_proj.weight", block.attention.key.weight)
      add(prefix + "self_attn.v_proj.weight", block.attention.value.weight)
      add(prefix + "self_attn.o_proj.weight", block.attention.output.weight)
      add(prefix + "post_attention_layernorm.weight", block.mlpNorm)
      if let gate = block.mlp.gate { add(prefix + "mlp.gate_proj.weight", gate.weight) }
      add(prefix + "mlp.up_proj.weight", block.mlp.up.weight)
      add(prefix + "mlp.down_proj.weight", block.mlp.down.weight)
    }
    add("model.norm.weight", finalNorm)
    if !c.tiesEmbeddings { add("lm_head.weight", unembedding) }
    let object: [String: Any] = [
      "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": c.dModel,
      "num_hidden_layers": c.layerCount, "num_attention_heads": c.headCount,
      "num_key_value_heads": c.keyValueHeadCount, "head_dim": c.dHead, "intermediate_size": c.dMLP,
      "vocab_size": c.vocabularyCount, "max_position_embeddings": c.contextLength, "hidden_act": "silu",
      "rms_norm_eps": Double("\(epsilon)") ?? Double(epsilon), "rope_theta": base,
      "tie_word_embeddings": c.tiesEmbeddings, "bos_token_id": beginningOfText, "eos_token_id": endOfText,
      "torch_dtype": type == .bfloat16 ? "bfloat16" : "float32",
    ]
    let data = try JSONSerialization.data(
      withJSONObject: object, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    try files.stage("config.json", Array(data) + [UInt8(ascii: "\n")])
    try files.stage("model.safetensors", parts: writer.parts())
  }
}
