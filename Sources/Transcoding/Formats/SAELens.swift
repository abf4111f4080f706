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
    func bad(_ reason: String) -> TranscodingError { .badConfiguration(path: url.path, reason: reason) }
    let settings = try SettingsFile(required: url)
    guard let architecture = settings.text("architecture") else { throw bad("it has no text 'architecture'") }
    let known = ["transcoder", "skip_transcoder", "jumprelu_transcoder", "jumprelu_skip_transcoder"]
    guard known.contains(architecture) else {
      throw bad(
        "its architecture is '\(architecture)', but only \(known.joined(separator: ", ")) reconstruct an MLP")
    }
    // What SAELens does at run time beside the weights; folded into them, these say none.
    if let kind = settings.text("normalize_activations"), kind != "none" {
      throw bad("it normalises activations by '\(kind)'; fold that into the weights in SAELens first")
    }
    if settings.flag("apply_b_dec_to_input") == true {
      throw bad("it subtracts the decoder's bias from the input, which no transcoder does")
    }
    if let shape = settings.text("reshape_activations"), shape != "none" {
      throw bad("it reshapes activations by '\(shape)', which Clew does not")
    }
    do throws(CheckpointError) {
      let file = try SafetensorsFile(folder.appending(path: weightsName))
      let decoder = try file.tensor("W_dec").weight()
      let width = decoder.inputs
      let jumps = architecture.hasPrefix("jumprelu")
      let skips = architecture.contains("skip")
      var found = FoundLayer(
        format: .saeLens,
        weights: try TranscoderLayer(
          columns: try file.tensor("W_enc"), bias: try file.tensor("b_enc"), decoder: decoder, width: width,
          decoderBias: try file.tensor("b_dec"), thresholds: jumps ? try file.tensor("threshold") : nil,
          leastThreshold: 0,
          skip: skips ? try file.tensor("W_skip").weight(outputs: width, inputs: width) : nil),
        files: [folder.appending(path: weightsName)])
      // Since version 6 the hooks stand under metadata.
      let metadata = settings.object("metadata") ?? settings
      let hook = metadata.text("hook_name")
      found.layer = (hook.flatMap { HookNames.layer(in: $0) }) ?? HookNames.layer(of: folder)
      found.modelName = metadata.text("model_name")
      // Where a Hugging Face name is given, the other one is only its nearest neighbour in TransformerLens.
      found.take(
        input: metadata.text("hf_hook_name") ?? hook,
        output: metadata.text("hf_hook_name_out") ?? metadata.text("hook_name_out"))
      return found
    } catch {
      throw .checkpoint(error)
    }
  }
}
