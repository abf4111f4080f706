internal import AttributionGraphs

/// What a figure shows of a graph: which nodes and which edges.
struct FigureContent {
  /// An edge that may be drawn.
  struct Edge: Hashable {
    /// Places in the graph.
    var source: Int
    var target: Int
    var weight: Float
    /// The weight's magnitude among all that enters the target, from 0 to 1.
    var share: Double
    /// The target's importance times ``share``.
    var score: Double
  }

  /// What a box of a small graph says.
  struct BoxCaption {
    var glyph: Glyph
    var label: String
    /// A line below the label, which is never cut.
    var detail: String?

    /// How a line begins that states an activation.
    static let activationMark = "a = "
  }

  /// The graph's nodes, or for a small graph what stands for each box.
  let graphNodes: [GraphNode]
  /// The prompt's tokens, `[position]`.
  let tokens: [String]
  /// Places of the drawn nodes, the most important first.
  let nodes: [Int]
  /// The drawn edges, the weakest share first.
  let edges: [Edge]
  /// What is left out.
  let omissions: Omissions
  /// Positions whose columns are not drawn.
  let hiddenPositions: Set<Int>
  /// What the boxes of a small graph say, by place; empty for a graph as a whole.
  let captions: [Int: BoxCaption]
  /// What the edges were chosen from, if there were more.
  private let survey: EdgeSurvey?
  /// How many edges the style asks for.
  private let edgeBudget: Int?

  init(of graph: AttributionGraph, style: FigureStyle, importance: NodeImportance) {
    let hiddenPositions: Set<Int> = style.hidesFirstToken ? [0] : []
    let candidates = Self.candidates(
      of: graph, style: style, importance: importance, hiddenPositions: hiddenPositions)
    let survey = EdgeSurvey(of: graph, importance: importance, among: Set(candidates))
    edgeBudget = style.edgeBudget.map { max($0, 0) }
    let edges = survey.selected(budget: edgeBudget ?? 3 * candidates.count, nodes: graph.nodes)
    let used = Set(edges.flatMap { [$0.source, $0.target] })
    let nodes = candidates.filter { place in
      if case .embedding = graph.nodes[place].node { used.contains(place) } else { true }
    }
    omissions = Omissions(of: graph, nodes: nodes, edges: edges, survey: survey, style: style)
    self.graphNodes = graph.nodes
    self.tokens = graph.metadata.promptTokens
    self.nodes = nodes
    self.edges = edges
    self.hiddenPositions = hiddenPositions
    self.survey = survey
    captions = [:]
  }

  /// The content of a small graph, all of whose boxes are drawn.
  init(
    boxes: [GraphNode], captions: [Int: BoxCaption], tokens: [String], order: [Int], edges: [Edge],
    omissions: Omissions
  ) {
    graphNodes = boxes
    self.captions = captions
    self.tokens = tokens
    nodes = order
    self.edges = edges
    self.omissions = omissions
    hiddenPositions = []
    (survey, edgeBudget) = (nil, nil)
  }

  /// The edges of a figure in which not every node has found a place: as many, but among those that have.
  func edges(among placed: Set<Int>) -> [Edge] {
    if nodes.allSatisfy(placed.contains) { return edges }
    guard let survey else { return edges.filter { placed.contains($0.source) && placed.contains($0.target) } }
    return survey.selected(budget: edgeBudget ?? 3 * placed.count, nodes: graphNodes, among: placed)
  }

  /// The most influential features and errors, the most probable outputs and all embeddings, in order of
  /// importance, then by id.
  private static func candidates(
    of graph: AttributionGraph, style: FigureStyle, importance: NodeImportance, hiddenPositions: Set<Int>
  ) -> [Int] {
    var inner: [Int] = []
    var logits: [Int] = []
    var embeddings: [Int] = []
    for (place, node) in graph.nodes.enumerated() {
      switch node.node {
      case .logit: logits.append(place)
      case _ where hiddenPositions.contains(node.node.position): break
      case .error where style.hidesErrors: break
      case .feature, .error: inner.append(place)
      case .embedding: embeddings.append(place)
      }
    }
    let byImportance = { (places: [Int], value: (Int) -> Double) in
      places.sorted {
        (-value($0), graph.nodes[$0].id, $0) < (-value($1), graph.nodes[$1].id, $1)
      }
    }
    let probability = { (place: Int) in
      graph.nodes[place].probability.flatMap { $0.isFinite ? $0 : nil } ?? importance.values[place]
    }
    logits = Array(byImportance(logits, probability).prefix(max(style.maximumLogits ?? .max, 0)))
    let inOrder = byImportance(inner, { importance.values[$0] })
    inner = Array(inOrder.prefix(max(style.maximumNodes ?? .max, 0)))
    return logits + byImportance(inner + embeddings, { importance.values[$0] })
  }
}

extension Node {
  /// Where a node stands from bottom to top: below all layers, in its layer, or above them all.
  var level: Int {
    switch self {
    case .embedding: .min
    case .feature(let layer, _, _), .error(let layer, _): layer
    case .logit: .max
    }
  }
}
