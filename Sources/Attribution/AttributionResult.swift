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
  /// The part of the influence that was followed to its ends.
  public let coverage: Double
  /// The influence of the features whose rows were skipped, in units of root weight.
  public let missing: Double
  /// Feature rows computed.
  public let rowsComputed: Int
  /// Active features.
  public let rowsPossible: Int
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
