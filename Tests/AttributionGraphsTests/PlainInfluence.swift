import AttributionGraphs

/// Influence as it is written in the papers: a dense matrix, and the series term by term.
struct PlainInfluence {
  /// `N[target, source]`.
  var normalized: [[Double]]
  /// `I[node]`.
  var values: [Double]
  var rootWeights: [Double]
  var isError: [Bool]
  var isEmbedding: [Bool]

  init(of graph: AttributionGraph, terms: Int = 1000) {
    let count = graph.nodes.count
    normalized = Array(repeating: Array(repeating: 0, count: count), count: count)
    for (target, row) in graph.effects.rows.enumerated() {
      for (source, weight) in zip(row.sources, row.weights) {
        normalized[target][Int(source)] = abs(Double(weight))
      }
      let sum = max(1e-10, normalized[target].reduce(0, +))
      for source in 0..<count { normalized[target][source] /= sum }
    }
    rootWeights = graph.rootWeights
    isError = graph.nodes.map { if case .error = $0.node { true } else { false } }
    isEmbedding = graph.nodes.map { if case .embedding = $0.node { true } else { false } }
    values = Array(repeating: 0, count: count)
    var term = rootWeights
    for _ in 0..<terms where term.contains(where: { $0 != 0 }) {
      var next = Array(repeating: 0.0, count: count)
      for target in 0..<count where term[target] != 0 {
        for source in 0..<count { next[source] += term[target] * normalized[target][source] }
      }
      for node in 0..<count { values[node] += next[node] }
      term = next
    }
  }

  var replacement: Double {
    let tokens = values.indices.reduce(0) { $0 + (isEmbedding[$1] ? values[$1] : 0) }
    let errors = values.indices.reduce(0) { $0 + (isError[$1] ? values[$1] : 0) }
    return tokens / (tokens + errors)
  }

  var completeness: Double {
    let flow = values.indices.map { values[$0] + rootWeights[$0] }
    let explained = values.indices.map { target in
      1 - values.indices.reduce(0) { $0 + (isError[$1] ? normalized[target][$1] : 0) }
    }
    return zip(flow, explained).reduce(0) { $0 + $1.0 * $1.1 } / flow.reduce(0, +)
  }
}
