/// The small graph of the nodes that a reader pinned, each group of them as one box.
///
/// A box reads from what lies outside it. With `A` the direct effects, `S` a box, `t` its members and `A[t]` all
/// that enters a member, the part of that from outside is `E[t]`, and an edge is worth
/// ```
/// A[t] = Σ_s |A[t, s]|,   E[t] = Σ_{s ∉ S} |A[t, s]|
/// m[t] = (E[t] / A[t]) / Σ_{t' ∈ S} E[t'] / A[t']
/// share(S' → S) = Σ_{t ∈ S} m[t] · Σ_{s ∈ S'} A[t, s] / E[t]
/// ```
/// as in the public viewers. Effects within a box are dropped. Two boxes may read from each other, since a group
/// has members in several layers: the small graph may have cycles although the large one has none.
///
/// Lindsey et al. 2025, "On the Biology of a Large Language Model".
public struct Subgraph: Sendable {
  /// A pinned node, or a group of them.
  public struct Box: Sendable {
    /// The id of the node, or the key of the group; places in a view have the same keys.
    public var key: String
    /// The reader's name for it, or else the node's label.
    public var label: String
    /// Whether it is a group.
    public var isSupernode: Bool
    /// The places of its nodes in the graph, ascending.
    public var members: [Int]
    /// Where its input comes from.
    public var inputs: Inputs
    /// The influence of its members on the answer, as a part of the influence of all features and errors.
    public var influence: Double
    /// The share of the answer that passes through at least one of its members; see
    /// ``AttributionGraph/answerShares(influence:)``.
    public var answerShare: Double = 0
    /// How alike the members of a group are in what they read and in what reads them, from -1 to 1: the mean cosine,
    /// over all pairs, of their shares of inputs and outputs outside the group. `nil` for fewer than two members.
    public var cohesion: Double?
  }

  /// Where the input of a box from outside comes from, as parts of 1; all 0 where nothing enters.
  public struct Inputs: Sendable, Equatable {
    /// From other boxes.
    public var shown: Double
    /// From features, errors and embeddings that are no box.
    public var features: Double
    public var errors: Double
    public var embeddings: Double
    /// From what was pruned away or never computed.
    public var unseen: Double

    public init(
      shown: Double = 0, features: Double = 0, errors: Double = 0, embeddings: Double = 0, unseen: Double = 0
    ) {
      self.shown = shown
      self.features = features
      self.errors = errors
      self.embeddings = embeddings
      self.unseen = unseen
    }
  }

  /// The effect of one box on another.
  public struct Edge: Sendable, Hashable {
    /// Places in ``Subgraph/boxes``.
    public var source: Int
    public var target: Int
    /// What the source gives of all that enters the target from outside, with its sign.
    public var share: Double
    /// The same with all signs taken away first: what exceeds `|share|` cancels out.
    public var grossShare: Double

    public init(source: Int, target: Int, share: Double, grossShare: Double) {
      self.source = source
      self.target = target
      self.share = share
      self.grossShare = grossShare
    }
  }

  /// How much of the graph the boxes are.
  public struct Extent: Sendable, Equatable {
    /// How many features there are, and how many are in boxes.
    public var features = 0
    public var shownFeatures = 0
    public var errors = 0
    public var shownErrors = 0
    public var logits = 0
    public var shownLogits = 0
    public var edges = 0
    /// Edges of the graph from one box to another.
    public var shownEdges = 0
    /// Of the influence of all features and errors, the part of those in boxes.
    public var influence = 0.0
    /// Of what flows along all edges to the answer, the part that flows from one box to another.
    public var edgeInfluence = 0.0
  }

  /// Single nodes in the order of the graph, then groups in the order of the view.
  public let boxes: [Box]
  /// The effects among boxes, by target, then source.
  public let edges: [Edge]
  /// How much of the graph the boxes are.
  public let extent: Extent
  /// The scores that the graph had if the transcoders had only the pinned features: what the other features do is
  /// then error. Groups make no difference.
  public let scores: GraphScores
  /// The ids that the view names and the graph lacks, sorted.
  public let missingIDs: [String]
  /// The part of what enters the boxes' members that the graph still knows; 1 where nothing was pruned, or where
  /// it isn't known how much.
  public let knownInput: Double

  /// Cuts out what a view has pinned.
  /// - Parameters:
  ///   - view: Its pins and groups; members of a group that are not pinned are left out, and a node in two groups is
  ///     in the first.
  ///   - graph: The graph, whole or pruned.
  ///   - inputSums: All that entered each node before the graph was pruned, `Σ_s |A[t, s]|`, `[node]`, see
  ///     ``AttributionGraph/inputSums(in:)``. When `nil`, shares are of what the graph still has.
  public init(of graph: AttributionGraph, view: SavedView, inputSums: [Double]? = nil) {
    precondition(
      inputSums.map { $0.count == graph.nodes.count } ?? true,
      "\(inputSums?.count ?? 0) sums for \(graph.nodes.count) nodes")
    let grouping = SubgraphGrouping(of: graph, view: view)
    let influence = graph.influence()
    let flow = SubgraphFlow(of: graph, boxOf: grouping.boxOf, boxCount: grouping.boxes.count, sums: inputSums)
    let cohesion = SubgraphCohesion(of: graph, boxOf: grouping.boxOf)
    var extent = SubgraphExtent.extent(of: graph, boxOf: grouping.boxOf, influence: influence)
    let inner = graph.nodes.indices.filter { !graph.nodes[$0].node.isEmbeddingOrLogit }
    let total = inner.reduce(0) { $0 + influence[$1] }
    let shares = graph.answerShares(
      ofGroups: grouping.boxes.map(\.members), shares: graph.answerShares(influence: influence))
    boxes = grouping.boxes.enumerated().map { place, box in
      var box = box
      box.answerShare = shares[place]
      box.inputs = flow.inputs[place]
      box.cohesion = cohesion.of(box)
      box.influence = part(
        box.members.reduce(0) { graph.nodes[$1].node.isEmbeddingOrLogit ? $0 : $0 + influence[$1] },
        of: total)
      return box
    }
    extent.influence = boxes.reduce(0) { $0 + $1.influence }
    self.extent = extent
    edges = flow.edges
    knownInput = flow.knownInput
    missingIDs = view.missingIDs(in: graph)
    let isKept = graph.nodes.indices.map { grouping.boxOf[$0] != nil || graph.rootWeights[$0] > 0 }
    scores = graph.mergingFeaturesIntoErrors(except: isKept).scores()
  }
}

extension AttributionGraph {
  /// All that enters each node of a graph, as it was before that was pruned.
  /// - Parameter pruned: A graph cut from this one; its nodes have the same ids.
  /// - Returns: `Σ_s |A[t, s]|` here for each node there, `[node]`; infinite where the row was skipped, and 0 for
  ///   nodes that this graph lacks.
  public func inputSums(in pruned: AttributionGraph) -> [Double] {
    var sums: [ExactText: Double] = [:]
    for place in nodes.indices {
      sums[ExactText(nodes[place].id)] =
        effects.isSkipped[place] ? .infinity : effects.rows[place].absoluteSum
    }
    return pruned.nodes.map { sums[ExactText($0.id)] ?? 0 }
  }

  /// The graph that there were if the transcoders had only some of the features.
  ///
  /// What a feature writes is then part of the error of its layer and position, so its effects are added to that
  /// error's, sign by sign.
  /// - Parameter isKept: Which features stay, `[node]`; other nodes stay in any case.
  func mergingFeaturesIntoErrors(except isKept: [Bool]) -> AttributionGraph {
    var merged = AttributionGraph(
      metadata: metadata, nodes: [], effects: DirectEffects(nodeCount: 0), rootWeights: [])
    var placeOf = Array(repeating: -1, count: nodes.count)
    var errorAt: [Node: Int] = [:]
    func add(_ node: GraphNode, _ weight: Double) -> Int {
      merged.nodes.append(node)
      merged.rootWeights.append(weight)
      return merged.nodes.count - 1
    }
    for place in nodes.indices {
      if case .feature = nodes[place].node, !isKept[place] { continue }
      placeOf[place] = add(nodes[place], rootWeights[place])
      if case .error = nodes[place].node { errorAt[nodes[place].node] = placeOf[place] }
    }
    for place in nodes.indices {
      guard case .feature(let layer, _, let position) = nodes[place].node, placeOf[place] < 0 else {
        continue
      }
      let error = Node.error(layer: layer, position: position)
      placeOf[place] = errorAt[error] ?? add(GraphNode(node: error, id: "error \(layer) \(position)"), 0)
      errorAt[error] = placeOf[place]
    }
    merged.effects = DirectEffects(nodeCount: merged.nodes.count)
    for place in nodes.indices where merged.nodes[placeOf[place]].node == nodes[place].node {
      var weights: [Int32: Double] = [:]
      let row = effects.rows[place]
      for (source, weight) in zip(row.sources, row.weights) {
        weights[Int32(placeOf[Int(source)]), default: 0] += Double(weight)
      }
      let sources = weights.keys.sorted()
      merged.effects.rows[placeOf[place]] = .init(
        sources: sources, weights: sources.map { Float(weights[$0] ?? 0) })
      merged.effects.isSkipped[placeOf[place]] = effects.isSkipped[place]
    }
    return merged
  }
}
