/// A graph while it is put together from the parts of a file.
struct GraphAssembly {
  private let metadata: GraphMetadata
  private var savedView: SavedView
  private var links: RawLinks
  private var nodes: [GraphNode] = []
  private var rootWeights: [Double] = []
  private var isSkipped: [Bool] = []
  /// The places of the nodes with an id, `[id]`.
  private var places: [[Int32]] = []
  private var viewerNames: [ExactText: String] = [:]
  private var effects = DirectEffects(nodeCount: 0)
  private var edgeExtras: [AttributionGraph.Edge: JSONObject] = [:]
  private var findings: FindingCounts

  /// How many nodes may share an id before further ones are taken for the first.
  private static let maximumSharers = 16

  init(_ raw: RawGraph) {
    findings = raw.findings
    metadata = GraphMetadata(raw.metadata, findings: &findings)
    savedView = SavedView(raw.savedView, findings: &findings)
    links = raw.links ?? RawLinks()
    findings.add(links.findings)
  }

  /// Reads the nodes, and notes which ids mean which.
  mutating func addNodes(_ values: [JSON]) {
    var reader = NodeReader(schemaVersion: metadata.schemaVersion)
    for value in values {
      guard let reading = reader.read(value) else { continue }
      let id = links.ids.number(of: Array(reading.vertex.id.utf8)[...])
      while places.count <= id { places.append([]) }
      if places[id].contains(where: { nodes[Int($0)].isSameNode(as: reading.vertex) }) {
        findings.add(.repeatedNode)
        continue
      }
      if places[id].count < Self.maximumSharers { places[id].append(Int32(nodes.count)) }
      nodes.append(reading.vertex)
      rootWeights.append(reading.rootWeight)
      isSkipped.append(reading.isSkipped)
      if let name = reading.viewerName, viewerNames[ExactText(name)] == nil {
        viewerNames[ExactText(name)] = reading.vertex.id
      }
    }
    while places.count < links.ids.count { places.append([]) }
    findings.add(reader.findings)
    effects = DirectEffects(nodeCount: nodes.count)
    effects.isSkipped = isSkipped
  }

  /// Turns links into rows.
  mutating func addLinks(idRule: GraphReading.IDRule) {
    let candidates = idRule == .first ? places.map { Array($0.prefix(1)) } : places
    var resolver = LinkResolver(nodes: nodes, candidates: candidates)
    let (sources, targets) = resolver.resolve(links)
    findings.add(resolver.findings)
    var linksOfTarget: [[Int32]] = Array(repeating: [], count: nodes.count)
    for link in sources.indices {
      if sources[link] < 0 || targets[link] < 0 {
        findings.add(.unknownEnd)
      } else if links.weights[link] == 0 {
        findings.add(.zeroWeight)
      } else {
        linksOfTarget[Int(targets[link])].append(Int32(link))
      }
    }
    for target in nodes.indices { addRow(of: target, linksOfTarget[target], sources) }
  }

  /// Makes a row of the links to one target; of two from one source the last one counts.
  private mutating func addRow(of target: Int, _ unsorted: [Int32], _ sources: [Int32]) {
    let sorted = unsorted.sorted { (sources[Int($0)], $0) < (sources[Int($1)], $1) }
    var row = DirectEffects.Row()
    for link in sorted {
      let link = Int(link)
      if row.sources.last == sources[link] {
        findings.add(.repeatedLink)
        row.weights[row.weights.count - 1] = links.weights[link]
      } else {
        row.sources.append(sources[link])
        row.weights.append(links.weights[link])
      }
      if let extra = links.extras[link] {
        edgeExtras[.init(target: target, source: Int(sources[link]))] = extra
      }
    }
    effects.rows[target] = row
  }

  /// Gives every node but the first of those with one id an id of its own.
  mutating func giveOwnIDs() {
    var ids: Set<ExactText> = []
    ids.reserveCapacity(nodes.count)
    var sharers: [Int] = []
    // Where the search for a free number goes on: ids that a file has taken already are passed once for each stem.
    var nextNumbers: [ExactText: Int] = [:]
    for place in nodes.indices where !ids.insert(ExactText(nodes[place].id)).inserted {
      sharers.append(place)
    }
    for place in sharers {
      var id = nodes[place].id
      if case .error = nodes[place].node { id = nodes[place].node.fileID(layerCount: 0, tokens: []) }
      let stem = id
      var number = nextNumbers[ExactText(stem)] ?? place
      while !ids.insert(ExactText(id)).inserted {
        id = "\(stem)_\(number)"
        number += 1
      }
      nextNumbers[ExactText(stem)] = number
      nodes[place].id = id
    }
    findings.add(.sharedID, sharers.count)
    savedView.resolve(ids: ids, viewerNames: viewerNames, findings: &findings)
  }

  /// The graph with its influence, and all findings.
  func finished(_ raw: RawGraph) -> (AttributionGraph, [Finding]) {
    var graph = AttributionGraph(
      metadata: metadata, nodes: nodes, effects: effects, rootWeights: rootWeights, savedView: savedView,
      edgeExtras: edgeExtras, extra: raw.extra)
    var findings = findings
    findings.add(graph.structuralFindings())
    findings.add(graph.completeInfluence())
    return (graph, findings.findings)
  }
}

extension GraphNode {
  /// Whether two vertices stand for the same.
  func isSameNode(as other: GraphNode) -> Bool { node == other.node && kind == other.kind }
}
