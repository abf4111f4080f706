/// Which nodes of two graphs stand for the same.
struct NodeMatching {
  let alignment: PositionAlignment
  /// The place in the second graph of each node of the first, `[node of the first]`.
  let seconds: [Int?]

  /// What must agree for two nodes to be one.
  private struct Key: Hashable {
    var node: Node
    var kind: String?
    var text: String
  }

  init(
    _ first: AttributionGraph, _ second: AttributionGraph, _ alignment: PositionAlignment,
    transcoders: TranscoderMatch, comparesFeatures: Bool
  ) {
    self.alignment = alignment
    var isSameModel = true
    if case .different = transcoders { isSameModel = false }
    func key(_ vertex: GraphNode, position: Int) -> Key? {
      switch vertex.node {
      case .feature(let layer, let index, _):
        guard comparesFeatures else { return nil }
        return Key(
          node: .feature(layer: layer, index: index, position: position), kind: vertex.kind, text: "")
      case .error(let layer, _):
        return Key(node: .error(layer: layer, position: position), kind: vertex.kind, text: "")
      case .embedding: return Key(node: .embedding(position: position), kind: vertex.kind, text: "")
      case .logit(let token, _):
        // Answers are read at the end, wherever that is. A difference is what its two tokens are: its number only
        // counts the targets of its trace. Of another model a number may mean another token.
        if let difference = vertex.difference {
          let tokens = isSameModel ? "\(difference.tokens)" : "\(difference.texts)"
          return Key(node: .logit(token: -1, position: 0), kind: vertex.kind, text: tokens)
        }
        let text = token < 0 || !isSameModel ? vertex.tokenText : ""
        return Key(node: .logit(token: token, position: 0), kind: vertex.kind, text: text)
      }
    }
    var places: [Key: [Int]] = [:]
    for place in second.nodes.indices.reversed() {
      let vertex = second.nodes[place]
      if let key = key(vertex, position: vertex.node.position) { places[key, default: []].append(place) }
    }
    seconds = first.nodes.map { vertex in
      var position = alignment.seconds[vertex.node.position]
      if case .logit = vertex.node { position = 0 }
      guard let position, let key = key(vertex, position: position) else { return nil }
      return places[key]?.popLast()
    }
  }
}

extension GraphNode {
  /// The label of an answer without the probability after it.
  var tokenText: String { label.range(ofLast: "(p=").map { String(label[..<$0.lowerBound]) } ?? label }
}
