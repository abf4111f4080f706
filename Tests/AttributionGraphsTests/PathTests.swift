import AttributionGraphs
import Testing

struct PathTests {
  private static let seeds: [UInt64] = [1, 2, 3, 4, 5, 6]

  @Test(arguments: seeds)
  func `the strongest path is the strongest of all paths`(seed: UInt64) throws {
    let graph = AttributionGraph.random(seed: seed, layers: 4, featuresPerLayer: 5)
    let end = graph.nodes.count - 1
    let starts = Set(graph.nodes.indices.filter { graph.isEmbedding($0) })
    let all = starts.flatMap { graph.paths(from: $0, to: end) }.filter { $0.count > 2 }
    let path = graph.strongestPath(from: starts, to: end)
    let best = all.map(graph.strength).max() ?? 0
    #expect((path == nil) == (best == 0))
    if let path {
      #expect(all.contains(path))
      #expect(abs(graph.strength(path) - best) <= 1e-12 * best)
    }
  }

  @Test(arguments: seeds)
  func `the strongest path through a waypoint is the strongest of those that pass one`(seed: UInt64) throws {
    let graph = AttributionGraph.random(seed: seed, layers: 4, featuresPerLayer: 5)
    let end = graph.nodes.count - 1
    let starts = Set(graph.nodes.indices.filter { graph.isEmbedding($0) })
    let features = graph.nodes.indices.filter {
      if case .feature = graph.nodes[$0].node { true } else { false }
    }
    let waypoints = Set(features.enumerated().filter { $0.offset % 5 == 0 }.map(\.element))
    let all = starts.flatMap { graph.paths(from: $0, to: end) }.filter {
      $0.contains(where: waypoints.contains)
    }
    let path = graph.strongestPath(from: starts, through: waypoints, to: end)
    let best = all.map(graph.strength).max() ?? 0
    #expect((path == nil) == (best == 0))
    if let path {
      #expect(all.contains(path))
      #expect(abs(graph.strength(path) - best) <= 1e-12 * best)
    }
    #expect(graph.strongestPath(from: starts, through: [], to: end) == nil)
  }

  @Test(arguments: seeds)
  func `linear effects are the sums over all paths`(seed: UInt64) throws {
    let graph = AttributionGraph.random(seed: seed, layers: 4, featuresPerLayer: 5)
    let end = graph.nodes.count - 1
    let effects = graph.linearEffects(on: end)
    for source in graph.nodes.indices where source != end {
      let sum = graph.paths(from: source, to: end).reduce(0.0) { $0 + graph.effect($1) }
      // Sums in another order, of terms that small activations make large.
      #expect(abs(effects[source] - sum) <= 1e-9 * max(1, abs(sum)), "\(source)")
    }
  }
}

extension AttributionGraph {
  fileprivate func isEmbedding(_ place: Int) -> Bool {
    if case .embedding = nodes[place].node { true } else { false }
  }

  private func weight(_ target: Int, _ source: Int) -> Double {
    let row = effects.rows[target]
    return row.sources.firstIndex(of: Int32(source)).map { Double(row.weights[$0]) } ?? 0
  }

  /// All paths whose inner nodes are features.
  fileprivate func paths(from source: Int, to target: Int) -> [[Int]] {
    if source == target { return [[source]] }
    if target != nodes.count - 1, case .feature = nodes[target].node {
    } else if target != nodes.count - 1 {
      return []
    }
    return effects.rows[target].sources.flatMap { before in
      paths(from: source, to: Int(before)).map { $0 + [target] }
    }
  }

  fileprivate func strength(_ path: [Int]) -> Double {
    zip(path, path.dropFirst()).reduce(1) { product, edge in
      let total = effects.rows[edge.1].weights.reduce(0) { $0 + Double(abs($1)) }
      return product * max(0, weight(edge.1, edge.0)) / total
    }
  }

  fileprivate func effect(_ path: [Int]) -> Double {
    zip(path, path.dropFirst()).reduce(1) { product, edge in
      let isEnd = edge.1 == nodes.count - 1
      return product * weight(edge.1, edge.0) / (isEnd ? 1 : Double(nodes[edge.1].activation ?? 0))
    }
  }
}
