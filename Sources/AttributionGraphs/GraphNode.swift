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
  /// A logit node's probability as next token; `nil` for a difference of two, see ``difference``.
  public var probability: Double?
  /// The running share of influence at the node's place in the sort, small = important; `nil` for logits.
  public var influence: Double?
  /// The kind that a file states, where it is not the usual one for ``node``: `lorsa` for a feature of a
  /// replaced attention layer, `bias`, and whatever other tools invent.
  public var kind: String?
  /// What the file says about the node beyond this, or in a way in which Clew would not write it; keys here
  /// take the place of the keys that Clew would write.
  public var extra: JSONObject

  public init(
    node: Node, id: String, label: String = "", activation: Float? = nil, probability: Double? = nil,
    influence: Double? = nil, kind: String? = nil, extra: JSONObject = [:]
  ) {
    self.node = node
    self.id = id
    self.label = label
    self.activation = activation
    self.probability = probability
    self.influence = influence
    self.kind = kind
    self.extra = extra
  }
}

extension GraphNode {
  /// Whether a feature was set to its activation while the prompt ran, so that it has no inputs; files say `held`.
  public var isHeld: Bool {
    get { extra["held"]?.bool == true }
    set { extra["held"] = newValue ? true : nil }
  }

  /// Where the node stands in the order of computation: edges go from lower levels to higher ones.
  ///
  /// Features of a replaced attention layer stand below the features of the MLP in the same layer.
  var level: Int {
    switch node {
    case .embedding: Int.min
    case .feature(let layer, _, _), .error(let layer, _):
      (layer &* 2) &+ (kind?.hasPrefix("lorsa") == true ? 0 : 1)
    case .logit: Int.max
    }
  }
}
