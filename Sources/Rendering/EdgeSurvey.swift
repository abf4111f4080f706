internal import AttributionGraphs

/// All edges of a graph, weighed: which could be drawn, and what cannot be.
struct EdgeSurvey {
  /// Edges between candidates, the highest score first.
  let drawable: [FigureContent.Edge]
  /// How many edges the graph has, and their scores together.
  let edgeCount: Int
  let scoreSum: Double
  /// Weights that are not numbers.
  let unreadableCount: Int
  /// Edges between candidates that do not lead to a higher layer.
  let notUpwardCount: Int

  init(of graph: AttributionGraph, importance: NodeImportance, among candidates: Set<Int>) {
    var drawable: [FigureContent.Edge] = []
    var (edgeCount, scoreSum, unreadableCount, notUpwardCount) = (0, 0.0, 0, 0)
    for (target, row) in graph.effects.rows.enumerated() {
      let sum = NodeImportance.inputSum(row)
      let isCandidate = candidates.contains(target)
      let level = graph.nodes[target].node.level
      for (source, weight) in zip(row.sources, row.weights) where weight != 0 {
        guard weight.isFinite else {
          unreadableCount += 1
          continue
        }
        let share = Double(weight.magnitude) / sum
        let edge = FigureContent.Edge(
          source: Int(source), target: target, weight: weight, share: share,
          score: share * importance.values[target])
        edgeCount += 1
        scoreSum += edge.score
        guard isCandidate, candidates.contains(edge.source) else { continue }
        if graph.nodes[edge.source].node.level < level {
          drawable.append(edge)
        } else {
          notUpwardCount += 1
        }
      }
    }
    self.drawable = drawable.sorted { $0.sortKey < $1.sortKey }
    (self.edgeCount, self.scoreSum) = (edgeCount, scoreSum)
    (self.unreadableCount, self.notUpwardCount) = (unreadableCount, notUpwardCount)
  }

  /// The edges of highest score, after each node's strongest way in and out: without those, a node of little
  /// influence would hang in the air.
  ///
  /// - Returns: At most `budget` edges, the weakest share first, so that strong ones are drawn over weak ones.
  func selected(budget: Int, nodes: [GraphNode]) -> [FigureContent.Edge] {
    var hasInput: Set<Int> = []
    var hasOutput: Set<Int> = []
    var first: [FigureContent.Edge] = []
    var others: [FigureContent.Edge] = []
    for edge in drawable {
      let opensInput = hasInput.insert(edge.target).inserted
      let opensOutput = hasOutput.insert(edge.source).inserted && nodes[edge.source].node.level != .min
      if opensInput || opensOutput { first.append(edge) } else { others.append(edge) }
    }
    return (first + others).prefix(budget).sorted {
      ($0.share, $0.target, $0.source) < ($1.share, $1.target, $1.source)
    }
  }
}

extension FigureContent.Edge {
  /// High scores first, then high shares, then by place.
  fileprivate var sortKey: (Double, Double, Int, Int) { (-score, -share, target, source) }
}
