internal import Foundation

/// The tools whose files of transcoders can be read.
public enum TranscoderFormat: String, Sendable {
  /// `config.yaml` beside `W_enc_i` and `W_dec_i`, or beside `layer_i`.
  case circuitTracer = "circuit-tracer"
  /// `params.npz` in a folder a layer.
  case gemmaScope = "Gemma Scope"
  /// `params.safetensors` in a folder a layer, or `params_layer_i.safetensors`.
  case gemmaScope2 = "Gemma Scope 2"
  /// `cfg.json` and `sae_weights.safetensors` in a folder a layer.
  case saeLens = "SAELens"
  /// `cfg.json` and `sae.safetensors` in a folder a layer.
  case sparsify = "sparsify"
}

/// One layer's transcoder as it was found, in the form that Clew computes with, and what its maker says about it.
struct FoundLayer {
  let format: TranscoderFormat
  let weights: TranscoderLayer
  /// The files with its weights.
  let files: [URL]
  /// The layer that it says it was made for.
  var layer: Int?
  var inputHook: FeatureInputHook?
  var outputHook: FeatureOutputHook?
  /// Names of hooks that Clew does not know.
  var unknownHooks: [String] = []
  var modelName: String?
}

extension FoundLayer {
  /// Takes over the hooks that a maker names.
  mutating func take(input: String?, output: String?) {
    if let input {
      inputHook = HookNames.input(input)
      if inputHook == nil { unknownHooks.append(input) }
    }
    if let output {
      outputHook = HookNames.output(output)
      if outputHook == nil { unknownHooks.append(output) }
    }
  }
}
