/// What a reader of a graph chose to look at, in the words of the public viewers' `qParams` object.
public struct SavedView: Sendable, Equatable {
  /// Nodes that a reader sees as one.
  public struct Supernode: Sendable, Equatable {
    /// The group's name.
    public var label: String
    /// The ids of its members.
    public var members: [String]

    public init(label: String, members: [String]) {
      self.label = label
      self.members = members
    }
  }

  /// The ids of the nodes in the reader's own small graph.
  public var pinnedIDs: [String]
  /// Groups of pinned nodes.
  public var supernodes: [Supernode]
  /// Which links are shown: `input`, `output`, `either` or `both`.
  public var linkType: String
  /// The id of the selected node, empty if there is none.
  public var clickedID: String
  /// Where the pinned nodes lie: numbers from 0 to 1000 in pairs.
  public var subgraphPositions: String
  /// What a file says beyond this.
  public var extra: JSONObject

  public init(
    pinnedIDs: [String] = [], supernodes: [Supernode] = [], linkType: String = "both", clickedID: String = "",
    subgraphPositions: String = "", extra: JSONObject = [:]
  ) {
    self.pinnedIDs = pinnedIDs
    self.supernodes = supernodes
    self.linkType = linkType
    self.clickedID = clickedID
    self.subgraphPositions = subgraphPositions
    self.extra = extra
  }
}
