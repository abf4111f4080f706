internal import Foundation
internal import Tensors

extension ConfigurationFields {
  /// The rotary embedding that the fields of most families describe.
  /// - Parameters:
  ///   - dHead: The width of a head.
  ///   - share: How much of a head is rotated, where the family says so by a field of its own.
  ///   - baseName: The field of the base.
  ///   - base: The base where it is not stated.
  /// - Throws: ``TransformerError/badConfiguration(path:reason:)``, for a scaling that is not known too.
  func rotary(
    dHead: Int, share: Double? = nil, baseName: String = "rope_theta", base fallback: Double = 10_000
  ) throws(TransformerError) -> RotaryEmbedding {
    let parameters = try nested("rope_parameters")
    let base = try number(
      baseName, default: try parameters?.number("rope_theta", default: fallback) ?? fallback)
    let scaling = try (nested("rope_scaling") ?? parameters)?.rotaryScaling(of: self)
    let stated = try number(
      "partial_rotary_factor", default: try parameters?.number("partial_rotary_factor", default: 1) ?? 1)
    let share = share ?? stated
    return try Self.rotary(dHead: dHead, share: share, base: base, scaling: scaling, path: path)
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
    func positive(_ name: String, default fallback: Double? = nil) throws(TransformerError) -> Double {
      let value = try number(name, default: fallback)
      guard value > 0 else {
        throw .badConfiguration(path: path, reason: "its '\(name)' is \(value), which is not positive")
      }
      return value
    }
    let kind = try text("rope_type", default: try text("type", default: "default"))
    switch kind {
    // Up to the context that is stated, which no text here exceeds, dynamic scaling changes nothing.
    case "default", "dynamic": return nil
    case "linear": return .linear(factor: try positive("factor"))
    case "llama3":
      let (low, high) = (try positive("low_freq_factor"), try positive("high_freq_factor"))
      guard low < high else {
        throw .badConfiguration(path: path, reason: "its low_freq_factor is not below its high_freq_factor")
      }
      return .llama3(
        factor: try positive("factor"), lowFactor: low, highFactor: high,
        originalContext: try positive("original_max_position_embeddings"))
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
        factor: factor, fastTurns: try positive("beta_fast", default: 32),
        slowTurns: try positive("beta_slow", default: 1),
        originalContext: try positive(
          "original_max_position_embeddings", default: try model.number("max_position_embeddings")),
        amplitude: try positive("attention_factor", default: standard),
        rounds: try flag("truncate", default: true))
    default:
      throw .badConfiguration(path: path, reason: "its rotary scaling '\(kind)' is unknown")
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
      throw .badConfiguration(path: path, reason: "its layer_types name \(types.count) of \(count) layers")
    }
    var windows: [Int?] = []
    for type in types {
      switch type {
      case "full_attention": windows.append(nil)
      case "sliding_attention": windows.append(window)
      default: throw .badConfiguration(path: path, reason: "its layer type '\(type)' is unknown")
      }
    }
    return windows
  }
}
