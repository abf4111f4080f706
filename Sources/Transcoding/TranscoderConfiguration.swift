internal import Checkpoints
internal import Foundation
internal import Tensors

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

  /// The activations that a file may name.
  enum ActivationName: String {
    case reLU = "relu"
    case jumpReLU = "jump_relu"
    case topK = "topk"
  }

  public let kind: Kind
  /// The model that it was made for, as its maker names it.
  public private(set) var modelName: String
  public private(set) var inputHook: FeatureInputHook
  public private(set) var outputHook: FeatureOutputHook
  /// `k`, where the activation is TopK.
  public let topK: Int?
  /// Whether TopK keeps negative values that are among the largest, as circuit-tracer's does.
  public let keepsNegative: Bool
  /// The activation that the file names, if it names one.
  let activationName: ActivationName?
  /// A name that viewers look features up by, if given: one for all layers.
  public let scan: String?
  /// Names that viewers look features up by, one a layer, if they are given so.
  public let layerScans: [String]
  /// Paths of the layers' files, in order, if listed.
  public let files: [String]

  /// A configuration for files in circuit-tracer's layout.
  public init(
    kind: Kind, modelName: String, inputHook: FeatureInputHook, outputHook: FeatureOutputHook,
    topK: Int? = nil, keepsNegative: Bool = true
  ) {
    (self.kind, self.modelName, self.inputHook, self.outputHook) = (kind, modelName, inputHook, outputHook)
    (self.topK, self.keepsNegative) = (topK, keepsNegative)
    activationName = topK == nil ? nil : .topK
    (scan, layerScans, files) = (nil, [], [])
  }

  /// A text in double quotes, with what YAML does not print as an escape.
  private static func quoted(_ text: String) -> String {
    text.unicodeScalars.reduce("\"") { result, scalar in
      switch scalar {
      case "\"", "\\": return result + "\\\(scalar)"
      case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || scalar.value > 0xD7FF:
        let digits = String(scalar.value, radix: 16)
        return result + "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
      default: return result + String(scalar)
      }
    } + "\""
  }

  /// The same with what a user knows better.
  func replaced(by own: TranscoderDescription) -> TranscoderConfiguration {
    var result = self
    if let name = own.modelName { result.modelName = name }
    if let hook = own.inputHook { result.inputHook = hook }
    if let hook = own.outputHook { result.outputHook = hook }
    return result
  }

  /// The text of `config.yaml` for weights in circuit-tracer's own layout beside it. It names no `scan`, so that viewers
  /// look for local features.
  public var yaml: String {
    var text = """
      model_name: \(Self.quoted(modelName))
      model_kind: "\(kind.rawValue)"
      feature_input_hook: "\(inputHook.rawValue)"
      feature_output_hook: "\(outputHook.rawValue)"

      """
    if let topK {
      text += "activation: \"topk\"\nk: \(topK)\n"
      if !keepsNegative { text += "topk_keeps_negative: false\n" }
    }
    return text
  }

  /// The fields whose names are long enough to be misspelt and still known.
  private static let names = [
    "model_kind", "model_name", "feature_input_hook", "feature_output_hook", "transcoders", "activation",
    "topk_keeps_negative",
  ]

  /// Reads `config.yaml`.
  init(_ url: URL) throws(TranscodingError) {
    func bad(_ reason: String) -> TranscodingError { .badConfiguration(path: url.path, reason: reason) }
    guard let data = try? PlainFile.data(of: url, upTo: 1 << 20) else { throw bad("it cannot be read") }
    do throws(CheckpointError) { try GitLFS.check(data, path: url.path) } catch { throw .checkpoint(error) }
    guard data.count < 1 << 20, let text = String(data: data, encoding: .utf8) else {
      throw bad("it is not a text of less than a mebibyte")
    }
    let fields: YAMLMapping
    do throws(YAMLMapping.Fault) { fields = try YAMLMapping(text) } catch { throw bad(error.reason) }
    // A name that is almost right would be ignored otherwise, and another activation take its place.
    for meant in Self.names where fields[meant] == nil {
      let almost = fields.names.first {
        abs($0.count - meant.count) <= 2 && $0.difference(from: meant).count <= 2
      }
      if let almost { throw bad("it has '\(almost)', which is unknown and may stand for '\(meant)'") }
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
    func optional<T>(_ name: String, _: T.Type, _ what: String) throws(TranscodingError) -> T? {
      guard let value = fields[name], !(value is NSNull) else { return nil }
      guard let value = value as? T else { throw bad("its \(name) is not \(what)") }
      return value
    }
    modelName = try optional("model_name", String.self, "a text") ?? ""
    layerScans = fields["scan"] as? [String] ?? []
    scan =
      layerScans.isEmpty
      ? try optional("scan", String.self, "a text, or a list with one for each layer") : nil
    files = try optional("transcoders", [String].self, "a list of paths") ?? []
    if let files = fields["transcoders"] as? [String], files.isEmpty {
      throw bad("its list of transcoders is empty")
    }
    if !layerScans.isEmpty, !files.isEmpty, layerScans.count != files.count {
      throw bad("it lists \(files.count) transcoders, but \(layerScans.count) scans")
    }
    let keeps = try optional("topk_keeps_negative", Bool.self, "true or false")
    keepsNegative = keeps ?? true
    topK = try optional("k", Int.self, "a whole number")
    let name = try optional("activation", String.self, "a text")
    activationName = try name.map { name throws(TranscodingError) in
      // circuit-tracer's own code spells it both ways.
      guard let known = ActivationName(rawValue: name == "jumprelu" ? "jump_relu" : name) else {
        throw bad("its activation '\(name)' is unknown")
      }
      return known
    }
    if activationName == .topK {
      guard let topK, topK > 0 else { throw bad("its activation is topk without a whole k > 0") }
    } else if topK != nil || keeps != nil {
      throw bad("it has '\(topK == nil ? "topk_keeps_negative" : "k")', but no 'activation: topk'")
    }
  }
}
