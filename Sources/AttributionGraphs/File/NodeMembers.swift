/// A node as the members of an object in a graph file, and back.
///
/// Writing and reading share one list of members: what a file says in just the way in which Clew would write
/// it need not be kept, and all else stays in ``GraphNode/extra``.
struct NodeMembers {
  /// The keys whose values a ``GraphNode`` holds, whatever they are.
  static let heldKeys: Set = [
    "node_id", "ctx_idx", "feature_type", "clerp", "influence", "activation", "root_weight", "inputs_skipped",
  ]

  /// The members of a node, in the order of other tools.
  /// - Parameters:
  ///   - vertex: The node.
  ///   - rootWeight: Its root weight.
  ///   - isSkipped: Whether its row was skipped.
  ///   - isTarget: Whether it is the first of the logits.
  static func members(
    of vertex: GraphNode, rootWeight: Double, isSkipped: Bool, isTarget: Bool
  ) -> JSONObject {
    let names = names(of: vertex)
    var members: [(key: String, value: JSON)] = [
      ("node_id", .string(vertex.id)),
      ("feature", names.feature),
      ("layer", .string(names.layer)),
      ("ctx_idx", JSON(vertex.node.position)),
      ("feature_type", .string(vertex.kind ?? usualKind(of: vertex.node))),
      ("token_prob", JSON(vertex.probability ?? 0)),
      ("is_target_logit", .bool(isTarget)),
      ("run_idx", 0),
      ("reverse_ctx_idx", 0),
      ("jsNodeId", .string(names.viewerName)),
      ("clerp", .string(label(of: vertex))),
      ("influence", vertex.influence.map { JSON($0) } ?? .null),
      ("activation", vertex.activation.map { .number($0.shortestText) } ?? .null),
    ]
    if rootWeight != (vertex.probability ?? 0) { members.append(("root_weight", JSON(rootWeight))) }
    if isSkipped { members.append(("inputs_skipped", true)) }
    return JSONObject(distinct: members)
  }

  /// The kind that a file states for a node of no other.
  static func usualKind(of node: Node) -> String {
    switch node {
    case .feature: "cross layer transcoder"
    case .error: "mlp reconstruction error"
    case .embedding: "embedding"
    case .logit: "logit"
    }
  }

  /// What names a node beside its id: the number, the layer and the name that viewers use.
  private static func names(of vertex: GraphNode) -> (feature: JSON, layer: String, viewerName: String) {
    let parts = GraphNode.parts(ofID: vertex.id)
    switch vertex.node {
    case .feature(let layer, let index, _):
      let number = FeatureNumber.paired(layer: layer, index: index)
      return (number.map { JSON($0) } ?? .null, "\(layer)", "\(layer)_\(index)-0")
    case .error(let layer, let position):
      return (-1, "\(layer)", "\(layer)_\(position)-0")
    case .embedding(let position):
      let token = parts.count == 3 ? parts[1] : "0"
      return (JSON(position), "E", "E_\(token)-\(position)")
    case .logit(let token, let position):
      // The layer count is not part of a graph that was read, but each logit's id begins with it.
      let layer = parts.count == 3 && Int(parts[0]) != nil ? String(parts[0]) : "0"
      return (JSON(token), layer, "L_\(token)-\(position)")
    }
  }

  /// The label; viewers crash on a logit whose label does not state a probability.
  private static func label(of vertex: GraphNode) -> String {
    guard case .logit = vertex.node, !vertex.label.isEmpty,
      GraphNode.probability(inLabel: vertex.label) == nil, vertex.difference?.label != vertex.label
    else { return vertex.label }
    return "\(vertex.label) \(GraphNode.probabilityMark(vertex.probability))"
  }
}
