/// An order in which influence can be handed down: every target before its sources.
struct EvaluationOrder {
  /// Nodes in such an order, as far as there is one.
  var nodes: [Int] = []
  /// Nodes that lie on a cycle or below one, ascending; none in a traced graph.
  var cyclicNodes: [Int] = []

  /// Orders the edges that are there, by Kahn's algorithm.
  ///
  /// A node is taken once every row that reads it has been taken. Those free from the start come first, the
  /// last place first, and a node joins the queue when its last reader leaves it, so equal graphs give equal
  /// orders and equal sums.
  init(of effects: DirectEffects) {
    var readers = Array(repeating: Int32(0), count: effects.nodeCount)
    for row in effects.rows.indices where !effects.isSkipped[row] {
      Self.count(+1, effects.rows[row], &readers) { _ in }
    }
    nodes.reserveCapacity(effects.nodeCount)
    for node in readers.indices.reversed() where readers[node] == 0 { nodes.append(node) }
    var next = 0
    while next < nodes.count {
      if !effects.isSkipped[nodes[next]] {
        Self.count(-1, effects.rows[nodes[next]], &readers) { nodes.append($0) }
      }
      next += 1
    }
    if nodes.count < effects.nodeCount { cyclicNodes = readers.indices.filter { readers[$0] > 0 } }
  }

  /// Adds `step` to the readers of each source in a row, and tells which of them then have none.
  private static func count(
    _ step: Int32, _ row: DirectEffects.Row, _ readers: inout [Int32], whenFree: (Int) -> Void
  ) {
    let sources = row.sources.span
    let weights = row.weights.span
    var readers = readers.mutableSpan
    for edge in weights.indices where weights[edge] != 0 {
      let source = Int(sources[edge])
      readers[source] += step
      if readers[source] == 0 { whenFree(source) }
    }
  }
}
