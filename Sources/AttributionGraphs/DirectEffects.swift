/// The direct effects of source nodes on target nodes: the adjacency matrix `A[target, source]`, by rows.
///
/// A row is kept as its sources and their weights; rows that read the same sources share one list. A target
/// without a row is either a leaf (errors and embeddings have no inputs) or was skipped, see ``isSkipped``.
public struct DirectEffects: Sendable {
  /// The inputs of one target.
  public struct Row: Sendable {
    /// Places of the sources, ascending, each at most once.
    public var sources: [Int32]
    /// The weight of the edge from each source, in units of the target's preactivation or logit.
    public var weights: [Float]

    public init(sources: [Int32] = [], weights: [Float] = []) {
      precondition(sources.count == weights.count, "\(sources.count) sources, \(weights.count) weights")
      self.sources = sources
      self.weights = weights
    }

    /// The row without the entries that are no edges: those of weight zero.
    public var withoutZeros: Row {
      guard weights.contains(0) else { return self }
      let kept = weights.indices.filter { weights[$0] != 0 }
      return Row(sources: kept.map { sources[$0] }, weights: kept.map { weights[$0] })
    }
  }

  /// One row a target, `[target]`; empty where nothing is known to enter.
  public var rows: [Row]
  /// Whether a target has inputs that were not computed, `[target]`.
  public var isSkipped: [Bool]

  /// No effects among `nodeCount` nodes.
  public init(nodeCount: Int) {
    rows = Array(repeating: Row(), count: nodeCount)
    isSkipped = Array(repeating: false, count: nodeCount)
  }

  /// `N`, the side of the matrix.
  public var nodeCount: Int { rows.count }
  /// How many edges there are, as every count of Clew has it: a weight of zero is no edge, stored or not.
  public var edgeCount: Int {
    rows.reduce(0) { total, row in total + row.weights.reduce(0) { $0 + ($1 != 0 ? 1 : 0) } }
  }
}
