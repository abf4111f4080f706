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
  /// logit nodes it is their probability.
  public var rootWeights: [Double]

  public init(
    metadata: GraphMetadata, nodes: [GraphNode], effects: DirectEffects, rootWeights: [Double]
  ) {
    precondition(
      nodes.count == effects.nodeCount && nodes.count == rootWeights.count,
      "\(nodes.count) nodes, \(effects.nodeCount) rows, \(rootWeights.count) root weights")
    self.metadata = metadata
    self.nodes = nodes
    self.effects = effects
    self.rootWeights = rootWeights
  }
}

/// What a graph is of, in the words of the public viewers' `metadata` object.
public struct GraphMetadata: Sendable {
  /// The graph's name, a file name without its ending: letters, digits, `_`, `.` and `-`.
  public var slug: String
  /// Which model and transcoders: a name that viewers look features up by.
  public var scan: String
  /// The prompt as text, BOS included.
  public var prompt: String
  /// The prompt's tokens as text, `[position]`.
  public var promptTokens: [String]

  public init(slug: String, scan: String, prompt: String, promptTokens: [String]) {
    self.slug = slug
    self.scan = scan
    self.prompt = prompt
    self.promptTokens = promptTokens
  }
}
