/// Which pinned nodes make which box.
struct SubgraphGrouping {
  /// The boxes, as yet without inputs and influence.
  private(set) var boxes: [Subgraph.Box] = []
  /// The box that each node is in, `[node]`.
  private(set) var boxOf: [Int?]

  init(of graph: AttributionGraph, view: SavedView) {
    boxOf = Array(repeating: nil, count: graph.nodes.count)
    let pins = Set(view.pinnedIDs.map { ExactText($0) })
    var pinned: [ExactText: Int] = [:]
    for (place, node) in graph.nodes.enumerated() {
      let id = ExactText(node.id)
      if pins.contains(id), pinned[id] == nil { pinned[id] = place }
    }
    var isGrouped: Set<Int> = []
    let groups = view.supernodes.map { group in
      Set(group.members.compactMap { pinned[ExactText($0)] }).sorted().filter {
        isGrouped.insert($0).inserted
      }
    }
    for place in pinned.values.sorted() where !isGrouped.contains(place) {
      let node = graph.nodes[place]
      add(key: node.id, label: view.label(of: node) ?? node.label, isSupernode: false, members: [place])
    }
    for (group, members) in zip(view.supernodes, groups) where !members.isEmpty {
      let first = graph.nodes[members[0]]
      let label = group.label.isEmpty ? view.label(of: first) ?? first.label : group.label
      add(key: group.key, label: label, isSupernode: true, members: members)
    }
  }

  private mutating func add(key: String, label: String, isSupernode: Bool, members: [Int]) {
    for member in members { boxOf[member] = boxes.count }
    boxes.append(
      .init(
        key: key, label: label, isSupernode: isSupernode, members: members, inputs: .init(), influence: 0,
        cohesion: nil))
  }
}

/// What enters the boxes from outside, and from where.
struct SubgraphFlow {
  private(set) var inputs: [Subgraph.Inputs]
  private(set) var edges: [Subgraph.Edge] = []
  private(set) var knownInput = 1.0

  /// What enters one member.
  private struct Member {
    /// From each other box, signed and not, as parts of all that enters.
    var fromBoxes: [Int: (signed: Double, gross: Double)] = [:]
    var inputs = Subgraph.Inputs()
    /// The part of all that enters which comes from outside the box.
    var outside = 0.0
  }

  init(of graph: AttributionGraph, boxOf: [Int?], boxCount: Int, sums: [Double]?) {
    inputs = Array(repeating: .init(), count: boxCount)
    var shares = Array(repeating: [Int: (signed: Double, gross: Double)](), count: boxCount)
    var outside = Array(repeating: 0.0, count: boxCount)
    var (known, all) = (0.0, 0.0)
    for (place, box) in boxOf.enumerated() {
      guard let box else { continue }
      let member = Self.member(place, of: graph, box: box, boxOf: boxOf, sum: sums?[place])
      outside[box] += member.outside
      inputs[box].add(member.inputs)
      if member.outside > 0 {
        all += 1
        known += 1 - member.inputs.unseen
      }
      for (source, share) in member.fromBoxes {
        shares[box][source, default: (0, 0)].signed += share.signed
        shares[box][source, default: (0, 0)].gross += share.gross
      }
    }
    for box in inputs.indices where outside[box] > 0 {
      inputs[box].divide(by: outside[box])
      for (source, share) in shares[box].sorted(by: { $0.key < $1.key }) where share.gross > 0 {
        edges.append(
          .init(
            source: source, target: box, share: share.signed / outside[box],
            grossShare: share.gross / outside[box]))
      }
    }
    if all > 0 { knownInput = known / all }
  }

  /// Dividing by `A[t]` and later by the sum of all `E[t] / A[t]` is the same as the formula of ``Subgraph``, whose
  /// `E[t]` cancels out.
  private static func member(
    _ place: Int, of graph: AttributionGraph, box: Int, boxOf: [Int?], sum: Double?
  ) -> Member {
    var member = Member()
    guard graph.nodes[place].canHaveInputs else { return member }
    let row = graph.effects.rows[place]
    let kept = row.absoluteSum
    let whole = max(sum ?? 0, kept)
    if graph.effects.isSkipped[place] || whole == .infinity {
      (member.inputs.unseen, member.outside) = (1, 1)
      return member
    }
    guard whole > 0, whole.isFinite else { return member }
    for (source, weight) in zip(row.sources, row.weights) {
      let share = Double(weight) / whole
      let source = Int(source)
      if let other = boxOf[source] {
        if other == box { continue }
        member.fromBoxes[other, default: (0, 0)].signed += share
        member.fromBoxes[other, default: (0, 0)].gross += share.magnitude
        member.inputs.shown += share.magnitude
      } else {
        switch graph.nodes[source].node {
        case .feature, .logit: member.inputs.features += share.magnitude
        case .error: member.inputs.errors += share.magnitude
        case .embedding: member.inputs.embeddings += share.magnitude
        }
      }
      member.outside += share.magnitude
    }
    member.inputs.unseen = (whole - kept) / whole
    member.outside += member.inputs.unseen
    return member
  }
}

extension Subgraph.Inputs {
  fileprivate mutating func add(_ other: Self) {
    shown += other.shown
    features += other.features
    errors += other.errors
    embeddings += other.embeddings
    unseen += other.unseen
  }

  fileprivate mutating func divide(by whole: Double) {
    shown /= whole
    features /= whole
    errors /= whole
    embeddings /= whole
    unseen /= whole
  }
}

/// How much of a graph is in boxes.
enum SubgraphExtent {
  static func extent(
    of graph: AttributionGraph, boxOf: [Int?], influence: [Double]
  ) -> Subgraph.Extent {
    var extent = Subgraph.Extent()
    for (place, node) in graph.nodes.enumerated() {
      let shown = boxOf[place] == nil ? 0 : 1
      switch node.node {
      case .feature:
        extent.features += 1
        extent.shownFeatures += shown
      case .error:
        extent.errors += 1
        extent.shownErrors += shown
      case .logit:
        extent.logits += 1
        extent.shownLogits += shown
      case .embedding: break
      }
    }
    let scores = graph.edgeScores(influence: influence)
    var (all, between) = (0.0, 0.0)
    for (target, row) in graph.effects.rows.enumerated() {
      for edge in row.sources.indices where row.weights[edge] != 0 {
        extent.edges += 1
        all += scores[target][edge]
        guard let box = boxOf[target], let other = boxOf[Int(row.sources[edge])], other != box else {
          continue
        }
        extent.shownEdges += 1
        between += scores[target][edge]
      }
    }
    extent.edgeInfluence = part(between, of: all)
    return extent
  }
}
