public import ReplacementModels

/// What to change in a traced prompt, in plain values, as a page or a script asks for it.
///
/// Only ``changes`` need be there in JSON.
public struct InterventionOrder: Codable, Hashable, Sendable {
  /// What is changed. Features that stand in none are free to answer.
  public var changes: [FeatureChange]
  /// What is held meanwhile; everything is recomputed if `nil`.
  public var mode: InterventionMode?
  /// How many of the likeliest tokens before and after are told besides the graph's answers; 5 if `nil`.
  public var candidateCount: Int?
  /// Whether only features of the pruned graph are told, or all active ones; the former if `nil`.
  public var shownFeaturesOnly: Bool?
  /// How many of the worst predictions are named; 10 if `nil`.
  public var worstCount: Int?
  /// How many tokens the text is continued by, with and without the changes; none if `nil`.
  public var continuation: Int?
  /// Zero, or `nil`, continues with the likeliest tokens.
  public var temperature: Double?
  /// Where the random numbers of the continuation start.
  public var seed: UInt64?

  public init(_ changes: [FeatureChange], mode: InterventionMode = .free) {
    self.changes = changes
    self.mode = mode
  }
}

/// What changes did to a prompt, next to what its graph had predicted.
public struct InterventionOutcome: Codable, Equatable, Sendable {
  /// A feature that was given a value.
  public struct Edit: Codable, Equatable, Sendable {
    public let place: FeaturePlace
    /// The recorded activation.
    public let before: Float
    /// The activation that it was given, whatever else changed.
    public let value: Float
    /// Whether the prompt activates it. Otherwise the graph does not have it, and a frozen run stands in for its edges.
    public let wasActive: Bool
    /// Whether the mode lets it write anywhere.
    public let isWritten: Bool
  }

  /// A candidate next token, or the difference of two.
  public struct Answer: Codable, Equatable, Sendable {
    /// Its node in the graph; `nil` for a token that is none.
    public let nodeID: String?
    /// `nil` for a difference.
    public let token: Int?
    public let text: String
    /// The logit less the mean of all logits, which is what graphs attribute.
    public let logitBefore: Double
    public let logitAfter: Double
    /// `nil` for a difference, which has none.
    public let probabilityBefore: Double?
    public let probabilityAfter: Double?
    /// The change of the logit.
    public let measured: Double
    /// The change of the logit that the graph predicts; of a token that is no node, what the changed features do to it
    /// directly.
    public let predicted: Double?
    /// The probability if the logits of all tokens change as predicted; `nil` for a difference.
    public let predictedProbability: Double?
    /// The change of the log-probability, in nats; of a difference, the first token's less the second's. What moves all
    /// logits alike counts for nothing here.
    public let logProbabilityMeasured: Double
    public let logProbabilityPredicted: Double
  }

  /// A feature downstream of a change.
  public struct Feature: Codable, Equatable, Sendable {
    public let place: FeaturePlace
    public let label: String
    public let preactivationBefore: Float
    public let preactivationAfter: Float
    public let activationBefore: Float
    /// 0 if the change closes its gate, which no graph foresees.
    public let activationAfter: Float
    /// The change of the preactivation.
    public let measured: Double
    /// The change that the graph predicts; `nil` for a feature whose inputs were not computed.
    public let predicted: Double?
  }

  /// The text that follows, as it is and with the changes held at their positions.
  public struct Continuation: Codable, Equatable, Sendable {
    public let before: String
    public let after: String
  }

  public let edits: [Edit]
  /// The graph's answers first, in its order, then other tokens by their probability after the change.
  public let answers: [Answer]
  /// By layer, position and index, without those that were edited.
  public let features: [Feature]
  /// How well the changes of log-probabilities were predicted; places in ``answers``.
  public let answerFit: PredictionFit
  /// How well features were predicted, those that can be; places in ``features``.
  public let featureFit: PredictionFit
  public let continuation: Continuation?
}
