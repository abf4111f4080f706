extension AttributionGraph {
  /// The view that the graph's own file holds, as a sidecar would hold it: with the reader's names from `clerps` and
  /// places from `sg_pos`, and without what only viewers need.
  public func openedView() -> SavedView {
    var view = savedView
    view.labels.merge(ViewerLabels(of: self).labels(in: savedView.extra["clerps"])) { own, _ in own }
    if view.positions.isEmpty { view.positions = ViewerPositions(of: view, in: self).positions }
    (view.linkType, view.clickedID, view.subgraphPositions) = ("both", "", "")
    view.extra = [:]
    return view
  }

  /// Makes a view the graph's own, in the words of the public viewers; what else its file said there stays.
  ///
  /// Settings and snapshots have no words there. Names are also written as `clerps`, which viewers that let labels be
  /// edited read.
  public mutating func keep(_ view: SavedView) {
    var own = view
    (own.linkType, own.clickedID) = (savedView.linkType, savedView.clickedID)
    own.extra = savedView.extra
    own.extra["clerps"] = ViewerLabels(of: self).clerps(of: view)
    own.subgraphPositions = ViewerPositions(of: view, in: self).text
    savedView = own
  }

  /// Gives the nodes the names that a view has for them.
  public mutating func label(from view: SavedView) {
    for place in nodes.indices {
      if let label = view.label(of: nodes[place]) { nodes[place].label = label }
    }
  }
}

extension SavedView {
  /// Whether boxes were moved out of the rows of layers one by one, so that the rows stay; else ``positions`` of all boxes
  /// are a layout of its own.
  public var keepsRows: Bool { settings["keepsRows"]?.bool ?? false }
}

/// Names as viewers keep them: `clerps`, a list of pairs or its text, `[["20_15589_10","Texas"]]`.
///
/// Some viewers name a feature by its id, some by layer, number and position, and some by its number alone.
private struct ViewerLabels {
  let graph: AttributionGraph

  init(of graph: AttributionGraph) { self.graph = graph }

  func labels(in clerps: JSON?) -> [String: String] {
    var pairs = clerps?.array
    if let text = clerps?.string { pairs = (try? JSON(parsing: Array(text.utf8)))?.array }
    guard let pairs, !pairs.isEmpty else { return [:] }
    let keys = keysOfNames()
    var labels: [String: String] = [:]
    for pair in pairs {
      guard let pair = pair.array, pair.count == 2, let label = pair[1].string,
        let name = pair[0].string ?? pair[0].int.map({ String($0) })
      else { continue }
      labels[keys[name] ?? name] = label
    }
    return labels
  }

  /// The pairs for every node that a view has a name for; `nil` for none.
  func clerps(of view: SavedView) -> JSON? {
    let pairs = graph.nodes.compactMap { node -> JSON? in
      view.label(of: node).map { JSON([node.id, $0]) }
    }
    guard !pairs.isEmpty, let bytes = try? JSON.array(pairs).bytes() else { return nil }
    return .string(String(decoding: bytes, as: UTF8.self))
  }

  /// What a view calls the nodes that viewers know under some name; the first node of a name has it.
  private func keysOfNames() -> [String: String] {
    var keys: [String: String] = [:]
    for node in graph.nodes { keys[node.id] = SavedView.labelKey(of: node) }
    for node in graph.nodes {
      guard case .feature(let layer, _, let position) = node.node, let number = node.fileNumber?.int else {
        continue
      }
      for name in ["\(layer)_\(number)_\(position)", "\(number)"] where keys[name] == nil {
        keys[name] = SavedView.labelKey(of: node)
      }
    }
    return keys
  }
}

/// Places as viewers keep them: `sg_pos`, the upper left corners of the boxes in thousandths of the panel, `x y x y …`.
///
/// The boxes follow each other in the order of the sorted characters of their features' numbers, which is what the
/// viewers' own sorting amounts to.
private struct ViewerPositions {
  private let view: SavedView
  private let keys: [String]

  /// A panel's width and height, in points; viewers do not say how large theirs was.
  private static let panel = (width: 504.0, height: 360.0)

  init(of view: SavedView, in graph: AttributionGraph) {
    self.view = view
    let pinned = Set(view.pinnedIDs)
    let nodes = graph.nodes.filter { pinned.contains($0.id) }
    var groupOf: [String: Int] = [:]
    for (group, supernode) in view.supernodes.enumerated() {
      for member in supernode.members { groupOf[member] = group }
    }
    var boxes = nodes.filter { groupOf[$0.id] == nil }.map { (key: $0.id, members: [$0]) }
    for (group, supernode) in view.supernodes.enumerated() {
      let members = nodes.filter { groupOf[$0.id] == group }
      if !members.isEmpty { boxes.append((supernode.key, members)) }
    }
    let sortKeys = boxes.map { box in
      let numbers = box.members.map { $0.fileNumber?.int.map { String($0) } ?? "" }
      return numbers.joined(separator: " ").utf8.sorted()
    }
    let order = boxes.indices.sorted { left, right in
      if sortKeys[left] == sortKeys[right] { return left < right }
      return sortKeys[left].lexicographicallyPrecedes(sortKeys[right])
    }
    keys = order.map { boxes[$0].key }
  }

  /// The places of the boxes; none if the text does not hold a pair for each.
  var positions: [String: SavedView.Position] {
    let numbers = view.subgraphPositions.split { $0 == " " || $0 == "," }.map { Double($0) ?? .nan }
    guard !keys.isEmpty, numbers.count == 2 * keys.count,
      numbers.allSatisfy({ $0.magnitude <= 100_000 })
    else { return [:] }
    var positions: [String: SavedView.Position] = [:]
    for (place, key) in keys.enumerated() {
      positions[key] = SavedView.Position(
        x: numbers[2 * place] / 1000 * Self.panel.width,
        y: (1000 - numbers[2 * place + 1]) / 1000 * Self.panel.height)
    }
    return positions
  }

  /// The text for viewers; empty unless every box has a place, for the places have no names there.
  var text: String {
    let positions = keys.compactMap { view.positions[$0] }
    guard !keys.isEmpty, positions.count == keys.count else { return "" }
    let (xs, ys) = (positions.map(\.x), positions.map(\.y))
    guard let left = xs.min(), let right = xs.max(), let bottom = ys.min(), let top = ys.max() else {
      return ""
    }
    // What lies within a panel keeps its place; the rest is moved and made to fit, for viewers cut what lies outside.
    let isInside = left >= 0 && right <= Self.panel.width && bottom >= 0 && top <= Self.panel.height
    let origin = isInside ? (x: 0.0, y: 0.0) : (x: left, y: bottom)
    let size = (
      width: isInside ? Self.panel.width : max(right - left, Self.panel.width),
      height: isInside ? Self.panel.height : max(top - bottom, Self.panel.height)
    )
    var numbers: [String] = []
    for position in positions {
      let (x, y) = ((position.x - origin.x) / size.width, 1 - (position.y - origin.y) / size.height)
      numbers += [x, y].map { String(Int(($0 * 1000).rounded())) }
    }
    return numbers.joined(separator: " ")
  }
}

extension SavedView {
  /// The key under which a view names a node: a feature at all positions, other nodes by themselves.
  public static func labelKey(of node: GraphNode) -> String {
    if case .feature(let layer, let index, _) = node.node { "\(layer)/\(index)" } else { node.id }
  }
}

extension GraphNode {
  /// The `feature` that a file states for the node.
  var fileNumber: JSON? {
    extra["feature"]
      ?? NodeMembers.members(of: self, rootWeight: 0, isSkipped: false, isTarget: false)["feature"]
  }
}
