public import AttributionGraphs
public import ReplacementModels

/// A traced prompt: the graph, and how far it can be trusted.
public struct AttributionResult: Sendable {
  /// Every node, and every row that was computed.
  public var graph: AttributionGraph
  /// The order of its nodes.
  public let layout: NodeLayout
  /// The model of the prompt.
  public let model: LocalReplacementModel
  /// The logit nodes.
  public let logits: [LogitTarget]
  /// Which tokens were taken for words among the targets that several spell.
  public var choices: [ResolvedChoice] = []
  /// The part of the influence that was followed to its ends.
  public let coverage: Double
  /// The influence of the features whose rows were skipped, in units of root weight.
  public let missing: Double
  /// Feature rows computed.
  public let rowsComputed: Int
  /// Active features.
  public let rowsPossible: Int
  /// What each computed row needs beside its weights to sum to its target's value, `[node]`; zeros where there is no row.
  public let rowConstants: [RowConstants]
  /// The largest difference between a target's value and the sum of its row, its constants and its bias, relative to
  /// the larger of 1 and that value: what rounding does to the identity of METHOD section 4.
  public let largestIdentityGap: Double
  /// What was kept in memory, and what was left for batches.
  public let memory: MemoryPlan
  /// The fewest and the most targets of a batch.
  public let batchSizes: ClosedRange<Int>
  /// Seconds by phase, in order.
  public var phases: [PhaseClock.Phase]
  /// Floating-point operations of the pullbacks' matrix products.
  public let operations: Double
}

/// What stands beside the weights of a row, so that the row can be tested by itself:
/// ```
/// Σ_s A[t, s] + β + b[t] = z[t]
/// ```
public struct RowConstants: Sendable, Equatable {
  /// `β`: what everything constant contributes: biases, learned positions, MLPs at positions without features.
  public var constant: Float = 0
  /// `b`, the target's own bias.
  public var bias: Float = 0
  /// `z`, the target's value in the recorded run: a feature's preactivation, a logit less the mean of all logits.
  public var value: Float = 0

  public init(constant: Float = 0, bias: Float = 0, value: Float = 0) {
    (self.constant, self.bias, self.value) = (constant, bias, value)
  }
}

/// How far a trace has come.
public struct AttributionProgress: Sendable {
  /// What is being done.
  public let phase: String
  /// The part of the work that is done, 0 to 1.
  public let fraction: Double

  public init(phase: String, fraction: Double) {
    self.phase = phase
    self.fraction = fraction
  }
}
