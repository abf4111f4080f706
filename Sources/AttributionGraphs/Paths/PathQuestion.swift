/// Which paths of a graph are asked for; ``AttributionGraph/paths(_:)`` answers.
public struct PathQuestion: Sendable, Equatable {
  /// The greatest ``count`` that may be asked for.
  public static let maximumCount = 1000
  /// The greatest ``minimumSteps`` that may be asked for.
  public static let maximumSteps = 100

  /// Places of the nodes where paths start. A path passes no other of them: it is counted from the last one on.
  public var starts: [Int]
  /// The place of the feature or logit where paths end.
  public var end: Int
  /// How many paths to tell of, the strongest first.
  public var count: Int
  /// The fewest edges of a path. From 2 on, the edges that lead to the end at once are left out: of paths from an
  /// embedding to an answer they are nearly always the strongest.
  public var minimumSteps: Int
  /// Places of nodes of which a path must pass one behind its start; `nil` for any path.
  public var waypoints: Set<Int>?
  /// Whether edges that work against their target are left out.
  public var isPositiveOnly: Bool

  public init(
    from starts: [Int], to end: Int, count: Int = 10, minimumSteps: Int = 2,
    through waypoints: Set<Int>? = nil,
    isPositiveOnly: Bool = false
  ) {
    self.starts = starts
    self.end = end
    self.count = count
    self.minimumSteps = minimumSteps
    self.waypoints = waypoints
    self.isPositiveOnly = isPositiveOnly
  }

  /// Refuses what a graph of `nodeCount` nodes cannot be asked.
  func check(nodeCount: Int) throws(GraphError) {
    for place in starts + [end] + (waypoints ?? []).sorted() where !(0..<nodeCount).contains(place) {
      throw .noSuchPlace(place, nodeCount: nodeCount)
    }
    try GraphError.check("number of paths", count, in: 1...Self.maximumCount)
    try GraphError.check("least number of steps", minimumSteps, in: 1...Self.maximumSteps)
  }
}
