internal import Checkpoints
internal import Foundation
internal import Tensors

/// A layer as EleutherAI's sparsify saves it: `cfg.json` and `sae.safetensors` in a folder named after the module, such as
/// `layers.3.mlp`.
///
/// Its TopK takes the largest after a ReLU, so negative ones are never kept.
enum Sparsify {
  static let weightsName = "sae.safetensors"

  static func layer(in folder: URL) throws(TranscodingError) -> FoundLayer {
    let url = folder.appending(path: "cfg.json")
    let settings = try SettingsFile(required: url)
    guard try settings.flag("transcode") == true else {
      throw settings.bad(
        "it is a sparse autoencoder (transcode is not true), which reconstructs its own input")
    }
    if let kind = try settings.text("activation"), kind != "topk" {
      throw settings.bad("its activation is '\(kind)', and only topk can be read")
    }
    guard let k = try settings.count("k"), k > 0 else { throw settings.bad("it has no whole k > 0") }
    if try settings.flag("signed") == true {
      throw settings.bad("it keeps the largest of either sign (signed)")
    }
    for name in ["n_targets", "n_sources"] where try settings.count(name) ?? 0 > 1 {
      throw settings.bad("it writes to several layers (\(name)), in a layout that Clew does not read")
    }
    if try settings.flag("normalize_io") == true {
      throw settings.bad("it normalises inputs and outputs (normalize_io)")
    }
    var found = try layer(in: folder, k: k, skips: try settings.flag("skip_connection") == true)
    let encoder = found.weights.encoder
    guard k <= encoder.outputs else { throw settings.bad("its k is \(k) of \(encoder.outputs) features") }
    try settings.check("d_in", is: encoder.inputs)
    // Where it is 0, it follows from the expansion factor.
    if try settings.count("num_latents") != 0 { try settings.check("num_latents", is: encoder.outputs) }
    let module = HookNames.place(folder.lastPathComponent)
    found.take(input: "\(module).input", output: "\(module).output")
    let around = folder.deletingLastPathComponent().appending(path: "config.json")
    found.modelName = (try? SettingsFile(required: around))?.name("model")
    return found
  }

  /// The weights, with a skip connection where the settings have one.
  private static func layer(in folder: URL, k: Int, skips: Bool) throws(TranscodingError) -> FoundLayer {
    do throws(CheckpointError) {
      let file = try SafetensorsFile(folder.appending(path: weightsName))
      let encoder = try file.tensor("encoder.weight").weight()
      let (features, width) = (encoder.outputs, encoder.inputs)
      return FoundLayer(
        format: .sparsify,
        weights: TranscoderLayer(
          encoder: encoder, encoderBias: try file.tensor("encoder.bias").vector(count: features),
          decoder: try file.tensor("W_dec").weight(outputs: features, inputs: width),
          decoderBias: try file.tensor("b_dec").vector(count: width),
          activation: .topK(k, keepsNegative: false),
          skip: skips ? try file.tensor("W_skip").weight(outputs: width, inputs: width) : nil),
        files: [folder.appending(path: weightsName)], layer: HookNames.layer(of: folder))
    } catch {
      throw .checkpoint(error)
    }
  }
}
