internal import Checkpoints
internal import Foundation
internal import Tensors

/// The transcoders that DeepMind trained for Gemma 2 and Gemma 3.
///
/// Both store encoders as `[dModel, feature]`, and read JumpReLU's thresholds from a tensor. Gemma Scope 1 reads behind
/// the MLP's norm but before its gain; Gemma Scope 2 reads the MLP's own input and writes behind the norm that follows it.
enum GemmaScope {
  /// A layer from `params.npz`: `W_enc [dModel, feature]`, `W_dec [feature, dModel]`, `b_enc`, `b_dec`, `threshold`.
  static func first(_ url: URL) throws(CheckpointError) -> FoundLayer {
    let file = try NumpyArchive(url)
    let decoder = try file.tensor("W_dec").weight()
    return FoundLayer(
      format: .gemmaScope,
      weights: try TranscoderLayer(
        columns: try file.tensor("W_enc"), bias: try file.tensor("b_enc"), decoder: decoder,
        width: decoder.inputs, decoderBias: try file.tensor("b_dec"),
        thresholds: try file.tensor("threshold"), skip: nil),
      files: [url], layer: HookNames.layer(of: url), inputHook: .normalized, outputHook: .mlpOutput,
      modelName: "google/gemma-2-2b")
  }

  /// A layer from safetensors: `w_enc [dModel, feature]`, `w_dec [feature, dModel]`, or `[feature, layer, dModel]` with
  /// every layer of the model if it is cross-layer, `b_enc`, `b_dec`, `threshold`, and perhaps
  /// `affine_skip_connection [dModel, dModel]`, applied from the right.
  static func second(_ url: URL, _ file: SafetensorsFile) throws(TranscodingError) -> FoundLayer {
    let found = try layer(url, file)
    let place = url.deletingLastPathComponent().appending(path: "config.json")
    guard let settings = try SettingsFile(place) else { return found }
    return try found.described(by: settings, isAlone: url.lastPathComponent == "params.safetensors")
  }

  private static func layer(_ url: URL, _ file: SafetensorsFile) throws(TranscodingError) -> FoundLayer {
    do throws(CheckpointError) { return try weights(url, file) } catch { throw .checkpoint(error) }
  }

  private static func weights(_ url: URL, _ file: SafetensorsFile) throws(CheckpointError) -> FoundLayer {
    let stored = try file.tensor("w_dec")
    let layer = HookNames.layer(of: url)
    guard stored.shape.count == 2 || stored.shape.count == 3, let width = stored.shape.last
    else {
      throw .wrongShape(name: "w_dec", path: url.path, expected: [-1, -1, -1], actual: stored.shape)
    }
    var decoder: WeightMatrix
    if stored.shape.count == 2 {
      decoder = try stored.weight()
    } else {
      decoder = try stored.rows(stored.shape)
      // What would write to layers below is stored, but takes no part.
      let first = min(layer ?? 0, stored.shape[1])
      decoder = decoder.inputs(first * width..<decoder.inputs)
    }
    return FoundLayer(
      format: .gemmaScope2,
      weights: try TranscoderLayer(
        columns: try file.tensor("w_enc"), bias: try file.tensor("b_enc"), decoder: decoder, width: width,
        decoderBias: try file.tensor("b_dec"), thresholds: try file.tensor("threshold"),
        skip: try file.tensors["affine_skip_connection"]?.weight(outputs: width, inputs: width).transposed),
      files: [url], layer: layer, inputHook: .mlpInput, outputHook: .mlpOutput)
  }
}

extension FoundLayer {
  /// A layer of Gemma Scope 2 with what its `config.json` says, if that is of this layer.
  /// - Parameter isAlone: Whether the settings are of one layer; files of several in one folder share them.
  fileprivate func described(by settings: SettingsFile, isAlone: Bool) throws(TranscodingError) -> FoundLayer
  {
    let kind = try settings.text("type")
    if kind == "sae" || kind == "crosscoder" {
      throw settings.bad("it is of the type '\(kind ?? "")', which reconstructs no MLP")
    }
    let architecture = try settings.text("architecture") ?? "jump_relu"
    if architecture != "jump_relu", architecture != "jumprelu" {
      throw settings.bad("its architecture is '\(architecture)', and only jump_relu can be read")
    }
    let isAffine = weights.skip != nil
    if try settings.flag("affine_connection") ?? isAffine != isAffine {
      throw settings.bad(
        "its affine_connection is \(!isAffine), but the weights have \(isAffine ? "one" : "none")")
    }
    let input = try settings.text("hf_hook_point_in")
    let output = try settings.text("hf_hook_point_out")
    if isAlone {
      try settings.check(hook: input, isIn: layer)
      try settings.check(hook: output, isIn: layer)
      try settings.check("width", is: weights.encoder.outputs)
    }
    var result = self
    result.modelName = settings.name("model_name")
    result.take(input: input, output: output)
    return result
  }
}
