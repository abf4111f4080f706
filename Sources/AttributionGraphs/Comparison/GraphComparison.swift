/// What two graphs have in common and where they differ, node by node and edge by edge.
public struct GraphComparison: Sendable, Equatable {
  /// What became of a node or an edge from the first graph to the second.
  public enum Change: String, Sendable {
    /// Only the second graph has it.
    case added
    /// Only the first graph has it.
    case gone
    /// Both have it, with other values.
    case changed
    /// Both have it, with the same values as far as asked.
    case same
  }

  /// A value in either graph.
  public struct Pair: Sendable, Equatable {
    /// In the first graph; `nil` if it has none.
    public let first: Double?
    /// In the second graph; `nil` if it has none.
    public let second: Double?

    public init(first: Double?, second: Double?) {
      self.first = first
      self.second = second
    }

    /// By how much the second is greater; a value that is not there counts as 0.
    public var difference: Double { (second ?? 0) - (first ?? 0) }
    /// The mean of both, for an overlay; a value that is not there counts as 0.
    public var mean: Double { ((first ?? 0) + (second ?? 0)) / 2 }
    /// From −1, only in the first graph, over 0, equal in both, to 1, only in the second; 0 if both are 0. For values of
    /// at least 0.
    public var balance: Double { mean > 0 ? difference / (2 * mean) : 0 }
  }

  /// A node of either graph, or one of each that stand for the same.
  public struct NodeChange: Sendable, Equatable {
    /// Its place in the first graph.
    public let first: Int?
    /// Its place in the second graph.
    public let second: Int?
    /// The place of its position in ``PositionAlignment/columns``.
    public let column: Int
    /// What became of it.
    public let change: Change
    /// The share of the answer that passes through it.
    public let answerShare: Pair
    /// Its activation, of features.
    public let activation: Pair
    /// Its probability as next token, of logits.
    public let probability: Pair
    /// Whether it is an embedding whose token is another.
    public let isOtherToken: Bool
  }

  /// An edge between nodes that both graphs have.
  public struct EdgeChange: Sendable, Equatable {
    /// The place of its source in ``GraphComparison/nodes``.
    public let source: Int
    /// The place of its target in ``GraphComparison/nodes``.
    public let target: Int
    /// What became of it; never ``Change/same``.
    public let change: Change
    /// Its part of what enters its target, signed.
    public let share: Pair
    /// The change of the share times the mean part of the flow that passes the target: how much it matters.
    public let importance: Double
  }

  /// How many there are of each, and how much is shared.
  public struct Summary: Sendable, Equatable {
    /// How many nodes were added, are gone, changed and stayed.
    public let nodes: [Change: Int]
    /// How many of the edges between nodes of both graphs were added, are gone and changed.
    public let edges: [Change: Int]
    /// The part of the influence that lies on nodes which both graphs have.
    public let sharedInfluence: Pair
  }

  /// Which positions stand for each other. Of the ways to pair them the one that pairs most influence.
  public let alignment: PositionAlignment
  /// Whether the features are those of the same transcoders. If they are not, no feature is taken for another, unless the
  /// question insists.
  public let transcoders: TranscoderMatch
  /// Whether features were paired.
  public let comparesFeatures: Bool
  /// Every node of both graphs: those of the first in its order, then the added ones in the order of the second.
  public let nodes: [NodeChange]
  /// The edges that changed, the most important first.
  public let edges: [EdgeChange]
  /// How many there are of each.
  public let summary: Summary

  /// Whether nothing was added, is gone or changed.
  public var isUnchanged: Bool { edges.isEmpty && nodes.allSatisfy { $0.change == .same } }
}

extension GraphComparison: CustomStringConvertible {
  /// What changed, in plain sentences.
  public var description: String {
    func count(_ change: Change, _ counts: [Change: Int]) -> Int { counts[change] ?? 0 }
    var sentences: [String] = []
    if case .different(let key, let first, let second) = transcoders {
      sentences.append(
        "The graphs are of different transcoders ('\(key)' is '\(first)' and '\(second)'), so "
          + (comparesFeatures
            ? "features of one number need not be the same; they were compared as asked."
            : "their features were not compared."))
    }
    switch alignment.rule {
    case .fromEnd: sentences.append("Positions are paired from the end of the prompts.")
    case .byTokens: sentences.append("Positions are paired along the tokens that both prompts have.")
    case .fromStart: sentences.append("Positions are paired from the start of the prompts.")
    }
    sentences.append(
      "Of the nodes \(count(.same, summary.nodes)) stayed, \(count(.changed, summary.nodes)) changed, "
        + "\(count(.gone, summary.nodes)) are gone and \(count(.added, summary.nodes)) were added; of the edges between "
        + "those of both graphs \(count(.changed, summary.edges)) changed, \(count(.gone, summary.edges)) are gone and "
        + "\(count(.added, summary.edges)) were added.")
    return sentences.joined(separator: " ")
  }
}

/// How closely two graphs are to be compared; ``AttributionGraph/compared(with:_:)`` answers.
public struct ComparisonQuestion: Sendable, Equatable {
  /// How positions are to be paired; `nil` chooses.
  public var rule: PositionAlignment.Rule?
  /// Whether features are paired by layer and index although their transcoders differ.
  public var ignoresTranscoders: Bool
  /// By how much a share of the answer, or a probability, may differ and still count as the same.
  public var influenceTolerance: Double
  /// By which part of the greater an activation may differ.
  public var activationTolerance: Double
  /// By how much an edge's part of its target's input may differ.
  public var shareTolerance: Double

  public init(
    rule: PositionAlignment.Rule? = nil, ignoresTranscoders: Bool = false, influenceTolerance: Double = 0.001,
    activationTolerance: Double = 0.05, shareTolerance: Double = 0.01
  ) {
    self.rule = rule
    self.ignoresTranscoders = ignoresTranscoders
    self.influenceTolerance = influenceTolerance
    self.activationTolerance = activationTolerance
    self.shareTolerance = shareTolerance
  }

  func check() throws(GraphError) {
    for (name, value) in [
      ("tolerance of influence", influenceTolerance), ("tolerance of activations", activationTolerance),
      ("tolerance of input shares", shareTolerance),
    ] {
      guard (0...1).contains(value) else { throw .shareOutOfRange(name: name, value: value) }
    }
  }
}
