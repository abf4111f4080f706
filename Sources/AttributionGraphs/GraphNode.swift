/// A vertex of a graph with what is known about it.
public struct GraphNode: Sendable {
  /// What it stands for.
  public var node: Node
  /// Its name in files, unique in a graph that Clew writes.
  public var id: String
  /// A short text for people: a feature's label, a token, `Output " Austin" (p=0.41)`.
  public var label: String
  /// A feature's activation at this position.
  public var activation: Float?
  /// A logit node's probability as next token.
  public var probability: Double?
  /// The running share of influence at the node's place in the sort, small = important; `nil` for logits.
  public var influence: Double?

  public init(
    node: Node, id: String, label: String = "", activation: Float? = nil, probability: Double? = nil,
    influence: Double? = nil
  ) {
    self.node = node
    self.id = id
    self.label = label
    self.activation = activation
    self.probability = probability
    self.influence = influence
  }
}
