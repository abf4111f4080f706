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
    func bad(_ reason: String) -> TranscodingError { .badConfiguration(path: url.path, reason: reason) }
    let settings = try SettingsFile(required: url)
    guard settings.flag("transcode") == true else {
      throw bad("it is a sparse autoencoder (transcode is not true), which reconstructs its own input")
    }
    if let kind = settings.text("activation"), kind != "topk" {
      throw bad("its activation is '\(kind)', and only topk can be read")
    }
    guard let k = settings.count("k"), k > 0 else { throw bad("it has no whole k > 0") }
    if settings.flag("signed") == true { throw bad("it keeps the largest of either sign (signed)") }
    for name in ["n_targets", "n_sources"] where settings.count(name) ?? 0 > 1 {
      throw bad("it writes to several layers (\(name)), in a layout that Clew does not read")
    }
    if settings.flag("normalize_io") == true { throw bad("it normalises inputs and outputs (normalize_io)") }
    do throws(CheckpointError) {
      let file = try SafetensorsFile(folder.appending(path: weightsName))
      let encoder = try file.tensor("encoder.weight").weight()
      let (features, width) = (encoder.outputs, encoder.inputs)
      if let count = settings.count("num_latents"), count > 0, count != features {
        throw .wrongShape(
          name: "encoder.weight", path: file.file.path, expected: [count, width], actual: [features, width])
      }
      let skips = settings.flag("skip_connection") == true
      var found = FoundLayer(
        format: .sparsify,
        weights: TranscoderLayer(
          encoder: encoder, encoderBias: try file.tensor("encoder.bias").vector(count: features),
          decoder: try file.tensor("W_dec").weight(outputs: features, inputs: width),
          decoderBias: try file.tensor("b_dec").vector(count: width),
          activation: .topK(min(k, features), keepsNegative: false),
          skip: skips ? try file.tensor("W_skip").weight(outputs: width, inputs: width) : nil),
        files: [folder.appending(path: weightsName)], layer: HookNames.layer(of: folder))
      let module = HookNames.place(folder.lastPathComponent)
      found.take(input: "\(module).input", output: "\(module).output")
      found.modelName = SettingsFile(folder.deletingLastPathComponent().appending(path: "config.json"))?
        .text("model")
      return found
    } catch {
      throw .checkpoint(error)
    }
  }
}
