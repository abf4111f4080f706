internal import AttributionGraphs
internal import Foundation

/// One change that a reader asks for: what happens to a feature, or alike to all members of a group.
public enum FeatureChange: Hashable, Sendable {
  /// The activation becomes a value.
  case set([FeaturePlace], value: Float)
  /// The activation becomes a multiple of the recorded one.
  case scale([FeaturePlace], factor: Float)
  /// The activation becomes 0.
  case remove([FeaturePlace])
  /// Features are removed, and others take their place.
  ///
  /// The others get `values`, one for each: what they have in another prompt, say. Where there are none, each gets the mean
  /// of the recorded activations of those removed that are active, at its own position if any stand there, else at all: of
  /// one feature swapped for another, that feature's activation.
  case swap([FeaturePlace], for: [FeaturePlace], values: [Float]? = nil)
}

extension FeatureChange {
  /// The change as files state it.
  var json: JSON {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return (try? JSON(parsing: Array(encoder.encode(self)))) ?? .null
  }
}

/// In JSON: `{"action": "set", "features": ["2_17_4"], "value": 1.5}`, `"scale"` with `"factor"`, `"remove"`, and `"swap"`
/// with `"replacements"` and, if wanted, their `"values"`.
extension FeatureChange: Codable {
  private enum Key: String, CodingKey {
    case action, features, value, factor, replacements, values
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    let features = try container.decode([FeaturePlace].self, forKey: .features)
    switch try container.decode(String.self, forKey: .action) {
    case "set": self = .set(features, value: try container.decode(Float.self, forKey: .value))
    case "scale": self = .scale(features, factor: try container.decode(Float.self, forKey: .factor))
    case "remove": self = .remove(features)
    case "swap":
      self = .swap(
        features, for: try container.decode([FeaturePlace].self, forKey: .replacements),
        values: try container.decodeIfPresent([Float].self, forKey: .values))
    case let other:
      throw DecodingError.dataCorruptedError(
        forKey: .action, in: container,
        debugDescription: "'\(other)' is no action; there are set, scale, remove and swap")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    switch self {
    case .set(let features, let value):
      try container.encode("set", forKey: .action)
      try container.encode(features, forKey: .features)
      try container.encode(value, forKey: .value)
    case .scale(let features, let factor):
      try container.encode("scale", forKey: .action)
      try container.encode(features, forKey: .features)
      try container.encode(factor, forKey: .factor)
    case .remove(let features):
      try container.encode("remove", forKey: .action)
      try container.encode(features, forKey: .features)
    case .swap(let features, let replacements, let values):
      try container.encode("swap", forKey: .action)
      try container.encode(features, forKey: .features)
      try container.encode(replacements, forKey: .replacements)
      try container.encodeIfPresent(values, forKey: .values)
    }
  }
}
