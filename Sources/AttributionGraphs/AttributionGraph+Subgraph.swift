extension AttributionGraph {
  /// The graph of some of the nodes and the edges among them, in the old order.
  ///
  /// Nothing is rescaled: the flow that went to the nodes left out is gone from the rows.
  /// - Parameter isKept: Whether each node stays, `[node]`.
  /// - Returns: The smaller graph, and for each of its nodes the place that the node has here.
  public func subgraph(keeping isKept: [Bool]) -> (graph: AttributionGraph, places: [Int]) {
    precondition(isKept.count == nodes.count, "\(isKept.count) choices for \(nodes.count) nodes")
    let places = nodes.indices.filter { isKept[$0] }
    var newPlaces = Array(repeating: Int32(-1), count: nodes.count)
    for (new, old) in places.enumerated() { newPlaces[old] = Int32(new) }

    var effects = DirectEffects(nodeCount: places.count)
    for (new, old) in places.enumerated() {
      effects.isSkipped[new] = self.effects.isSkipped[old]
      effects.rows[new] = self.effects.rows[old].renumbered(by: newPlaces)
    }
    var edgeExtras: [Edge: JSONObject] = [:]
    for (edge, extra) in self.edgeExtras where isKept[edge.target] && isKept[edge.source] {
      let edge = Edge(target: Int(newPlaces[edge.target]), source: Int(newPlaces[edge.source]))
      edgeExtras[edge] = extra
    }
    let graph = AttributionGraph(
      metadata: metadata, nodes: places.map { nodes[$0] }, effects: effects,
      rootWeights: places.map { rootWeights[$0] }, savedView: savedView, edgeExtras: edgeExtras, extra: extra)
    return (graph, places)
  }
}

extension DirectEffects.Row {
  /// The row without the sources that have no new place (-1).
  func renumbered(by newPlaces: [Int32]) -> Self {
    var row = Self()
    let count = sources.reduce(0) { newPlaces[Int($1)] >= 0 ? $0 + 1 : $0 }
    row.sources.reserveCapacity(count)
    row.weights.reserveCapacity(count)
    for (source, weight) in zip(sources, weights) where newPlaces[Int(source)] >= 0 {
      row.sources.append(newPlaces[Int(source)])
      row.weights.append(weight)
    }
    return row
  }
}
