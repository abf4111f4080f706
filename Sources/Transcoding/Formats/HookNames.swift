internal import Foundation

/// The places in a layer, by the names that TransformerLens and Hugging Face give them.
enum HookNames {
  /// Where a transcoder reads.
  private static let inputs: [String: FeatureInputHook] = [
    "hook_resid_mid": .residualMid,
    // TransformerLens' name for the stream in front of the norm, which is what its hook holds.
    "hook_mlp_in": .residualMid,
    "ln2.hook_normalized": .normalized,
    "mlp.hook_in": .mlpInput,
    "mlp.input": .mlpInput,
    "pre_feedforward_layernorm.output": .mlpInput,
  ]

  /// What a transcoder reconstructs.
  private static let outputs: [String: FeatureOutputHook] = [
    "hook_mlp_out": .mlpOutput,
    "mlp.hook_out": .mlpOutputInner,
    "mlp.output": .mlpOutputInner,
    "post_feedforward_layernorm.output": .mlpOutput,
  ]

  /// The hook that a name such as `blocks.3.ln2.hook_normalized` means, if it is known.
  static func input(_ name: String) -> FeatureInputHook? { inputs[place(name)] }
  /// The hook that a name such as `model.layers.3.mlp.output` means, if it is known.
  static func output(_ name: String) -> FeatureOutputHook? { outputs[place(name)] }

  /// What stands behind the layer's number.
  static func place(_ name: String) -> String {
    guard let match = layerMatch(in: name) else { return name }
    return String(name[match.range.upperBound...].drop { $0 == "." })
  }

  /// The number of the layer that a hook, a module or a path names: `blocks.3.`, `layers.3.mlp`, `h.3.mlp`,
  /// `layer_3/width_16k`, `params_layer_3.safetensors`; the last one, if there are several.
  static func layer(in name: String) -> Int? { layerMatch(in: name)?.number }

  /// The number of the layer that a file or folder names: itself, or one of the three folders around it, since the folders
  /// above them are the user's own.
  static func layer(of url: URL) -> Int? {
    layer(in: url.standardizedFileURL.pathComponents.suffix(4).joined(separator: "/"))
  }

  private static func layerMatch(in name: String) -> (range: Range<String.Index>, number: Int)? {
    let pattern = #/(?:^|[\/._-])(?:(?:layers?|blocks?)[._-]?|h\.)([0-9]{1,4})(?=$|[\/._-])/#
    guard let match = name.matches(of: pattern).last, let number = Int(match.output.1) else { return nil }
    return (match.range, number)
  }
}
