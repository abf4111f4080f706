/// What a reader of a graph chose: nodes in a small graph of their own, groups of them, names, places.
///
/// A view stands in one of two places. A graph file's own one is its `qParams`, in the words of the public
/// viewers; ``AttributionGraph/openedView()`` and ``AttributionGraph/keep(_:)`` lead from it and to it. A
/// sidecar beside the graph holds all of it, see ``init(sidecar:)``, and changes by ``ViewPatch``.
public struct SavedView: Sendable, Equatable {
  /// Nodes that a reader sees as one.
  public struct Supernode: Sendable, Equatable {
    /// What other parts of the view call it, `g1`; unique in a view.
    public var key: String
    /// The group's name.
    public var label: String
    /// The ids of its members.
    public var members: [String]

    public init(key: String = "", label: String, members: [String]) {
      self.key = key
      self.label = label
      self.members = members
    }
  }

  /// The centre of a box, in points: x to the right, y upward, the origin anywhere.
  public struct Position: Sendable, Hashable {
    public var x: Double
    public var y: Double

    public init(x: Double, y: Double) {
      self.x = x
      self.y = y
    }
  }

  /// The ids of the nodes in the reader's own small graph.
  public var pinnedIDs: [String]
  /// Groups of pinned nodes.
  public var supernodes: [Supernode]
  /// The reader's names, for features by `layer/index` and for other nodes by id.
  public var labels: [String: String]
  /// Where the boxes of the small graph lie, by the id of a node or the key of a group.
  public var positions: [String: Position]
  /// How the graph is shown: `nodeShare`, `edgeShare`, `hideErrors`, `hideFirstToken`, and what a page adds.
  public var settings: JSONObject
  /// Views that were kept under a name; they have no snapshots themselves.
  public var snapshots: [String: SavedView]
  /// Which links viewers show: `input`, `output`, `either` or `both`.
  public var linkType: String
  /// The id of the node that is selected in viewers, empty if there is none.
  public var clickedID: String
  /// Where viewers show the pinned nodes: numbers from 0 to 1000 in pairs.
  public var subgraphPositions: String
  /// What the file that the view is from says beyond this.
  public var extra: JSONObject

  public init(
    pinnedIDs: [String] = [], supernodes: [Supernode] = [], labels: [String: String] = [:],
    positions: [String: Position] = [:], settings: JSONObject = [:], snapshots: [String: SavedView] = [:],
    linkType: String = "both", clickedID: String = "", subgraphPositions: String = "",
    extra: JSONObject = [:]
  ) {
    self.pinnedIDs = pinnedIDs
    self.supernodes = supernodes
    self.labels = labels
    self.positions = positions
    self.settings = settings
    self.snapshots = snapshots
    self.linkType = linkType
    self.clickedID = clickedID
    self.subgraphPositions = subgraphPositions
    self.extra = extra
  }
}

extension SavedView {
  /// The name that the view gives a node, if it gives one.
  public func label(of node: GraphNode) -> String? {
    if case .feature(let layer, let index, _) = node.node, let label = labels["\(layer)/\(index)"] {
      return label
    }
    return labels[node.id]
  }

  /// The ids among pins and members of groups that a graph does not have, sorted, each once.
  public func missingIDs(in graph: AttributionGraph) -> [String] {
    let known = Set(graph.nodes.map { ExactText($0.id) })
    let named = Set(pinnedIDs + supernodes.flatMap(\.members))
    return named.filter { !known.contains(ExactText($0)) }.sorted(by: precedes)
  }
}

/// The order of texts by their bytes, the same in every language.
func precedes(_ first: String, _ second: String) -> Bool { first.utf8.lexicographicallyPrecedes(second.utf8) }
