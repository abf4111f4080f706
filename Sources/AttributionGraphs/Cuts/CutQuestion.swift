/// Which answer is to be lowered, by how much and by taking away what; ``AttributionGraph/cut(_:)`` answers.
public struct CutQuestion: Sendable, Equatable {
  /// The greatest ``maximumCount`` that may be asked for.
  public static let greatestCount = 1000

  /// What is to be lowered.
  public enum Target: Sendable, Equatable {
    /// The node at a place: a logit, or a feature.
    case node(Int)
    /// All roots of the graph, each as much as its root weight: for logits their probability.
    case roots
  }

  /// What is to be lowered.
  public var target: Target
  /// By which part of its value, more than 0 and at most 1.
  public var part: Double
  /// Groups of places that are taken away as a whole, supernodes say; no place is in two of them.
  public var groups: [[Int]]
  /// Whether features outside the groups may be taken away too.
  public var includesFeatures: Bool
  /// Whether error nodes may be taken away.
  public var includesErrors: Bool
  /// Whether embeddings may be taken away.
  public var includesEmbeddings: Bool
  /// How many nodes and groups to take away at most.
  public var maximumCount: Int
  /// How many edges an exhaustive search for a smaller set may visit; 0 searches none.
  public var searchBudget: Int

  public init(
    of target: Target, loweringBy part: Double, groups: [[Int]] = [], includesFeatures: Bool = true,
    includesErrors: Bool = false, includesEmbeddings: Bool = false, maximumCount: Int = 100,
    searchBudget: Int = 100_000_000
  ) {
    self.target = target
    self.part = part
    self.groups = groups
    self.includesFeatures = includesFeatures
    self.includesErrors = includesErrors
    self.includesEmbeddings = includesEmbeddings
    self.maximumCount = maximumCount
    self.searchBudget = searchBudget
  }

  /// Refuses what a graph of `nodeCount` nodes cannot be asked.
  func check(nodeCount: Int) throws(GraphError) {
    guard part > 0, part <= 1 else {
      throw .shareOutOfRange(name: "part to lower the answer by", value: part)
    }
    try GraphError.check("greatest number of nodes", maximumCount, in: 1...Self.greatestCount)
    var places = groups.flatMap { $0 }
    var seen: Set<Int> = []
    for place in places where !seen.insert(place).inserted { throw .inTwoGroups(place: place) }
    if case .node(let place) = target { places.append(place) }
    for place in places where !(0..<nodeCount).contains(place) {
      throw .noSuchPlace(place, nodeCount: nodeCount)
    }
  }
}
