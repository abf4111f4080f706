public import AttributionGraphs
public import Transcoding

/// A feature at one position of a prompt, active there or not.
///
/// As a value of JSON it is the name that graph files give it, `layer_index_position`.
public struct FeaturePlace: Hashable, Comparable, Sendable {
  public let layer: Int
  public let index: Int
  public let position: Int

  public init(layer: Int, index: Int, position: Int) {
    self.layer = layer
    self.index = index
    self.position = position
  }

  /// The place that a node stands for; `nil` for nodes that are no features.
  public init?(_ node: Node) {
    guard case .feature(let layer, let index, let position) = node else { return nil }
    self.init(layer: layer, index: index, position: position)
  }

  /// The place that a graph file's id names; `nil` for any other text.
  public init?(id: some StringProtocol) {
    let parts = id.split(separator: "_", omittingEmptySubsequences: false)
    guard parts.count == 3 else { return nil }
    // Only plain digits: no sign, nothing around them.
    let numbers = parts.compactMap { part in
      part.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? Int(part) : nil
    }
    guard numbers.count == 3 else { return nil }
    self.init(layer: numbers[0], index: numbers[1], position: numbers[2])
  }

  /// Which feature it is.
  public var feature: FeatureID { FeatureID(layer: layer, index: index) }
  /// Its name in graph files.
  public var id: String { "\(layer)_\(index)_\(position)" }

  public static func < (a: Self, b: Self) -> Bool {
    (a.layer, a.position, a.index) < (b.layer, b.position, b.index)
  }
}

extension FeaturePlace: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let place = FeaturePlace(id: text) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "'\(text)' names no feature; write LAYER_INDEX_POSITION")
    }
    self = place
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(id)
  }
}
