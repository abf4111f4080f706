public import ReplacementModels

/// Sets of nodes to remove, as a predicted cut names them, in plain values.
public struct CutOrder: Codable, Hashable, Sendable {
  /// The ids of each set's nodes. Features are removed; what else stands in a set is told back as left alone.
  public var sets: [[String]]
  /// What is held meanwhile; everything is recomputed if `nil`.
  public var mode: InterventionMode?
  /// How many of the likeliest tokens before and after are told besides the graph's answers; none if `nil`.
  public var candidateCount: Int?

  public init(_ sets: [[String]], mode: InterventionMode = .free) {
    self.sets = sets
    self.mode = mode
  }
}

/// What the removal of one set did to the answers, next to what the graph had predicted.
public struct CutOutcome: Codable, Equatable, Sendable {
  /// The features that were removed.
  public let removed: [FeaturePlace]
  /// The ids of the nodes that cannot be removed: errors, embeddings, answers.
  public let leftAlone: [String]
  /// The graph's answers first, in its order.
  public let answers: [InterventionOutcome.Answer]
}
