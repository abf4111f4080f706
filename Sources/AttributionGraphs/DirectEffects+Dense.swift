extension DirectEffects {
  /// The effects that a dense matrix holds; zeros are no edges.
  /// - Parameters:
  ///   - dense: The matrix `A`, `[target, source]`.
  ///   - nodeCount: Its side.
  public init(dense: [Float], nodeCount: Int) {
    precondition(dense.count == nodeCount * nodeCount, "\(dense.count) entries, \(nodeCount) nodes")
    self.init(nodeCount: nodeCount)
    for target in 0..<nodeCount {
      let row = dense[target * nodeCount..<(target + 1) * nodeCount]
      var sources: [Int32] = []
      for (source, weight) in row.enumerated() where weight != 0 { sources.append(Int32(source)) }
      rows[target] = Row(sources: sources, weights: row.filter { $0 != 0 })
    }
  }
}

extension AttributionGraph {
  /// The places of the nodes in the order of ``NodeLayout``: features by layer, position and index, then
  /// errors by layer and position, then embeddings by position, then logits in their order here.
  ///
  /// For a traced graph this is the order that the nodes are in.
  public var layoutOrder: [Int] {
    func key(_ place: Int) -> (Int, Int, Int, Int) {
      switch nodes[place].node {
      case .feature(let layer, let index, let position): (0, layer, position, index)
      case .error(let layer, let position): (1, layer, position, place)
      case .embedding(let position): (2, position, place, 0)
      case .logit: (3, place, 0, 0)
      }
    }
    return nodes.indices.sorted { key($0) < key($1) }
  }

  /// The adjacency matrix `A` with every zero written out, in the order of ``layoutOrder``.
  ///
  /// It takes `4 · N²` bytes: meant for small graphs, for tests and export.
  /// - Returns: The weights, `[target, source]`.
  public func denseAdjacency() -> [Float] {
    let order = layoutOrder
    var newPlaces = Array(repeating: 0, count: nodes.count)
    for (new, old) in order.enumerated() { newPlaces[old] = new }
    var dense = Array(repeating: Float(0), count: nodes.count * nodes.count)
    for (target, old) in order.enumerated() {
      for (source, weight) in zip(effects.rows[old].sources, effects.rows[old].weights) {
        dense[target * nodes.count + newPlaces[Int(source)]] = weight
      }
    }
    return dense
  }
}
