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
