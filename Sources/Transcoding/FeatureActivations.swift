/// The active features of one prompt, sparse, sorted by layer, then position, then index.
public struct FeatureActivations: Sendable {
  /// One feature that is active at one position.
  public struct Entry: Hashable, Sendable {
    public let layer: Int
    public let position: Int
    public let index: Int
    /// The value behind the nonlinearity.
    public let activation: Float

    public init(layer: Int, position: Int, index: Int, activation: Float) {
      self.layer = layer
      self.position = position
      self.index = index
      self.activation = activation
    }

    /// Which feature it is.
    public var feature: FeatureID { FeatureID(layer: layer, index: index) }
  }

  public let layerCount: Int
  public let positionCount: Int
  /// All active features in order.
  public let entries: [Entry]
  private let starts: [Int]  // [layer · positionCount + position], with the end

  /// - Parameter entries: Sorted by layer, position and index.
  public init(layerCount: Int, positionCount: Int, entries: [Entry]) {
    self.layerCount = layerCount
    self.positionCount = positionCount
    self.entries = entries
    var starts = [Int](repeating: 0, count: layerCount * positionCount + 1)
    for entry in entries { starts[entry.layer * positionCount + entry.position + 1] += 1 }
    for cell in 1..<max(1, starts.count) { starts[cell] += starts[cell - 1] }
    self.starts = starts
  }

  public var count: Int { entries.count }

  /// The places of a layer's features.
  public func places(layer: Int) -> Range<Int> {
    starts[layer * positionCount]..<starts[(layer + 1) * positionCount]
  }

  /// The places of the features of a layer at a position.
  public func places(layer: Int, position: Int) -> Range<Int> {
    let cell = layer * positionCount + position
    return starts[cell]..<starts[cell + 1]
  }

  /// The place of one feature at one position, `nil` if it is not active there.
  public func place(of feature: FeatureID, position: Int) -> Int? {
    guard (0..<layerCount).contains(feature.layer), (0..<positionCount).contains(position) else { return nil }
    return places(layer: feature.layer, position: position).first { entries[$0].index == feature.index }
  }
}
