/// Features that act alike, proposed to a reader as one supernode.
public struct SupernodeProposal: Sendable, Equatable {
  /// What speaks for the group.
  public enum Reason: Sendable, Equatable {
    /// One feature at several positions.
    case sameFeature
    /// All members have one label, and read and write alike.
    case sameLabel
    /// The members read and write alike.
    case alikeEdges
  }

  /// The places of the members, ascending; two at least.
  public let places: [Int]
  /// The label that most members have, of several the one of the most influential member; may be empty.
  public let label: String
  /// The similarity of the two members least alike, from 0 to 1.
  public let score: Double
  /// The share of the answer that passes through at least one of the members.
  public let answerShare: Double
  /// What speaks for the group.
  public let reason: Reason
}

extension SupernodeProposal: CustomStringConvertible {
  /// The reason as a sentence for people.
  public var description: String {
    let hundredths = String(Int((score * 100).rounded()))
    switch reason {
    case .sameFeature:
      return "The same feature at \(places.count) positions; any two are alike by \(hundredths) % or more."
    case .sameLabel:
      return
        "\(places.count) features with one label at neighbouring positions; any two are alike by \(hundredths) % or "
        + "more in what they read and write."
    case .alikeEdges:
      return
        "\(places.count) features at neighbouring positions that read and write alike, any two by \(hundredths) % or "
        + "more."
    }
  }
}

/// Which supernodes are to be proposed; ``AttributionGraph/supernodeProposals(_:)`` answers.
public struct SupernodeQuestion: Sendable, Equatable {
  /// The greatest ``maximumCandidates`` that may be asked for.
  public static let greatestCandidateCount = 2000
  /// The least similarity of two members, where nothing else is asked for.
  ///
  /// Chosen on the one graph at hand that people grouped, gemma-small-big-en with 11 of its 13 pinned features in 4
  /// groups: proposals among these features agree best with the people's from 0.5 to 0.75.
  public static let usualThreshold = 0.65

  /// Places of the features that may be grouped; `nil` for those of the whole graph. Other nodes are passed over.
  public var candidates: [Int]?
  /// Places of nodes that are in a group already and stay there.
  public var grouped: Set<Int>
  /// How alike two members of a group are at least, from 0 to 1.
  public var threshold: Double
  /// How many features are compared, the most influential ones; the work grows with the square.
  public var maximumCandidates: Int

  public init(
    among candidates: [Int]? = nil, grouped: Set<Int> = [], threshold: Double = usualThreshold,
    maximumCandidates: Int = 400
  ) {
    self.candidates = candidates
    self.grouped = grouped
    self.threshold = threshold
    self.maximumCandidates = maximumCandidates
  }

  /// Refuses what a graph of `nodeCount` nodes cannot be asked.
  func check(nodeCount: Int) throws(GraphError) {
    guard (0...1).contains(threshold) else {
      throw .shareOutOfRange(name: "similarity of supernode members", value: threshold)
    }
    try GraphError.check(
      "number of features to group", maximumCandidates, in: 1...Self.greatestCandidateCount)
    for place in (candidates ?? []) + grouped.sorted() where !(0..<nodeCount).contains(place) {
      throw .noSuchPlace(place, nodeCount: nodeCount)
    }
  }
}
