/// The order of the nodes in every matrix of a traced graph, worked out once.
///
/// Features come first (by layer, then position, then index), then errors (layer-major), then embeddings,
/// then logits in the order of the targets: the order of the field's graph files.
public struct NodeLayout: Hashable, Sendable {
  /// How many features are active.
  public let featureCount: Int
  /// `L`, the layers of the model.
  public let layerCount: Int
  /// `T`, the positions of the prompt.
  public let positionCount: Int
  /// How many logit nodes there are.
  public let logitCount: Int

  public init(featureCount: Int, layerCount: Int, positionCount: Int, logitCount: Int) {
    self.featureCount = featureCount
    self.layerCount = layerCount
    self.positionCount = positionCount
    self.logitCount = logitCount
  }

  /// `N`, all nodes.
  public var nodeCount: Int { logits.upperBound }
  /// The places of the features.
  public var features: Range<Int> { 0..<featureCount }
  /// The places of the error nodes, layer-major.
  public var errors: Range<Int> { featureCount..<featureCount + layerCount * positionCount }
  /// The places of the embedding nodes, by position.
  public var embeddings: Range<Int> { errors.upperBound..<errors.upperBound + positionCount }
  /// The places of the logit nodes.
  public var logits: Range<Int> { embeddings.upperBound..<embeddings.upperBound + logitCount }
  /// The places that pruning never drops.
  public var embeddingsAndLogits: Range<Int> { embeddings.lowerBound..<logits.upperBound }

  /// The place of the error node of one layer at one position.
  public func error(layer: Int, position: Int) -> Int { featureCount + layer * positionCount + position }
  /// The place of the embedding node at one position.
  public func embedding(position: Int) -> Int { embeddings.lowerBound + position }
}
