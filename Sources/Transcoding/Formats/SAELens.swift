internal import Checkpoints
internal import Foundation
internal import Tensors

/// A layer as SAELens saves it: `cfg.json` and `sae_weights.safetensors` in one folder.
///
/// Encoders are stored as `[dModel, feature]`. Its JumpReLU is `relu(z)` where `z > θ`, so a threshold below zero counts as
/// zero.
enum SAELens {
  static let weightsName = "sae_weights.safetensors"

  static func layer(in folder: URL) throws(TranscodingError) -> FoundLayer {
    let url = folder.appending(path: "cfg.json")
    let settings = try SettingsFile(required: url)
    guard let architecture = try settings.text("architecture") else {
      throw settings.bad("it has no 'architecture'")
    }
    let known = ["transcoder", "skip_transcoder", "jumprelu_transcoder", "jumprelu_skip_transcoder"]
    guard known.contains(architecture) else {
      throw settings.bad(
        "its architecture is '\(architecture)', but only \(known.joined(separator: ", ")) reconstruct an MLP")
    }
    // What SAELens does at run time beside the weights; folded into them, these say none.
    if let kind = try settings.text("normalize_activations"), kind != "none" {
      throw settings.bad(
        "it normalises activations by '\(kind)'; fold that into the weights in SAELens first")
    }
    if try settings.flag("apply_b_dec_to_input") == true {
      throw settings.bad("it subtracts the decoder's bias from the input, which no transcoder does")
    }
    if let shape = try settings.text("reshape_activations"), shape != "none" {
      throw settings.bad("it reshapes activations by '\(shape)', which Clew does not")
    }
    // Since version 6 the hooks stand under metadata.
    let metadata = try settings.object("metadata") ?? settings
    let hook = try metadata.text("hook_name")
    let hookOut = try metadata.text("hook_name_out")
    var found = try layer(
      in: folder, jumps: architecture.hasPrefix("jumprelu"), skips: architecture.contains("skip"))
    found.layer = hook.flatMap { HookNames.layer(in: $0) } ?? HookNames.layer(of: folder)
    found.modelName = metadata.name("model_name")
    // Where a Hugging Face name is given, the other one is only its nearest neighbour in TransformerLens.
    let (input, output) = (try metadata.text("hf_hook_name"), try metadata.text("hf_hook_name_out"))
    for hook in [hookOut, input, output] { try metadata.check(hook: hook, isIn: found.layer) }
    found.take(input: input ?? hook, output: output ?? hookOut)
    let encoder = found.weights.encoder
    for name in ["d_in", "d_out"] { try settings.check(name, is: encoder.inputs) }
    try settings.check("d_sae", is: encoder.outputs)
    return found
  }

  /// The weights, with thresholds or a skip connection where the architecture has them.
  private static func layer(in folder: URL, jumps: Bool, skips: Bool) throws(TranscodingError) -> FoundLayer {
    do throws(CheckpointError) {
      let file = try SafetensorsFile(folder.appending(path: weightsName))
      let decoder = try file.tensor("W_dec").weight()
      let width = decoder.inputs
      return FoundLayer(
        format: .saeLens,
        weights: try TranscoderLayer(
          columns: try file.tensor("W_enc"), bias: try file.tensor("b_enc"), decoder: decoder, width: width,
          decoderBias: try file.tensor("b_dec"), thresholds: jumps ? try file.tensor("threshold") : nil,
          leastThreshold: 0,
          skip: skips ? try file.tensor("W_skip").weight(outputs: width, inputs: width) : nil),
        files: [folder.appending(path: weightsName)])
    } catch {
      throw .checkpoint(error)
    }
  }
}
