/// What a graph file holds: the graph, and what a reader should know about the file.
///
/// Files of every known maker are read: circuit-tracer of any age, Neuronpedia, Anthropic's own, OpenMOSS.
/// What can be repaired is repaired and found (``findings``); only what is no JSON, or has no nodes and
/// links, throws. Keys that Clew does not know are kept.
public struct GraphReading: Sendable {
  /// Which node a link means if two nodes share an id.
  public enum IDRule: Sendable {
    /// The one that the order of layers and of the file allows.
    case resolved
    /// The first in the file, as in Neuronpedia's scores: for comparison with its numbers.
    case first
  }

  /// The graph.
  public let graph: AttributionGraph
  /// Repairs, doubts and what the file lacks, in a fixed order of kinds.
  public let findings: [Finding]

  /// Reads a graph file.
  /// - Parameters:
  ///   - bytes: The file.
  ///   - idRule: Which node a link means if two nodes share an id.
  /// - Throws: ``GraphError/notJSON(offset:reason:)``, ``GraphError/nestedTooDeeply(offset:limit:)``,
  ///   ``GraphError/notAGraph(reason:)``.
  public init(json bytes: [UInt8], idRule: IDRule = .resolved) throws(GraphError) {
    let raw = try RawGraph(bytes)
    var assembly = GraphAssembly(raw)
    assembly.addNodes(raw.nodes ?? [])
    assembly.addLinks(idRule: idRule)
    assembly.giveOwnIDs()
    (graph, findings) = assembly.finished(raw)
  }

  /// How often something was found.
  public func count(of kind: Finding.Kind) -> Int { findings.first { $0.kind == kind }?.count ?? 0 }
}
