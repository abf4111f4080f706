/// How a prompt reaches its answer: nodes, and the direct effects among them.
///
/// Ameisen et al. 2025, "Circuit Tracing: Revealing Computational Graphs in Language Models".
public struct AttributionGraph: Sendable {
  /// What the graph is of, and how it was made.
  public var metadata: GraphMetadata
  /// The vertices; a vertex's place here is its row and column in ``effects``.
  public var nodes: [GraphNode]
  /// The edges.
  public var effects: DirectEffects
  /// What influence flows from: the weight `w` of each target of the trace, `[node]`, zero elsewhere. For
  /// a single answer it is its probability, for a difference of two the sum of theirs.
  public var rootWeights: [Double]
  /// The greatest root weight that a file may state: sums over the nodes of any file stay far below infinity.
  public static let greatestRootWeight = 1e30
  /// What a reader chose to look at: pinned nodes, groups, labels.
  public var savedView: SavedView
  /// What a file says about single edges beyond their weights.
  public var edgeExtras: [Edge: JSONObject]
  /// What a file says beyond the keys that Clew knows.
  public var extra: JSONObject

  /// Names an edge by the places of its ends.
  public struct Edge: Hashable, Sendable {
    /// The place of the node that the edge enters.
    public var target: Int
    /// The place of the node that the edge leaves.
    public var source: Int

    public init(target: Int, source: Int) {
      self.target = target
      self.source = source
    }
  }

  public init(
    metadata: GraphMetadata, nodes: [GraphNode], effects: DirectEffects, rootWeights: [Double],
    savedView: SavedView = SavedView(), edgeExtras: [Edge: JSONObject] = [:], extra: JSONObject = [:]
  ) {
    precondition(
      nodes.count == effects.nodeCount && nodes.count == rootWeights.count,
      "\(nodes.count) nodes, \(effects.nodeCount) rows, \(rootWeights.count) root weights")
    self.metadata = metadata
    self.nodes = nodes
    self.effects = effects
    self.rootWeights = rootWeights
    self.savedView = savedView
    self.edgeExtras = edgeExtras
    self.extra = extra
  }
}
