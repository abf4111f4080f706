internal import Foundation
internal import Tensors

extension ConfigurationFields {
  /// The rotary embedding that the fields of most families describe, at the top or in `rope_scaling` or
  /// `rope_parameters`.
  /// - Parameters:
  ///   - dHead: The width of a head.
  ///   - baseNames: The fields of the base.
  ///   - base: The base where it is not stated.
  ///   - shareNames: The fields that say how much of a head is rotated.
  ///   - share: That share where it is not stated.
  ///   - standard: The `rope_scaling` of a file that says nothing about it, not even that there is none.
  /// - Throws: ``TransformerError/badConfiguration(path:reason:)``, and ``TransformerError/unsupported(path:what:)`` for a
  ///   scaling that is not known.
  func rotary(
    dHead: Int, baseNames: [String] = ["rope_theta"], base: Double = 10_000,
    shareNames: [String] = ["partial_rotary_factor"], share: Double = 1,
    scaling standard: [String: Any] = [:]
  ) throws(TransformerError) -> RotaryEmbedding {
    let scaling = try nested("rope_scaling")
    let parameters = try nested("rope_parameters")
    let inner = [scaling, parameters].compactMap(\.self)
    let stated = try Self.agreed(baseNames.map { (self, $0) } + inner.map { ($0, "rope_theta") })
    let part = try Self.agreed(shareNames.map { (self, $0) } + inner.map { ($0, "partial_rotary_factor") })
    let saysNothing = object["rope_scaling"] == nil && object["rope_parameters"] == nil
    let scalingFields = saysNothing ? ConfigurationFields(object: standard, path: path) : inner.first
    return try Self.rotary(
      dHead: dHead, share: part ?? share, base: stated ?? base,
      scaling: try scalingFields?.rotaryScaling(of: self), path: path)
  }

  /// A rotary embedding whose numbers make sense.
  static func rotary(
    dHead: Int, share: Double, base: Double, scaling: RotaryEmbedding.Scaling?, path: String
  ) throws(TransformerError) -> RotaryEmbedding {
    guard base > 1, base < 1e30, dHead > 0, dHead <= 1 << 16, share > 0, share <= 1 else {
      throw .badConfiguration(
        path: path,
        reason: "its rotary base is \(base), its head width \(dHead), of which \(share) is rotated")
    }
    let width = Int(share * Double(dHead))
    guard width.isMultiple(of: 2), width > 0 else {
      throw .badConfiguration(path: path, reason: "\(width) numbers of a head cannot be rotated in pairs")
    }
    return RotaryEmbedding(dHead: dHead, width: width, base: base, scaling: scaling)
  }

  /// What a `rope_scaling` object asks for.
  /// - Parameter model: The fields around it.
  func rotaryScaling(of model: ConfigurationFields) throws(TransformerError) -> RotaryEmbedding.Scaling? {
    func originalContext() throws(TransformerError) -> Double {
      let name = "original_max_position_embeddings"
      let stated = try Self.agreed([(self, name), (model, name)])
      if stated == nil { return try model.positive("max_position_embeddings") }
      return try (has(name) ? self : model).positive(name)
    }
    let kind = try text("rope_type", default: try text("type", default: "default"))
    switch kind {
    case "default":
      // Libraries pass over the numbers of a scaling that is not named.
      for name in ["factor", "low_freq_factor", "high_freq_factor", "beta_fast", "beta_slow"]
      where object["rope_type"] == nil && object["type"] == nil && has(name) {
        throw bad("its '\(prefix)\(name)' is of no rotary scaling, since there is no '\(prefix)rope_type'")
      }
      return nil
    case "dynamic":
      // Up to the context that is stated, which no text here exceeds, it changes nothing.
      _ = try positive("factor")
      return nil
    case "linear": return .linear(factor: try positive("factor"))
    case "llama3":
      let (low, high) = (try positive("low_freq_factor"), try positive("high_freq_factor"))
      guard low < high else {
        throw bad("its low_freq_factor is not below its high_freq_factor")
      }
      return .llama3(
        factor: try positive("factor"), lowFactor: low, highFactor: high,
        originalContext: try originalContext())
    case "yarn":
      let factor = try positive("factor")
      func amplitude(_ weight: Double) -> Double { factor <= 1 ? 1 : 0.1 * weight * log(factor) + 1 }
      var standard = amplitude(1)
      if let upper = try optionalNumber("mscale"), let lower = try optionalNumber("mscale_all_dim"),
        upper != 0,
        lower != 0
      {
        standard = amplitude(upper) / amplitude(lower)
      }
      return .yarn(
        factor: factor, fastTurns: try positive("beta_fast", default: 32, nullable: true),
        slowTurns: try positive("beta_slow", default: 1, nullable: true),
        originalContext: try originalContext(),
        amplitude: try positive("attention_factor", default: standard, nullable: true),
        rounds: try flag("truncate", default: true, null: false))
    default:
      throw .unsupported(path: path, what: "rotary scaling '\(kind)'")
    }
  }

  /// How far back each layer's attention reaches: `layer_types` where it is stated, else a family's rule.
  /// - Parameters:
  ///   - count: The number of layers.
  ///   - window: How many positions a sliding layer sees; `nil` for all.
  ///   - slides: Whether a layer slides where no list says so.
  /// - Returns: `[layer]`, `nil` for all that stands before.
  func windows(
    count: Int, window: Int?, slides: (Int) -> Bool
  ) throws(TransformerError) -> [Int?] {
    let count = max(0, count)
    guard let types = try texts("layer_types") else { return (0..<count).map { slides($0) ? window : nil } }
    guard types.count == count else {
      throw bad("its layer_types name \(types.count) of \(count) layers")
    }
    var windows: [Int?] = []
    for type in types {
      switch type {
      case "full_attention": windows.append(nil)
      case "sliding_attention":
        guard let window else {
          throw bad(
            "its layer_types ask for a window of attention, but none is stated, or its use is switched off")
        }
        windows.append(window)
      default: throw .unsupported(path: path, what: "layers of the type '\(type)'")
      }
    }
    return windows
  }
}
