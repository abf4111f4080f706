public import ReplacementModels

/// In JSON: `{"kind": "free"}`, `"frozenAttention"`, `"direct"`, and `{"kind": "constrained", "layers": [0, 3]}`, the second
/// number being the first layer that is not held.
extension InterventionMode: Codable {
  private enum Key: String, CodingKey { case kind, layers }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    switch try container.decode(String.self, forKey: .kind) {
    case "free": self = .free
    case "frozenAttention": self = .frozenAttention
    case "direct": self = .direct
    case "constrained":
      let ends = try container.decode([Int].self, forKey: .layers)
      guard ends.count == 2, 0 <= ends[0], ends[0] <= ends[1] else {
        throw DecodingError.dataCorruptedError(
          forKey: .layers, in: container,
          debugDescription: "the held layers are two numbers, the first layer and the one behind the last")
      }
      self = .constrained(layers: ends[0]..<ends[1])
    case let other:
      throw DecodingError.dataCorruptedError(
        forKey: .kind, in: container,
        debugDescription: "'\(other)' is no mode; there are free, frozenAttention, constrained and direct")
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    switch self {
    case .free: try container.encode("free", forKey: .kind)
    case .frozenAttention: try container.encode("frozenAttention", forKey: .kind)
    case .direct: try container.encode("direct", forKey: .kind)
    case .constrained(let layers):
      try container.encode("constrained", forKey: .kind)
      try container.encode([layers.lowerBound, layers.upperBound], forKey: .layers)
    }
  }
}
