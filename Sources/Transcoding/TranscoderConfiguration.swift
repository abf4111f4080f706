internal import Foundation
internal import Yams

/// Where a transcoder reads in a layer.
public enum FeatureInputHook: String, Sendable, CaseIterable, Codable {
  /// The residual stream before the MLP's norm.
  case residualMid = "hook_resid_mid"
  /// Behind the MLP's norm, before its gain.
  case normalized = "ln2.hook_normalized"
  /// The MLP's input, behind norm and gain.
  case mlpInput = "mlp.hook_in"
}

/// What a transcoder reconstructs in a layer. Both names mean the MLP output but where a norm follows the MLP.
public enum FeatureOutputHook: String, Sendable, CaseIterable {
  /// What the layer's MLP adds to the residual stream.
  case mlpOutput = "hook_mlp_out"
  /// What the MLP itself writes, before a norm behind it.
  case mlpOutputInner = "mlp.hook_out"
}

/// What `config.yaml` says about a folder of transcoders.
public struct TranscoderConfiguration: Sendable {
  /// Whether features write to all later layers or to their own alone.
  public enum Kind: String, Sendable, Codable {
    case crossLayer = "cross_layer_transcoder"
    case perLayer = "transcoder_set"
  }

  public let kind: Kind
  /// The model that it was made for, as its maker names it.
  public let modelName: String
  public let inputHook: FeatureInputHook
  public let outputHook: FeatureOutputHook
  /// `k`, where the activation is TopK.
  public let topK: Int?
  /// Whether the file asks for plain ReLU.
  public let namesReLU: Bool
  /// A name that viewers look features up by, if given.
  public let scan: String?
  /// Paths of the layers' files, in order, if listed.
  public let files: [String]

  /// Reads `config.yaml`.
  init(_ url: URL) throws(TranscodingError) {
    func bad(_ reason: String) -> TranscodingError { .badConfiguration(path: url.path, reason: reason) }
    guard let data = try? Data(contentsOf: url) else { throw bad("it cannot be read") }
    guard data.count < 1 << 20, let text = String(data: data, encoding: .utf8) else {
      throw bad("it is not a text of less than a mebibyte")
    }
    guard let parsed = try? Yams.load(yaml: text), let fields = parsed as? [String: Any] else {
      throw bad("it is not a YAML mapping")
    }
    func required(_ name: String) throws(TranscodingError) -> String {
      guard let value = fields[name] as? String else { throw bad("it has no text '\(name)'") }
      return value
    }
    guard let kind = Kind(rawValue: try required("model_kind")) else {
      throw bad(
        "its model_kind is '\(try required("model_kind"))', not transcoder_set or cross_layer_transcoder")
    }
    guard let input = FeatureInputHook(rawValue: try required("feature_input_hook")) else {
      throw bad("its feature_input_hook '\(try required("feature_input_hook"))' is unknown")
    }
    guard let output = FeatureOutputHook(rawValue: try required("feature_output_hook")) else {
      throw bad("its feature_output_hook '\(try required("feature_output_hook"))' is unknown")
    }
    self.kind = kind
    inputHook = input
    outputHook = output
    modelName = fields["model_name"] as? String ?? ""
    scan = fields["scan"] as? String
    files = fields["transcoders"] as? [String] ?? []
    for file in files where file.contains("://") {
      throw bad("it lists '\(file)', which is not a file here; download it and name the local path")
    }
    switch fields["activation"] as? String {
    case nil:
      topK = nil
      namesReLU = false
    case "relu":
      topK = nil
      namesReLU = true
    case "jump_relu", "jumprelu":
      topK = nil
      namesReLU = false
    case "topk":
      guard let k = fields["k"] as? Int, k > 0 else {
        throw bad("its activation is topk without a whole k > 0")
      }
      topK = k
      namesReLU = false
    case let name?: throw bad("its activation '\(name)' is unknown")
    }
  }
}
