import AttributionGraphs
import Tensors
import Testing

struct AnswerShareTests {
  @Test func `the share of the answer is the flow as a part of the roots' weight`() {
    // Influence by hand is 0.35, 0.6, 0.15, 0.65 of a root weight of 0.8.
    let shares = InfluenceTests.byHand.answerShares()
    for (share, wanted) in zip(shares, [0.4375, 0.75, 0.1875, 0.8125, 1]) {
      #expect(abs(share - wanted) < 1e-7)
    }
  }

  @Test func `a walk through two members of a group counts once`() {
    // Feature 0 is reached directly by 1/4 of the answer and through feature 1, by 3/4 of it, a quarter of the time.
    let graph = InfluenceTests.byHand
    let shares = graph.answerShares(ofGroups: [[0, 1], [0, 2], [1], [], [0, 1, 4]])
    for (share, wanted) in zip(shares, [1, 0.4375 + 0.1875, 0.75, 0, 1]) {
      #expect(abs(share - wanted) < 1e-7)
    }
  }

  @Test(arguments: 1...10 as ClosedRange<UInt64>)
  func `all of the answer ends in tokens, errors and skipped rows`(seed: UInt64) {
    var graph = AttributionGraph.random(seed: seed)
    var random = SeededGenerator(seed: seed)
    for place in graph.nodes.indices where Bool.random(using: &random) {
      if case .feature = graph.nodes[place].node { graph.effects.isSkipped[place] = true }
    }
    let shares = graph.answerShares()
    let ends = graph.nodes.indices.filter { place in
      graph.effects.isSkipped[place] || graph.effects.rows[place].weights.allSatisfy { $0 == 0 }
    }
    #expect(abs(ends.reduce(0) { $0 + shares[$1] } - 1) < 1e-9)
  }

  @Test(arguments: 1...10 as ClosedRange<UInt64>)
  func `a group has what walks that visit it have, each counted once`(seed: UInt64) {
    let graph = AttributionGraph.random(seed: seed, layers: 4, positions: 3, featuresPerLayer: 4)
    var random = SeededGenerator(seed: seed)
    let group = Array(graph.nodes.indices.shuffled(using: &random).prefix(6))
    let total = graph.rootWeights.reduce(0, +)
    // Every walk from every root, one after the other.
    func visiting(_ node: Int, _ weight: Double) -> Double {
      if group.contains(node) { return weight }
      let row = graph.effects.rows[node]
      let sum = row.weights.reduce(0) { $0 + Double(abs($1)) }
      return zip(row.sources, row.weights).reduce(0) { result, edge in
        edge.1 == 0 ? result : result + visiting(Int(edge.0), weight * Double(abs(edge.1)) / sum)
      }
    }
    let wanted = graph.nodes.indices.reduce(0) { $0 + visiting($1, graph.rootWeights[$1] / total) }
    #expect(abs(graph.answerShares(ofGroups: [group])[0] - wanted) < 1e-9)
  }

  @Test func `a graph without roots has no shares`() {
    var graph = AttributionGraph.random(seed: 3)
    graph.rootWeights = graph.rootWeights.map { _ in 0 }
    #expect(graph.answerShares().allSatisfy { $0 == 0 })
    #expect(graph.answerShares(ofGroups: [[0, 1], [2]]) == [0, 0])
  }

  @Test func `stored zeros are no edges`() {
    var graph = InfluenceTests.byHand
    let count = graph.effects.edgeCount
    graph.effects.rows[1].weights[1] = 0
    #expect(graph.effects.edgeCount == count - 1)
    #expect(graph.effects.rows[1].withoutZeros.sources == [0, 3])
    #expect(graph.effects.rows[4].withoutZeros.sources == [0, 1])
  }
}
