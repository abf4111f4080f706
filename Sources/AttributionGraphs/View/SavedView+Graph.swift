extension AttributionGraph {
  /// A short name for what the graph is of: the model and its transcoders, the prompt and the answers, as far as the graph
  /// says them. A graph that was cut otherwise has the same.
  public var identity: String {
    let info = ["model", "model_fingerprint", "transcoder_set", "transcoder_fingerprint"].map {
      metadata.info[$0]?.string ?? ""
    }
    let roots = rootWeights
    let ends = nodes.indices.flatMap { place -> [String] in
      let node = nodes[place]
      switch node.node {
      // The ids of two differences say nothing of their tokens.
      case .logit: return [node.id] + (node.difference.map { ["\($0.tokens)"] } ?? [])
      case .embedding: return [node.id]
      // A feature may be what was traced.
      case .feature, .error: return roots[place] > 0 ? [node.id] : []
      }
    }
    // Fowler, Noll and Vo, 64 bits.
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for text in [metadata.scan] + info + ends.sorted() {
      for byte in Array(text.utf8) + [0] { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }
    let text = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - text.count) + text
  }
}

extension SavedView {
  private static let graphKey = "graph"

  /// The ``AttributionGraph/identity`` of the graph that the view was made of; `nil` if it does not say.
  public var graphIdentity: String? {
    get { extra[Self.graphKey]?.string }
    set { extra[Self.graphKey] = newValue.map { .string($0) } }
  }

  /// Whether the view is one of a graph. One that does not say is if the graph has half of the nodes that it names.
  public func isOf(_ graph: AttributionGraph) -> Bool {
    if let graphIdentity { return graphIdentity == graph.identity }
    let named = Set(pinnedIDs + supernodes.flatMap(\.members))
    let known = Set(graph.nodes.map(\.id))
    return 2 * named.intersection(known).count >= named.count
  }
}
