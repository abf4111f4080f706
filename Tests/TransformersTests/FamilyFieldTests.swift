import Clew
import Foundation
import TestSupport
import Testing

/// Fields that are missing, that contradict each other, or that ask for what no run here has.
struct FamilyFieldTests {
  private static var none: Any? { NSNull() }
  private static var missing: Any? { nil }

  // MARK: What stands in for a missing field

  @Test(arguments: [
    ("gemma2-window", "attn_logit_softcapping", 50.0), ("gemma2-window", "final_logit_softcapping", 30.0),
  ])
  func `caps that are not stated are those of the family, and null is none`(
    family: String, field: String, standard: Double
  ) throws {
    let model = try FamilyModel(family)
    #expect(try model.logits([field: Self.missing]) == model.logits([field: standard]))
    #expect(try model.logits([field: Self.missing]) != model.logits([field: Self.none]))
    #expect(try model.logits([field: Self.none]) != model.logits())
  }

  @Test func `rotary scaling of GPT-OSS is yarn unless it is said to be none`() throws {
    let model = try FamilyModel("gpt_oss")
    let standard: [String: Any] = [
      "rope_type": "yarn", "factor": 32, "beta_fast": 32, "beta_slow": 1, "truncate": false,
      "original_max_position_embeddings": 4096,
    ]
    let unsaid = try model.logits(["rope_scaling": Self.missing])
    #expect(unsaid == (try model.logits(["rope_scaling": standard])))
    #expect(unsaid != (try model.logits(["rope_scaling": Self.none])))
  }

  @Test(arguments: ["swiglu_limit": 0.5, "swiglu_alpha": 1.0].sorted { $0.key < $1.key })
  func `experts take their limit and slope from the configuration`(field: String, value: Double) throws {
    let model = try FamilyModel("gpt_oss")
    #expect(try model.logits([field: field == "swiglu_limit" ? 7 : 1.702]) == model.logits())
    #expect(try model.logits([field: value]) != model.logits())
  }

  @Test(arguments: ["mistral", "qwen2"])
  func `a window that is not stated is one of 4096`(family: String) throws {
    let model = try FamilyModel(family)
    func windows(_ value: Any?) throws -> [Int?] {
      let changes: [String: Any?] = [
        "layer_types": Self.missing, "sliding_window": value, "use_sliding_window": true,
        "max_window_layers": 0,
      ]
      return try model.load(changes).configuration.attention.map(\.window)
    }
    #expect(try windows(Self.missing) == [4096, 4096, 4096])
    #expect(try windows(Self.none) == [nil, nil, nil])
    #expect(try windows(7) == [7, 7, 7])
  }

  // MARK: The same said elsewhere

  @Test func `rotary fields mean the same in rope_parameters`() throws {
    let model = try FamilyModel("llama-yarn")
    let scaling = try #require(model.fields["rope_scaling"] as? [String: Any])
    let base = try #require(model.fields["rope_theta"])
    let parameters = scaling.merging(["rope_theta": base]) { $1 }
    for place in ["rope_scaling", "rope_parameters"] {
      var changes: [String: Any?] = ["rope_scaling": Self.missing, "rope_theta": Self.missing]
      changes[place] = parameters
      #expect(try model.logits(changes) == model.logits(), "\(place)")
      // As Phi's and some other files have it.
      changes[place] = parameters.filter { $0.key != "original_max_position_embeddings" }
      changes["original_max_position_embeddings"] = scaling["original_max_position_embeddings"]
      #expect(try model.logits(changes) == model.logits(), "\(place)")
    }
  }

  @Test func `yarn's amplitude may be stated, or follow from two weights`() throws {
    let model = try FamilyModel("llama-yarn")
    let scaling = try #require(model.fields["rope_scaling"] as? [String: Any])
    func amplitude(_ more: [String: Any]) throws -> Float {
      let changes = ["rope_scaling": scaling.merging(more) { $1 }]
      let rotary = try model.load(changes).configuration.attention[0].rotary
      return Float(try #require(rotary).amplitude)
    }
    // The factor is 3.
    #expect(try amplitude([:]) == Float(0.1 * log(3.0) + 1))
    #expect(try amplitude(["attention_factor": 1.25]) == 1.25)
    let (upper, lower) = (0.1 * 0.7 * log(3.0) + 1, 0.1 * 0.3 * log(3.0) + 1)
    #expect(try abs(amplitude(["mscale": 0.7, "mscale_all_dim": 0.3]) - Float(upper / lower)) < 1e-6)
  }

  @Test func `the part of a model that reads text is found beside the part that sees`() throws {
    let model = try FamilyModel("gemma3-window")
    let expected = try model.logits()
    for prefix in ["language_model.model.", "model.language_model."] {
      let whole = try FamilyModel("gemma3-window")
      try RawSafetensors.bend(whole.weights) { header in
        header = Dictionary(
          uniqueKeysWithValues: header.map { key, value in
            (key.hasPrefix("model.") ? prefix + key.dropFirst("model.".count) : key, value)
          })
      }
      let outer: [String: Any] = [
        "model_type": "gemma3", "vision_config": ["hidden_size": 4], "text_config": whole.fields,
      ]
      let run = try whole.load(only: outer).record([0, 5, 9, 3, 30, 17, 2, 41, 8, 8, 20, 11], logits: .all)
      #expect(run.logits.values == expected, "\(prefix)")
    }
  }

  // MARK: Refusals

  /// A family, what its configuration says, and what the refusal says.
  struct Refusal: Sendable, CustomTestStringConvertible {
    let family: String
    let changes: [String: String]
    let says: String
    var testDescription: String { "\(family) \(changes.sorted { $0.key < $1.key })" }

    /// - Parameter changes: JSON by field.
    init(_ family: String, _ changes: [String: String], _ says: String) {
      (self.family, self.changes, self.says) = (family, changes, says)
    }
  }

  static let refusals = [
    Refusal("llama-bias", ["rms_norm_eps": "-0.01"], "its norms add -0.01"),
    Refusal("gpt2", ["layer_norm_epsilon": "-1000"], "its norms add -1000.0"),
    Refusal(
      "gemma2-window", ["final_logit_softcapping": "true"], "'final_logit_softcapping' is not a number"),
    Refusal("llama-bias", ["hidden_size": "true"], "'hidden_size' is not a whole number"),
    Refusal("llama-bias", ["attention_bias": "1"], "'attention_bias' is neither true nor false"),
    Refusal(
      "llama-dynamic", ["rope_scaling": #"{"rope_type": "dynamic", "factor": -4}"#],
      "'rope_scaling.factor' is -4.0"),
    Refusal("llama-dynamic", ["rope_scaling": #"{"type": "dynamic"}"#], "no 'rope_scaling.factor'"),
    Refusal(
      "llama-bias", ["rope_scaling": #"{"type": "longrope"}"#],
      "rotary scaling 'longrope', which Clew does not have"),
    Refusal(
      "mistral",
      [
        "layer_types": #"["sliding_attention", "full_attention", "full_attention"]"#,
        "sliding_window": "null",
      ],
      "none is stated, or its use is switched off"),
    Refusal(
      "mistral", ["layer_types": #"["chunked_attention", "a", "b"]"#],
      "layers of the type 'chunked_attention'"),
    Refusal("llama-bias", ["hidden_act": #""softsign""#], "hidden_act 'softsign', which Clew does not have"),
    Refusal("llama-bias", ["quantization_config": #"{"quant_method": "awq"}"#], "'quantization_config: awq'"),
    Refusal("gemma3-window", ["use_bidirectional_attention": "true"], "'use_bidirectional_attention'"),
    Refusal("gemma3-window", ["attn_logit_softcapping": "50"], "'attn_logit_softcapping' in Gemma 3"),
    Refusal(
      "llama-bias", ["rope_theta": "100", "rope_parameters": #"{"rope_theta": 500}"#],
      "its 'rope_theta' is 100.0, but its 'rope_parameters.rope_theta' is 500.0"),
    Refusal(
      "gpt_neox", ["rotary_pct": "0.5", "rope_parameters": #"{"partial_rotary_factor": 0.25}"#],
      "is 0.5, but its 'rope_parameters.partial_rotary_factor' is 0.25"),
    Refusal(
      "llama-yarn", ["original_max_position_embeddings": "32"],
      "its 'rope_scaling.original_max_position_embeddings' is 16.0, but its 'original_max_position_embeddings' is 32.0"
    ),
    Refusal("gpt_oss", ["swiglu_limit": "-7"], "'swiglu_limit' is -7.0"),
    Refusal("gemma2-window", ["use_bidirectional_attention": "true"], "'use_bidirectional_attention'"),
    Refusal("gpt_oss", ["num_experts_per_tok": "9"], "a token takes 9 of its 5 experts"),
  ]

  @Test(arguments: refusals) func `what cannot be run is refused by name`(refusal: Refusal) throws {
    let model = try FamilyModel(refusal.family)
    let changes = try refusal.changes.mapValues { text -> Any? in
      try JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
    }
    #expect {
      try model.load(changes)
    } throws: { error in
      "\(error)".contains(refusal.says) && error is TransformerError
    }
  }

  @Test(arguments: [
    ("rope_theta", "rotary_emb_base", 500), ("partial_rotary_factor", "rotary_pct", 1),
  ])
  func `GPT-NeoX refuses a number under another family's name alone`(
    other: String, own: String, value: Double
  ) throws {
    let model = try FamilyModel("gpt_neox")
    // transformers passes it over, and takes the default of the own name.
    let error = try #require(throws: TransformerError.self) {
      try model.load([other: value, own: Self.missing])
    }
    #expect("\(error)".contains("'\(other)'") && "\(error)".contains("'\(own)', which is missing"))
    _ = try model.load([other: Self.missing])
    let standard = other == "rope_theta" ? 10_000 : 0.25
    if other == "rope_theta" { _ = try model.load([other: standard, own: Self.missing]) }
    _ = try model.load([
      "rope_theta": Self.missing, "rotary_emb_base": Self.missing, "partial_rotary_factor": Self.missing,
      "rotary_pct": Self.missing, "rope_parameters": ["rope_theta": 500, "partial_rotary_factor": 0.5],
    ])
  }

  // MARK: Null

  /// Fields of the Llama layout that transformers does not load as null.
  private static let common = [
    "hidden_size", "num_attention_heads", "num_hidden_layers", "intermediate_size", "vocab_size",
    "max_position_embeddings", "rms_norm_eps", "tie_word_embeddings",
  ]
  static let notNullable: [(family: String, fields: [String])] = [
    ("llama-bias", common + ["hidden_act", "attention_bias", "mlp_bias", "rope_theta"]),
    ("mistral", common + ["hidden_act", "num_key_value_heads"]),
    ("qwen2-window", common + ["hidden_act", "use_sliding_window", "max_window_layers"]),
    ("qwen3-bias", common + ["hidden_act", "head_dim", "attention_bias", "use_sliding_window"]),
    (
      "gemma2-window",
      common + [
        "hidden_activation", "attention_bias", "head_dim", "num_key_value_heads", "query_pre_attn_scalar",
        "rope_theta",
      ]
    ),
    (
      "gemma3-window",
      common + [
        "hidden_activation", "attention_bias", "head_dim", "num_key_value_heads", "query_pre_attn_scalar",
      ]
    ),
    (
      "gpt2",
      [
        "n_embd", "n_head", "n_layer", "n_positions", "vocab_size", "activation_function",
        "layer_norm_epsilon", "scale_attn_weights", "scale_attn_by_inverse_layer_idx", "tie_word_embeddings",
      ]
    ),
    (
      "gpt_neox",
      [
        "hidden_size", "num_attention_heads", "num_hidden_layers", "intermediate_size", "vocab_size",
        "max_position_embeddings", "layer_norm_eps", "hidden_act", "use_parallel_residual", "attention_bias",
        "tie_word_embeddings", "rotary_pct", "rotary_emb_base",
      ]
    ),
    (
      "gpt_oss",
      common + [
        "attention_bias", "head_dim", "num_key_value_heads", "num_local_experts", "num_experts_per_tok",
        "swiglu_limit", "swiglu_alpha",
      ]
    ),
  ]

  @Test(arguments: notNullable)
  func `null is refused by name where transformers has no meaning for it`(
    family: String, fields: [String]
  ) throws {
    let model = try FamilyModel(family)
    for field in fields {
      let error = try #require(throws: TransformerError.self, "\(field)") {
        try model.load([field: Self.none])
      }
      #expect("\(error)".contains("'\(field)' is null"), "\(error)")
    }
  }

  @Test func `null stands for what transformers takes it for`() throws {
    let gpt2 = try FamilyModel("gpt2")
    #expect(try gpt2.logits(["n_ctx": Self.none]) == gpt2.logits())
    let gemma = try FamilyModel("gemma3-window")
    #expect(try gemma.logits(["use_bidirectional_attention": Self.none]) == gemma.logits())
    let yarn = try FamilyModel("llama-yarn")
    func logits(_ changes: [String: Any]) throws -> [Float] {
      let scaling = try #require(yarn.fields["rope_scaling"] as? [String: Any])
      return try yarn.logits(["rope_scaling": scaling.merging(changes) { $1 }])
    }
    let none = NSNull()
    #expect(try logits(["truncate": none]) == logits(["truncate": false]))
    #expect(try logits(["beta_fast": none, "beta_slow": none]) == logits(["beta_fast": 32, "beta_slow": 1]))
    let error = try #require(throws: TransformerError.self) { try logits(["factor": none]) }
    #expect("\(error)".contains("'rope_scaling.factor' is null"))
  }

  @Test func `numbers of a rotary scaling that is not named are refused`() throws {
    let model = try FamilyModel("llama-yarn")
    var scaling = try #require(model.fields["rope_scaling"] as? [String: Any])
    scaling["rope_type"] = nil
    scaling["type"] = nil
    let error = try #require(throws: TransformerError.self) { try model.load(["rope_scaling": scaling]) }
    #expect("\(error)".contains("there is no 'rope_scaling.rope_type'"), "\(error)")
    #expect(throws: Never.self) { try model.load(["rope_scaling": [String: Any]()]) }
  }

  // MARK: Weights that nothing asks for

  @Test(arguments: ["llama-bias", "gpt2", "gpt_neox", "gemma2-window", "gpt_oss"])
  func `a configuration with fewer layers than the weights is told of`(family: String) throws {
    let model = try FamilyModel(family)
    let (whole, name) = (try model.load([:]), family == "gpt2" ? "n_layer" : "num_hidden_layers")
    #expect(whole.notes.isEmpty)
    var fields = model.fields
    fields[name] = whole.blocks.count - 1
    fields["layer_types"] = (fields["layer_types"] as? [String]).map { Array($0.dropLast()) }
    let short = try model.load(only: fields)
    #expect(short.blocks.count == whole.blocks.count - 1 && short.notes.count == 1)
    #expect(
      short.notes[0].contains("\(family == "gpt2" ? "h" : "layers").\(whole.blocks.count - 1)."),
      "\(short.notes)")
  }

  @Test func `biases that the configuration switches off are told of`() throws {
    let notes = try FamilyModel("llama-bias").load(["attention_bias": false, "mlp_bias": false]).notes
    #expect(notes.count == 1 && notes[0].contains(" 21 of the 51 tensors"), "\(notes)")
  }

  // MARK: Heads

  @Test(arguments: [("llama-bias", "lm_head.weight"), ("gpt_neox", "embed_out.weight")])
  func `a head that is stored beside a tied embedding counts if it differs`(
    family: String, head: String
  ) throws {
    let model = try FamilyModel(family)
    let untied = try model.load(["tie_word_embeddings": false])
    let told = try model.load(["tie_word_embeddings": true])
    #expect(told.unembedding.row(3) == untied.unembedding.row(3))
    #expect(told.notes.count == 1 && untied.notes.isEmpty && !told.configuration.tiesEmbeddings)
    #expect(
      try model.logits(["tie_word_embeddings": true]) == model.logits(["tie_word_embeddings": false]))
    // An equal copy is tied, and no reason for a note.
    let embedding = (0..<untied.embedding.outputs).flatMap { untied.embedding.row($0) }
    try RawSafetensors.overwrite(head, in: model.weights, with: embedding)
    let copied = try model.load(["tie_word_embeddings": true])
    #expect(copied.notes.isEmpty && copied.configuration.tiesEmbeddings)
  }

  @Test func `a folder that is not there, or has no configuration, is said to be missing`() throws {
    let folder = try TemporaryFolder()
    for (name, says) in [
      ("nowhere", "nowhere cannot be read: No such file"), ("", "config.json cannot be read: No such"),
    ] {
      let error = try #require(throws: TransformerError.self) { try Transformer(folder: folder.url(name)) }
      #expect("\(error)".contains(says), "\(error)")
    }
  }

  @Test(arguments: [
    ("llama-bias", "model.embed_tokens.weight", "model.embed_tokenz.weight"),
    ("gpt2", "transformer.wte.weight", ""),
    ("llama-bias", "lm_head.weight", "lm_heed.weight"), ("gpt_neox", "embed_out.weight", "embed_owt.weight"),
  ])
  func `a matrix of tokens that is missing is missed by its name`(
    family: String, name: String, other: String
  ) throws {
    let model = try FamilyModel(family)
    try RawSafetensors.bend(model.weights) { header in
      #expect(header[name] != nil)
      header[other.isEmpty ? "lm_head.weight" : other] = header.removeValue(forKey: name)
    }
    // Only where both are one may the one stand in for the other.
    if other.isEmpty { _ = try model.load([:]) }
    #expect {
      try model.load(["tie_word_embeddings": false])
    } throws: { error in
      "\(error)".contains("'\(name)'")
    }
  }
}
