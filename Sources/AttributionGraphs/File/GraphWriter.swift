/// Writes graphs as files that the public viewers read.
///
/// One node and one link stand on a line; floats have the fewest digits that give them back exactly; equal
/// graphs give equal bytes. Links of weight zero are not written. Numbers that are not finite, and ids that
/// two nodes share, are refused.
public struct GraphWriter {
  private let graph: AttributionGraph
  private var output = JSONBytes()
  private let handOn: ([UInt8]) throws(GraphError) -> Void

  /// How many bytes are handed on at once, about.
  private static let chunk = 1 << 16

  private init(_ graph: AttributionGraph, _ handOn: @escaping ([UInt8]) throws(GraphError) -> Void) {
    self.graph = graph
    self.handOn = handOn
  }

  /// Writes a graph piece by piece.
  /// - Parameters:
  ///   - graph: The graph.
  ///   - handOn: Takes the file's bytes in their order.
  /// - Throws: ``GraphError/notFinite(place:)``, ``GraphError/repeatedID(_:)``, or what `handOn` throws. What
  ///   was handed on until then is no graph.
  public static func write(
    _ graph: AttributionGraph, to handOn: @escaping ([UInt8]) throws(GraphError) -> Void
  ) throws(GraphError) {
    var writer = GraphWriter(graph, handOn)
    try writer.writeAll()
  }

  private mutating func writeAll() throws(GraphError) {
    try checkIDs()
    output.append(raw: "{\"metadata\":")
    try output.append(graph.metadata.members)
    output.append(raw: ",\n\"qParams\":")
    try output.append(graph.savedView.members)
    output.append(raw: ",\n\"nodes\":[")
    try writeNodes()
    output.append(raw: "],\n\"links\":[")
    try writeLinks()
    output.append(raw: "]")
    for (key, value) in graph.extra.members {
      output.append(raw: ",\n")
      output.append(quoted: key)
      output.append(raw: ":")
      try output.append(value)
    }
    output.append(raw: "}\n")
    try handOn(output.bytes)
  }

  private mutating func writeNodes() throws(GraphError) {
    var hasLogit = false
    for (place, vertex) in graph.nodes.enumerated() {
      for value in [
        vertex.probability, vertex.influence, vertex.activation.map { Double($0) }, graph.rootWeights[place],
      ] {
        if let value, !value.isFinite { throw .notFinite(place: "A number of node \(vertex.id)") }
      }
      var isTarget = false
      if case .logit = vertex.node {
        isTarget = !hasLogit
        hasLogit = true
      }
      var members = NodeMembers.members(
        of: vertex, rootWeight: graph.rootWeights[place], isSkipped: graph.effects.isSkipped[place],
        isTarget: isTarget)
      for (key, value) in vertex.extra.members { members[key] = value }
      output.append(raw: place == 0 ? "\n" : ",\n")
      try output.append(members)
      try handOnIfMuch()
    }
  }

  private mutating func writeLinks() throws(GraphError) {
    let ids = graph.nodes.map { vertex in
      var id = JSONBytes()
      id.append(quoted: vertex.id)
      return id.bytes
    }
    var isFirst = true
    for (target, row) in graph.effects.rows.enumerated() {
      for (source, weight) in zip(row.sources, row.weights) where weight != 0 {
        guard weight.isFinite else {
          throw .notFinite(
            place: "The weight of the edge from \(graph.nodes[Int(source)].id) to \(graph.nodes[target].id)")
        }
        output.append(raw: isFirst ? "\n{\"source\":" : ",\n{\"source\":")
        isFirst = false
        output.bytes.append(contentsOf: ids[Int(source)])
        output.append(raw: ",\"target\":")
        output.bytes.append(contentsOf: ids[target])
        output.append(raw: ",\"weight\":")
        output.bytes.append(contentsOf: weight.shortestText.utf8)
        if !graph.edgeExtras.isEmpty { try writeExtra(of: .init(target: target, source: Int(source))) }
        output.append(raw: "}")
      }
      try handOnIfMuch()
    }
  }

  private mutating func writeExtra(of edge: AttributionGraph.Edge) throws(GraphError) {
    for (key, value) in graph.edgeExtras[edge]?.members ?? [] {
      output.append(raw: ",")
      output.append(quoted: key)
      output.append(raw: ":")
      try output.append(value)
    }
  }

  private mutating func handOnIfMuch() throws(GraphError) {
    guard output.bytes.count >= Self.chunk else { return }
    try handOn(output.bytes)
    output.bytes.removeAll(keepingCapacity: true)
  }

  private func checkIDs() throws(GraphError) {
    var ids: Set<ExactText> = []
    for vertex in graph.nodes where !ids.insert(ExactText(vertex.id)).inserted {
      throw .repeatedID(vertex.id)
    }
  }
}

extension AttributionGraph {
  /// The graph as a file that the public viewers read; see ``GraphWriter``.
  /// - Throws: ``GraphError/notFinite(place:)``, ``GraphError/repeatedID(_:)``.
  public func json() throws(GraphError) -> [UInt8] {
    let collected = Collected()
    try GraphWriter.write(self) { (bytes: [UInt8]) throws(GraphError) in collected.bytes += bytes }
    return collected.bytes
  }
}

private final class Collected {
  var bytes: [UInt8] = []
}
