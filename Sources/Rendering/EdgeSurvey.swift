internal import AttributionGraphs

/// All edges of a graph, weighed: which could be drawn, and what cannot be.
struct EdgeSurvey {
  /// An edge between candidates, in as few bytes as tell it: a graph may have millions.
  struct Place {
    /// The target's importance times the edge's share.
    let score: Double
    let target: Int32
    /// The place in the target's row.
    let number: Int32
  }

  /// Edges between candidates, the highest score first; ``edge(_:)`` tells the rest.
  let drawable: [Place]
  /// How many edges the graph has, and their scores together.
  let edgeCount: Int
  let scoreSum: Double
  /// Weights that are not numbers.
  let unreadableCount: Int
  /// Edges between candidates that do not lead to a higher layer.
  let notUpwardCount: Int
  private let rows: [DirectEffects.Row]
  /// The absolute weights that enter each target together, `[node]`.
  private let sums: [Double]

  init(of graph: AttributionGraph, importance: NodeImportance, among candidates: Set<Int>) {
    rows = graph.effects.rows
    sums = rows.map(NodeImportance.inputSum)
    let isCandidate = graph.nodes.indices.map(candidates.contains)
    let levels = graph.nodes.map(\.node.level)
    var drawable: [Place] = []
    // Grown by doubling, it would lie in memory twice.
    drawable.reserveCapacity(graph.effects.edgeCount)
    var (edgeCount, scoreSum, unreadableCount, notUpwardCount) = (0, 0.0, 0, 0)
    for (target, row) in rows.enumerated() {
      for (number, weight) in row.weights.enumerated() where weight != 0 {
        guard weight.isFinite else {
          unreadableCount += 1
          continue
        }
        let score = Double(weight.magnitude) / sums[target] * importance.values[target]
        edgeCount += 1
        scoreSum += score
        let source = Int(row.sources[number])
        guard isCandidate[target], isCandidate[source] else { continue }
        if levels[source] < levels[target] {
          drawable.append(Place(score: score, target: Int32(target), number: Int32(number)))
        } else {
          notUpwardCount += 1
        }
      }
    }
    (self.edgeCount, self.scoreSum) = (edgeCount, scoreSum)
    (self.unreadableCount, self.notUpwardCount) = (unreadableCount, notUpwardCount)
    // High scores first, then high shares, then by place: a row's sources ascend.
    let (rows, sums) = (rows, sums)
    func share(_ place: Place) -> Double {
      Double(rows[Int(place.target)].weights[Int(place.number)].magnitude) / sums[Int(place.target)]
    }
    drawable.sort {
      if $0.score != $1.score { return $0.score > $1.score }
      let (first, second) = (share($0), share($1))
      return first != second ? first > second : ($0.target, $0.number) < ($1.target, $1.number)
    }
    self.drawable = drawable
  }

  /// An edge with all that is known of it.
  func edge(_ place: Place) -> FigureContent.Edge {
    let (target, row) = (Int(place.target), rows[Int(place.target)])
    let weight = row.weights[Int(place.number)]
    return FigureContent.Edge(
      source: Int(row.sources[Int(place.number)]), target: target, weight: weight,
      share: Double(weight.magnitude) / sums[target], score: place.score)
  }

  /// The edges of highest score, after each node's strongest way in and out: without those, a node of little
  /// influence would hang in the air.
  ///
  /// - Parameter chosen: The nodes that edges may join, if not all.
  /// - Returns: At most `budget` edges, the weakest share first, so that strong ones are drawn over weak ones.
  func selected(budget: Int, nodes: [GraphNode], among chosen: Set<Int>? = nil) -> [FigureContent.Edge] {
    var hasInput: Set<Int> = []
    var hasOutput: Set<Int> = []
    var first: [FigureContent.Edge] = []
    var others: [FigureContent.Edge] = []
    for place in drawable {
      let edge = edge(place)
      if let chosen, !chosen.contains(edge.source) || !chosen.contains(edge.target) { continue }
      let opensInput = hasInput.insert(edge.target).inserted
      let opensOutput = hasOutput.insert(edge.source).inserted && nodes[edge.source].node.level != .min
      if opensInput || opensOutput {
        first.append(edge)
      } else if others.count < budget {
        others.append(edge)
      }
    }
    return (first + others).prefix(budget).sorted {
      ($0.share, $0.target, $0.source) < ($1.share, $1.target, $1.source)
    }
  }
}
