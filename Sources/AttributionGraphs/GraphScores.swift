/// How much of a graph's influence is explained: two numbers, with bounds where rows were skipped.
///
/// With `tok`, `err` the influence of all embedding and all error nodes, and `O = Σ_t (I + w)[t]` the flow
/// through all nodes:
/// ```
/// replacement  = tok / (tok + err)
/// completeness = Σ_t (I + w)[t] · (1 − Σ_{s error} N[t, s]) / O = 1 − err / O
/// ```
/// The two forms of completeness are equal, because `Σ_t (I + w)[t] · N[t, s] = I[s]`.
///
/// ## Bounds
///
/// Think of each unit of root weight as walking down the normalised rows. What reaches a target whose row was
/// skipped stops there, each unit once: `missing = Σ I(skipped)`. In the full graph these walks would go on
/// from there. Each visits a node at most once and ends in at most one leaf, so the true values are
/// ```
/// tok' = tok + x,   err' = err + y,   O' = O + z        x, y ≥ 0,   x + y ≤ missing
/// y ≤ z ≤ Σ_{t skipped} I[t] · reach(t)
/// ```
/// where `reach(t)` is the number of feature layers below `t`, plus one for the leaf. Replacement grows with
/// `x` and falls with `y`, so its bounds are `x = missing` and `y = missing`. Completeness is
/// ```
/// 1 − (err + y) / (O + z)
/// ```
/// It is least at `z = y = missing`, since `err ≤ O`, and greatest at `y = 0` with the greatest `z`.
///
/// Ameisen et al. 2025, "Circuit Tracing: Revealing Computational Graphs in Language Models".
public struct GraphScores: Sendable, Equatable {
  /// The share of influence that starts in tokens, as far as it is known to start anywhere; 0 if none is.
  public let replacement: Double
  /// The share of flow whose source is not an error; 0 if nothing flows.
  public let completeness: Double
  /// The influence of the features whose rows were skipped.
  public let missing: Double
  /// Where the replacement score of the graph with all rows lies.
  public let replacementBounds: ClosedRange<Double>
  /// Where the completeness score of the graph with all rows lies.
  public let completenessBounds: ClosedRange<Double>

  /// Scores a graph.
  /// - Parameters:
  ///   - graph: The graph, usually before pruning.
  ///   - influence: Its influence, if it is known already.
  public init(of graph: AttributionGraph, influence: Influence? = nil) {
    let influence = influence ?? Influence(of: graph)
    let reach = Reach(in: graph)
    var tokens = 0.0
    var errors = 0.0
    var flow = 0.0
    var furtherFlow = 0.0
    for (place, vertex) in graph.nodes.enumerated() {
      let through = influence.values[place] + graph.rootWeights[place]
      flow += through
      switch vertex.node {
      case .embedding: tokens += influence.values[place]
      case .error: errors += influence.values[place]
      case .feature, .logit: break
      }
      if graph.effects.isSkipped[place] { furtherFlow += through * Double(reach.below(vertex)) }
    }
    missing = influence.missing
    replacement = part(tokens, of: tokens + errors)
    completeness = flow > 0 ? 1 - part(errors, of: flow) : 0
    guard missing > 0 else {
      replacementBounds = Self.bounds(replacement, replacement)
      completenessBounds = Self.bounds(completeness, completeness)
      return
    }
    let whole = tokens + errors + missing
    replacementBounds = Self.bounds(tokens / whole, (tokens + missing) / whole)
    completenessBounds = Self.bounds(
      1 - (errors + missing) / (flow + missing), 1 - errors / (flow + furtherFlow))
  }

  /// A range of two numbers that rounding may have put in the wrong order; of no numbers, all that a score
  /// can be.
  private static func bounds(_ lower: Double, _ upper: Double) -> ClosedRange<Double> {
    guard lower.isFinite, upper.isFinite else { return 0...1 }
    return min(lower, upper)...max(lower, upper)
  }
}

/// How many nodes a walk can visit below a node: one feature for each lower layer, then a leaf.
private struct Reach {
  private let levels: [Int]

  init(in graph: AttributionGraph) {
    var levels: Set<Int> = []
    for vertex in graph.nodes {
      if case .feature = vertex.node { levels.insert(vertex.level) }
    }
    self.levels = levels.sorted()
  }

  func below(_ vertex: GraphNode) -> Int {
    (levels.firstIndex { $0 >= vertex.level } ?? levels.count) + 1
  }
}

extension AttributionGraph {
  /// The replacement and the completeness score, with bounds where rows were skipped.
  public func scores() -> GraphScores { GraphScores(of: self) }
}
