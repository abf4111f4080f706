/// Makes nodes of what files of any maker say about them.
struct NodeReader {
  /// How the file writes a feature's number, if it says.
  let schemaVersion: Int?
  private(set) var findings = FindingCounts()
  private var hasLogit = false

  init(schemaVersion: Int?) { self.schemaVersion = schemaVersion }

  /// What a file says about one node.
  struct Reading {
    var vertex: GraphNode
    var rootWeight: Double
    var isSkipped: Bool
    /// The name that viewers use, which many nodes may share.
    var viewerName: String?
  }

  /// Reads a node.
  /// - Returns: `nil`, and a finding, if the value does not say which node it is.
  mutating func read(_ value: JSON) -> Reading? {
    guard let object = value.object, let id = object["node_id"]?.string,
      let kind = object["feature_type"]?.string, let node = node(object, id: id, kind: kind)
    else {
      findings.add(.unreadableNode)
      return nil
    }
    var vertex = GraphNode(node: node, id: id, label: object["clerp"]?.string ?? "")
    if kind != NodeMembers.usualKind(of: node) { vertex.kind = kind }
    vertex.activation = activation(object["activation"])
    vertex.influence = object["influence"]?.double.flatMap { $0.isFinite ? $0 : nil }
    if case .logit = node, LogitDifference(object[LogitDifference.key]) == nil {
      vertex.probability = probability(object, label: vertex.label)
    }
    var reading = Reading(
      vertex: vertex, rootWeight: vertex.probability ?? 0, isSkipped: object["inputs_skipped"]?.bool ?? false,
      viewerName: object["jsNodeId"]?.string)
    if let weight = object["root_weight"]?.double, weight >= 0 {
      if weight <= AttributionGraph.greatestRootWeight {
        reading.rootWeight = weight
      } else {
        findings.add(.impossibleNumber)
      }
    }
    reading.vertex.extra = extra(of: object, reading)
    return reading
  }

  /// What the node stands for.
  private mutating func node(_ object: JSONObject, id: String, kind: String) -> Node? {
    guard let position = object["ctx_idx"]?.int, 0..<1 << 31 ~= position else { return nil }
    let layer = Self.layer(object["layer"])
    switch kind {
    case "embedding": return .embedding(position: position)
    case "logit":
      let parts = GraphNode.parts(ofID: id)
      let token = parts.count == 3 ? Int(parts[1]) : nil
      return .logit(token: token ?? object["feature"]?.int ?? -1, position: position)
    case _ where kind.hasSuffix("error"):
      return layer.map { .error(layer: $0, position: position) }
    default:
      if !["cross layer transcoder", "lorsa", "bias", "unknown", "unexplored node"].contains(kind) {
        findings.add(.unknownKind)
      }
      guard let layer else { return nil }
      let index = index(object["feature"]?.int, id: id, kind: kind, layer: layer, position: position)
      return .feature(layer: layer, index: index, position: position)
    }
  }

  /// A layer written as a number or a text; `E` and -1 are the embeddings, which no other node is on.
  private static func layer(_ value: JSON?) -> Int? {
    let layer = value?.int ?? value?.string.flatMap { Int($0) }
    return layer.flatMap { 0..<1 << 20 ~= $0 ? $0 : nil }
  }

  /// A feature's place in its layer: what the id says, or else what the number says.
  ///
  /// Numbers are Cantor pairs, `layer · 100,000 + index`, the index itself, or the maker's own.
  private mutating func index(_ number: Int?, id: String, kind: String, layer: Int, position: Int) -> Int {
    let parts = GraphNode.parts(ofID: id)
    if parts.count == 3 || parts.count == 4, Int(parts[0]) == layer,
      parts.last.flatMap({ Int($0) }) == position,
      let index = Int(parts[parts.count - 2]), index >= 0
    {
      let known = [FeatureNumber.paired(layer: layer, index: index), layer &* 100_000 &+ index, index]
      if let number, !known.contains(number) { findings.add(.opaqueFeature) }
      return index
    }
    if let number, schemaVersion == 1, let pair = FeatureNumber.unpaired(number), pair.layer == layer {
      return pair.index
    }
    // Numbers of hostile files may overflow; what wraps is no index.
    if let number, schemaVersion == nil, case let index = number &- layer * 100_000, 0..<100_000 ~= index {
      return index
    }
    if kind != "bias", kind != "unknown" { findings.add(.unknownIndex) }
    return number ?? -1
  }

  private mutating func activation(_ value: JSON?) -> Float? {
    guard let value = value?.double, Float(value).isFinite else { return nil }
    return Float(value)
  }

  /// The probability of a logit: a member of its own, or else the end of the label.
  private mutating func probability(_ object: JSONObject, label: String) -> Double? {
    let stated = possible(object["token_prob"]?.double)
    if let stated, stated > 0 { return stated }
    return possible(GraphNode.probability(inLabel: label)) ?? stated
  }

  /// A number that can be a probability; those of two tokens together, and rounding, may bring it above 1.
  private mutating func possible(_ number: Double?) -> Double? {
    guard let number else { return nil }
    if (0...1000).contains(number) { return number }
    findings.add(.impossibleNumber)
    return nil
  }

  /// The members that the node does not hold and that Clew would write otherwise, or not at all.
  private mutating func extra(of object: JSONObject, _ reading: Reading) -> JSONObject {
    var isTarget = false
    if case .logit = reading.vertex.node {
      isTarget = !hasLogit
      hasLogit = true
    }
    let ours = NodeMembers.members(
      of: reading.vertex, rootWeight: reading.rootWeight, isSkipped: reading.isSkipped, isTarget: isTarget)
    return JSONObject(
      distinct: object.members.filter { key, value in
        if NodeMembers.heldKeys.contains(key) { return false }
        if key == "token_prob", reading.vertex.probability != nil { return false }
        // Always kept: a logit is read as a difference because of it.
        if key == LogitDifference.key { return true }
        return ours[key]?.isSame(as: value) != true
      })
  }
}

extension JSON {
  /// Whether the values are equal, numbers by what they amount to.
  func isSame(as other: JSON) -> Bool {
    if case .number(let text) = self, case .number(let otherText) = other {
      return text == otherText || Double(text) == Double(otherText)
    }
    return self == other
  }
}
