/// A transcoder feature: a layer and a place in that layer's dictionary.
public struct FeatureID: Hashable, Comparable, Sendable {
  public let layer: Int
  public let index: Int

  public init(layer: Int, index: Int) {
    self.layer = layer
    self.index = index
  }

  public static func < (left: Self, right: Self) -> Bool {
    (left.layer, left.index) < (right.layer, right.index)
  }
}
