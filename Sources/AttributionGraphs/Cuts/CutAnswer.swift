/// A small set of nodes whose removal lowers an answer as far as asked, as the graph predicts.
///
/// A prediction is linear: attention, norm scales and which features are active stay as they were recorded. A feature
/// that would fall below its threshold, or rise above it, makes the model itself do something else.
public struct CutAnswer: Sendable, Equatable {
  /// How the set was found.
  public enum Method: Sendable, Equatable {
    /// One after the other, each time what lowers the answer most, then without what the rest made needless. Another
    /// set may be smaller; see ``CutAnswer/leastCount``.
    case greedy
    /// By trying all sets, because the greedy one was not the smallest.
    case exhaustive
  }

  /// A node or a group that is taken away, after those before it.
  public struct Step: Sendable, Equatable {
    /// Places of the nodes taken away together: one, or the members of a group.
    public let places: [Int]
    /// The place of the group in ``CutQuestion/groups``; `nil` for a node by itself.
    public let group: Int?
    /// The part of the answer's value that is gone after this step, all steps so far counted jointly.
    public let lowered: Double
    /// The part that would be gone if this step alone were made.
    public let loweredAlone: Double
  }

  /// What the nodes of the graph add to the answer: the sum of its inputs, in its units (root weights times logits where
  /// all roots are asked about). What no node stands for, biases above all, is not in it.
  public let value: Double
  /// The part of the value that was to go.
  public let part: Double
  /// What is taken away, in the order in which it lowers the answer most.
  public let steps: [Step]
  /// Whether the part asked for is gone after the last step.
  public let isReached: Bool
  /// How the set was found.
  public let method: Method
  /// No set with fewer nodes and groups than this goes as far: all were tried. Equal to the number of steps where the set
  /// is one of the smallest; 1 if nothing could be tried.
  public let leastCount: Int
  /// How many nodes and groups there were to choose from: those with a way to the answer.
  public let candidateCount: Int
  /// The part that would be gone if all of them were taken away.
  public let loweredByAll: Double
  /// How many features on the way to the answer have inputs that cannot be followed, because their row was skipped or
  /// their activation is not stated. Their removal counts, but not that of what lies below them.
  public let unfollowedCount: Int
  /// How many features the prediction takes below 0 when all steps are made. They would stop at 0, or at their threshold,
  /// so the more there are, the less the prediction is worth.
  public let belowZeroCount: Int
  /// How many nodes were left out because they lie on a cycle or below one; 0 in a traced graph.
  public let cyclicNodeCount: Int

  /// Whether no smaller set goes as far.
  public var isSmallest: Bool { isReached && leastCount == steps.count }
}
