/// A way through a graph along its edges, and what goes along it.
public struct GraphPath: Sendable, Equatable {
  /// Places of the nodes, from the start to the end.
  public let places: [Int]
  /// The part that each edge has of what enters its target, signed, `[edge]`; one fewer than ``places``.
  public let shares: [Double]
  /// The product of the shares: negative if an odd number of the edges works against its target.
  public let strength: Double
  /// `|strength|` as a part of ``PathSums/absolute`` of all paths.
  public let share: Double
  /// `strength` as a part of ``PathSums/signed`` of all paths: negative if the path works against the rest, and
  /// beyond 1 where others cancel; `nil` if they cancel altogether.
  public let signedShare: Double?

  /// Whether the path as a whole works for its end, with an even number of edges that work against theirs.
  public var isSupporting: Bool { strength > 0 }
}

/// What goes along many paths together.
public struct PathSums: Sendable, Equatable {
  /// `Σ_paths Π_edges share`, with the signs of the shares.
  public let signed: Double
  /// `Σ_paths Π_edges |share|`.
  public let absolute: Double
}

/// The strongest paths between nodes, and what all paths between them carry.
public struct PathAnswer: Sendable, Equatable {
  /// The paths asked for, the strongest first; fewer if there are no more.
  public let paths: [GraphPath]
  /// All paths from the starts to the end, however short and whatever their signs, each counted from the last start on
  /// it: what ``GraphPath/share`` is a part of.
  public let all: PathSums
  /// Those among them that the question allows: long enough, through a waypoint, of the signs asked for.
  public let allowed: PathSums
  /// How many nodes were left out because they lie on a cycle or below one; 0 in a traced graph.
  public let cyclicNodeCount: Int

  /// The part of what goes along all paths that goes along the paths told of.
  public var share: Double { paths.reduce(0) { $0 + $1.share } }
}
