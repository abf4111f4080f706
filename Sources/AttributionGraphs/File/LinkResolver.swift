/// Finds out which nodes the links of a file mean, where two nodes share one id.
///
/// circuit-tracer named errors so that an error can have the id of a feature of layer 0. Which of them a link
/// means follows from what is possible (edges go from lower layers to higher ones, and nothing enters an
/// error), and from the order in which such files are written: all links to one target together, their
/// sources in the order of the nodes.
struct LinkResolver {
  let nodes: [GraphNode]
  /// The places of the nodes that an id may mean, in their order, `[id]`.
  let candidates: [[Int32]]
  private(set) var findings = FindingCounts()

  init(nodes: [GraphNode], candidates: [[Int32]]) {
    self.nodes = nodes
    self.candidates = candidates
  }

  /// The places of both ends of every link, -1 where the file lists no such node.
  mutating func resolve(_ links: RawLinks) -> (sources: [Int32], targets: [Int32]) {
    var sources = links.sources.map { single($0) ?? -1 }
    var targets = links.targets.map { single($0) ?? -1 }
    guard candidates.contains(where: { $0.count > 1 }) else { return (sources, targets) }
    var lastTarget: Int32 = -1
    var start = 0
    while start < links.targets.count {
      var end = start + 1
      while end < links.targets.count, links.targets[end] == links.targets[start] { end += 1 }
      let group = start..<end
      if candidates[Int(links.targets[start])].count > 1 {
        let next = end < targets.count ? targets[end] : -1
        let target = target(of: links.targets[start], sources: sources[group], between: lastTarget, and: next)
        for link in group { targets[link] = target }
      }
      resolveSources(of: links.sources[group], in: &sources, to: targets[start])
      lastTarget = targets[start]
      start = end
    }
    return (sources, targets)
  }

  /// The place that an id stands for alone.
  private func single(_ id: Int32) -> Int32? { candidates[Int(id)].count == 1 ? candidates[Int(id)][0] : nil }

  /// Settles the target of a group of links.
  private mutating func target(
    of id: Int32, sources: ArraySlice<Int32>, between last: Int32, and next: Int32
  ) -> Int32 {
    let possible = candidates[Int(id)].filter { target in
      nodes[Int(target)].canHaveInputs && sources.allSatisfy { $0 < 0 || isPossible(from: $0, to: target) }
    }
    if possible.count == 1 { findings.add(.settledByLegality, sources.count) }
    if possible.count == 1 { return possible[0] }
    let fitting = possible.filter { $0 > last && (next < 0 || $0 < next) }
    findings.add(fitting.count == 1 ? .settledByOrder : .unsettled, sources.count)
    return fitting.first ?? possible.first ?? candidates[Int(id)][0]
  }

  /// Settles the sources of a group of links to one target.
  private mutating func resolveSources(
    of ids: ArraySlice<Int32>, in sources: inout [Int32], to target: Int32
  ) {
    guard target >= 0, ids.contains(where: { candidates[Int($0)].count > 1 }) else { return }
    // For each link, the place of the next source that is certain.
    var next = Array(repeating: Int32.max, count: ids.count)
    for (link, id) in ids.indices.enumerated().reversed() where link > 0 {
      next[link - 1] = single(ids[id]) ?? next[link]
    }
    let isOrdered = isAscending(ids.compactMap { single($0) })
    var last: Int32 = -1
    for (place, link) in ids.indices.enumerated() {
      if candidates[Int(ids[link])].count > 1 {
        let possible = candidates[Int(ids[link])].filter { isPossible(from: $0, to: target) }
        let fitting = isOrdered ? possible.filter { $0 > last && $0 < next[place] } : []
        sources[link] = fitting.first ?? possible.first ?? candidates[Int(ids[link])][0]
        // Where the id comes as often as places fit, each time means one of them.
        let isRepeated =
          fitting.count > 1
          && ids[link...].prefix(fitting.count).filter { $0 == ids[link] }.count == fitting.count
        findings.add(
          possible.count == 1
            ? .settledByLegality : fitting.count == 1 || isRepeated ? .settledByOrder : .unsettled)
      }
      last = max(last, sources[link])
    }
  }

  private func isAscending(_ places: [Int32]) -> Bool {
    zip(places, places.dropFirst()).allSatisfy { $0 < $1 }
  }

  private func isPossible(from source: Int32, to target: Int32) -> Bool {
    let source = nodes[Int(source)]
    let target = nodes[Int(target)]
    return target.canHaveInputs && source.level < target.level && source.node.position <= target.node.position
  }
}

extension GraphNode {
  /// Whether edges can enter the node.
  var canHaveInputs: Bool {
    switch node {
    case .feature, .logit: true
    case .error, .embedding: false
    }
  }
}
