extension AttributionGraph {
  /// The places of the nodes that a query asks for, ascending.
  public func places(matching query: NodeQuery) -> [Int] {
    let tokens = metadata.promptTokens.map(\.searchable)
    let conditions = query.terms.map { ($0.condition.searchable, $0.isNegated) }
    return nodes.indices.filter { place in
      conditions.allSatisfy { condition, isNegated in
        matches(nodes[place], condition, tokens: tokens) != isNegated
      }
    }
  }

  private func matches(_ vertex: GraphNode, _ condition: NodeQuery.Condition, tokens: [String]) -> Bool {
    switch condition {
    case .text(let text):
      if vertex.label.searchable.hasScalars(text) || vertex.id.searchable.hasScalars(text) { return true }
      guard case .embedding(let position) = vertex.node, tokens.indices.contains(position) else {
        return false
      }
      return tokens[position].hasScalars(text)
    case .label(let text): return vertex.label.searchable.hasScalars(text)
    case .token(let text):
      if case .logit = vertex.node { return vertex.tokenText.searchable.hasScalars(text) }
      let position = vertex.node.position
      return tokens.indices.contains(position) && tokens[position].hasScalars(text)
    case .id(let id): return vertex.id.utf8.elementsEqual(id.utf8)
    case .kind(let kind): return vertex.node.queryKind == kind
    case .number(let quantity, let comparison, let wanted):
      guard let value = value(of: quantity, vertex) else { return false }
      let isFromEnd = quantity == .position && wanted < 0
      return comparison.holds(value, isFromEnd ? wanted + Double(metadata.promptTokens.count) : wanted)
    }
  }

  private func value(of quantity: NodeQuery.Quantity, _ vertex: GraphNode) -> Double? {
    switch quantity {
    case .layer: return vertex.node.layer.map(Double.init)
    case .position: return Double(vertex.node.position)
    case .index:
      guard case .feature(_, let index, _) = vertex.node else { return nil }
      return Double(index)
    case .influence: return vertex.influence
    case .activation:
      guard case .feature = vertex.node else { return nil }
      return vertex.activation.map(Double.init)
    }
  }
}

extension Node {
  fileprivate var queryKind: NodeQuery.Kind {
    switch self {
    case .feature: .feature
    case .error: .error
    case .embedding: .embedding
    case .logit: .logit
    }
  }
}

extension NodeQuery.Condition {
  /// The condition with its text as nodes' texts are compared with it.
  fileprivate var searchable: Self {
    switch self {
    case .text(let text): .text(text.searchable)
    case .label(let text): .label(text.searchable)
    case .token(let text): .token(text.searchable)
    case .id, .kind, .number: self
    }
  }
}

extension NodeQuery.Comparison {
  fileprivate func holds(_ value: Double, _ wanted: Double) -> Bool {
    switch self {
    case .equal: value == wanted
    case .less: value < wanted
    case .greater: value > wanted
    case .atMost: value <= wanted
    case .atLeast: value >= wanted
    }
  }
}

extension String {
  /// Each scalar in lower case by itself.
  fileprivate var searchable: String {
    utf8.allSatisfy { $0 < 0x80 } ? lowercased() : unicodeScalars.map(\.properties.lowercaseMapping).joined()
  }

  /// Whether another text's scalars lie in a row in this one; unlike `contains`, which takes characters as a whole.
  ///
  /// After Knuth, Morris and Pratt: the time grows with the sum of the lengths, and not with their product.
  fileprivate func hasScalars(_ text: String) -> Bool {
    var (here, wanted) = (self, text)
    return here.withUTF8 { bytes in
      wanted.withUTF8 { part in
        guard !part.isEmpty, part.count <= bytes.count else { return part.isEmpty }
        // How much of the text's own beginning ends at each of its bytes.
        var borders = [0]
        func next(_ matched: Int, _ byte: UInt8) -> Int {
          var matched = matched
          while matched > 0, part[matched] != byte { matched = borders[matched - 1] }
          return part[matched] == byte ? matched + 1 : 0
        }
        for place in 1..<max(part.count, 1) { borders.append(next(borders[place - 1], part[place])) }
        var matched = 0
        for byte in bytes {
          matched = next(matched, byte)
          if matched == part.count { return true }
        }
        return false
      }
    }
  }
}
