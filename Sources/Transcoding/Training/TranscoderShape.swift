/// The sizes of transcoders that are trained.
public struct TranscoderShape: Codable, Hashable, Sendable {
  public var kind: TranscoderConfiguration.Kind
  /// `L`.
  public var layerCount: Int
  /// `d`.
  public var dModel: Int
  /// `F` of every layer.
  public var featureCount: Int
  /// Whether each layer has a skip connection; per-layer transcoders only.
  public var hasSkip: Bool

  public init(
    kind: TranscoderConfiguration.Kind, layerCount: Int, dModel: Int, featureCount: Int, hasSkip: Bool = false
  ) {
    self.kind = kind
    self.layerCount = layerCount
    self.dModel = dModel
    self.featureCount = featureCount
    self.hasSkip = hasSkip
  }

  /// The layers that a layer's features write to.
  public func outputLayers(of layer: Int) -> Range<Int> {
    kind == .crossLayer ? layer..<layerCount : layer..<layer + 1
  }

  /// Numbers in one decoder row of a layer.
  func decoderWidth(of layer: Int) -> Int { outputLayers(of: layer).count * dModel }

  /// Learned numbers in all.
  public var parameterCount: Int {
    (0..<layerCount).reduce(0) { sum, layer in
      sum + featureCount * (dModel + decoderWidth(of: layer) + 2) + dModel + (hasSkip ? dModel * dModel : 0)
    }
  }
}
