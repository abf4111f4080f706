import AttributionGraphs
import Foundation
import TestSupport
import Tensors
import Testing

/// The small graph of pinned nodes, against values worked by hand and plain loops.
struct SubgraphTests {
  /// Two embeddings, an error, four features and an output; the features `a` and `b` will be one box.
  private static let small: AttributionGraph = {
    func feature(_ layer: Int, _ index: Int) -> GraphNode {
      GraphNode(
        node: .feature(layer: layer, index: index, position: 1), id: "\(layer)_\(index)_1",
        label: "f\(layer)\(index)")
    }
    let nodes = [
      GraphNode(node: .embedding(position: 0), id: "E_0_0"),
      GraphNode(node: .embedding(position: 1), id: "E_1_1"),
      GraphNode(node: .error(layer: 0, position: 1), id: "0_-1_1"), feature(0, 1), feature(0, 2),
      feature(1, 3),
      feature(2, 4), GraphNode(node: .logit(token: 3, position: 1), id: "4_3_1", probability: 0.5),
    ]
    var effects = DirectEffects(nodeCount: nodes.count)
    effects.rows[3] = .init(sources: [0, 1], weights: [3, -1])
    effects.rows[4] = .init(sources: [1], weights: [2])
    effects.rows[5] = .init(sources: [0, 2, 3, 4], weights: [1, 1, -4, 2])
    effects.rows[6] = .init(sources: [1, 3, 5], weights: [1, 1, 2])
    effects.rows[7] = .init(sources: [2, 5, 6], weights: [1, 1, -2])
    return AttributionGraph(
      metadata: GraphMetadata(slug: "s", scan: "m", prompt: "a b", promptTokens: ["a", " b"]), nodes: nodes,
      effects: effects, rootWeights: [0, 0, 0, 0, 0, 0, 0, 0.5])
  }()

  private static let smallView = SavedView(
    pinnedIDs: ["0_1_1", "2_4_1", "1_3_1", "4_3_1", "gone"],
    supernodes: [
      .init(key: "g1", label: "both", members: ["0_1_1", "2_4_1", "0_2_1"]),
      .init(key: "g2", label: "empty", members: ["0_2_1"]),
    ])

  @Test func `a small graph is what it is by hand`() throws {
    let subgraph = Subgraph(of: Self.small, view: Self.smallView)
    #expect(subgraph.boxes.map(\.key) == ["1_3_1", "4_3_1", "g1"])
    #expect(subgraph.boxes.map(\.members) == [[5], [7], [3, 6]])
    #expect(subgraph.boxes.map(\.label) == ["f13", "", "both"])
    #expect(subgraph.missingIDs == ["gone"])
    // The group: 0_1_1 reads 4 of 4 from outside; 2_4_1 reads 3 of 4, the rest is from 0_1_1. So m = 4/7, 3/7, and
    // 1_3_1 gives 2 of the 3: 3/7 · 2/3 = 2/7.
    // 1_3_1 reads −4 of 8 from the group; the output reads 1 of 4 from 1_3_1 and −2 of 4 from the group.
    #expect(subgraph.edges.map { [$0.source, $0.target] } == [[2, 0], [0, 1], [2, 1], [0, 2]])
    let expected = [-0.5, 0.25, -0.5, 2.0 / 7]
    for (edge, share) in zip(subgraph.edges, expected) {
      #expect(abs(edge.share - share) < 1e-12 && abs(edge.grossShare - abs(share)) < 1e-12)
    }
    let group = subgraph.boxes[2].inputs
    // All four of 0_1_1 (weight 4/7) and one of the three of 2_4_1 (weight 3/7) are embeddings.
    #expect(abs(group.embeddings - 5.0 / 7) < 1e-12 && abs(group.shown - 2.0 / 7) < 1e-12)
    #expect(subgraph.boxes[0].inputs == .init(shown: 0.5, features: 0.25, errors: 0.125, embeddings: 0.125))
    #expect(subgraph.boxes[1].inputs == .init(shown: 0.75, errors: 0.25))
    // Features and errors: 0_1_1, 0_2_1, 1_3_1, 2_4_1 and the error. I[2_4] = 1/4, I[1_3] = 1/8 + 1/8,
    // I[0_1] = 1/4 · 1/4 + 1/4 · 1/2 = 3/16, I[0_2] = 1/16, I[error] = 1/8 + 1/32; in 32nds: 8, 8, 6, 2, 5.
    #expect(abs(subgraph.extent.influence - 22.0 / 29) < 1e-12)
    #expect(subgraph.extent.shownFeatures == 3 && subgraph.extent.features == 4)
    #expect(subgraph.extent.shownEdges == 4 && subgraph.extent.edges == 13)
  }

  @Test func `effects of opposite signs cancel in an edge and not in the input`() {
    var graph = Self.small
    graph.effects.rows[5].weights[2] = 4
    graph.effects.rows[5].sources = [0, 2, 3, 4]
    graph.effects.rows[5].weights = [1, 1, 4, -2]
    let view = SavedView(
      pinnedIDs: ["0_1_1", "0_2_1", "1_3_1"],
      supernodes: [.init(key: "g", label: "", members: ["0_1_1", "0_2_1"])])
    let subgraph = Subgraph(of: graph, view: view)
    #expect(subgraph.edges == [.init(source: 1, target: 0, share: 0.25, grossShare: 0.75)])
    #expect(subgraph.boxes[0].inputs.shown == 0.75)
    #expect(subgraph.boxes[1].label == "f01")
  }

  @Test func `members alike cohere, unlike ones do not`() {
    let view = SavedView(
      pinnedIDs: ["0_1_1", "0_2_1", "1_3_1"],
      supernodes: [.init(key: "g", label: "", members: ["0_1_1", "0_2_1"])])
    var graph = Self.small
    graph.effects.rows[4] = graph.effects.rows[3]
    graph.effects.rows[5].weights = [1, 1, 4, 4]
    graph.effects.rows[6] = .init(sources: [1, 3, 4], weights: [1, 1, 1])
    let alike = Subgraph(of: graph, view: view).boxes
    #expect(abs((alike[1].cohesion ?? 0) - 1) < 1e-12 && alike[0].cohesion == nil)
    // Of the small graph: 0_1_1 reads 3/4, −1/4 and gives −4/8, 1/4; 0_2_1 reads 0, 1 and gives 2/8, 0.
    let product = -0.25 - 0.5 * 0.25
    let squares = (0.75 * 0.75 + 0.0625 + 0.25 + 0.0625) * 1.0625
    let unlike = Subgraph(of: Self.small, view: view).boxes[1].cohesion ?? 9
    #expect(abs(unlike - product / squares.squareRoot()) < 1e-12)
  }

  @Test func `the JSON names boxes by keys and members by ids`() throws {
    let subgraph = Subgraph(of: Self.small, view: Self.smallView)
    let json = try JSON(parsing: subgraph.json(in: Self.small).bytes()).object
    let group = json?["boxes"]?.array?.last?.object
    #expect(group?["key"] == "g1" && group?["members"] == ["0_1_1", "2_4_1"])
    let edge = json?["edges"]?.array?.first?.object
    #expect(edge?["source"] == "g1" && edge?["target"] == "1_3_1" && edge?["share"]?.double == -0.5)
    #expect(json?["scores"]?.object?["replacement"]?.double == subgraph.scores.replacement)
    #expect(json?["missing_ids"] == ["gone"])
  }

  @Test func `what was pruned away is part of the input`() {
    let sums = Self.small.effects.rows.map { $0.weights.reduce(0) { $0 + Double(abs($1)) } }
    var wider = sums
    wider[5] = 16
    let subgraph = Subgraph(of: Self.small, view: Self.smallView, inputSums: wider)
    #expect(subgraph.boxes[0].inputs.unseen == 0.5 && subgraph.boxes[0].inputs.shown == 0.25)
    #expect(subgraph.edges[0].share == -0.25)
    #expect(subgraph.knownInput < 1 && Subgraph(of: Self.small, view: Self.smallView).knownInput == 1)
    let skipped = Subgraph(of: Self.small.skipping([5]), view: Self.smallView)
    #expect(skipped.boxes[0].inputs == .init(unseen: 1))
    #expect(skipped.edges.allSatisfy { $0.target != 0 })
  }

  @Test func `the sums before pruning are found by id`() throws {
    let whole = AttributionGraph.random(seed: 12).skipping([3])
    let pruned = try whole.pruned(nodeShare: 0.6, edgeShare: 0.9).graph
    let sums = whole.inputSums(in: pruned)
    for (node, sum) in zip(pruned.nodes, sums) {
      let place = try #require(whole.nodes.firstIndex { $0.id == node.id })
      let expected = whole.effects.rows[place].weights.reduce(0) { $0 + Double(abs($1)) }
      #expect(place == 3 ? sum == .infinity : abs(sum - expected) < 1e-9)
    }
    let view = SavedView(pinnedIDs: pruned.nodes.map(\.id))
    let subgraph = Subgraph(of: pruned, view: view, inputSums: sums)
    #expect(subgraph.knownInput < 1 && subgraph.knownInput > 0.2)
  }

  /// Some features, a token and the outputs, in groups.
  private func randomView(of graph: AttributionGraph, seed: UInt64) -> SavedView {
    var random = SeededGenerator(seed: seed)
    let pins = graph.nodes.indices.filter { _ in Bool.random(using: &random) }.map { graph.nodes[$0].id }
    var groups = (0..<5).map { SavedView.Supernode(key: "g\($0)", label: "group \($0)", members: []) }
    for pin in pins {
      let group = Int.random(in: 0..<8, using: &random)
      if group < 5 { groups[group].members.append(pin) }
    }
    return SavedView(pinnedIDs: pins.shuffled(using: &random), supernodes: groups)
  }

  @Test(arguments: 1..<9 as Range<UInt64>)
  func `shares agree with plain loops over a dense matrix`(seed: UInt64) {
    let graph = AttributionGraph.random(seed: seed, featuresPerLayer: 6)
    let subgraph = Subgraph(of: graph, view: randomView(of: graph, seed: seed))
    let count = graph.nodes.count
    var effects = Array(repeating: Array(repeating: 0.0, count: count), count: count)
    for (target, row) in graph.effects.rows.enumerated() {
      for (source, weight) in zip(row.sources, row.weights) { effects[target][Int(source)] = Double(weight) }
    }
    var found: [[Int]: Double] = [:]
    for edge in subgraph.edges { found[[edge.source, edge.target]] = edge.share }
    for (to, box) in subgraph.boxes.enumerated() {
      let inside = Set(box.members)
      let outer = box.members.map { target in
        (0..<count).reduce(0) { inside.contains($1) ? $0 : $0 + abs(effects[target][$1]) }
      }
      let parts = zip(box.members, outer).map { target, outer in
        let all = effects[target].reduce(0) { $0 + abs($1) }
        return all > 0 ? outer / all : 0
      }
      let weights = parts.map { parts.reduce(0, +) > 0 ? $0 / parts.reduce(0, +) : 0 }
      for (from, other) in subgraph.boxes.enumerated() where from != to {
        var share = 0.0
        for (member, target) in box.members.enumerated() where outer[member] > 0 {
          for source in other.members { share += weights[member] * effects[target][source] / outer[member] }
        }
        #expect(abs(share - (found[[from, to]] ?? 0)) < 1e-12)
      }
      let inputs = box.inputs
      let sum = inputs.shown + inputs.features + inputs.errors + inputs.embeddings + inputs.unseen
      #expect(abs(sum - (parts.contains { $0 > 0 } ? 1 : 0)) < 1e-12)
    }
    #expect(!subgraph.edges.contains { $0.source == $0.target })
  }

  @Test(arguments: 1..<9 as Range<UInt64>)
  func `the scores are those of the graph whose other features are error`(seed: UInt64) {
    let graph = AttributionGraph.random(seed: seed)
    let view = randomView(of: graph, seed: seed &+ 100)
    let pins = Set(view.pinnedIDs)
    // The dense matrix with the columns of other features added to those of their errors.
    let count = graph.nodes.count
    var merged = DirectEffects(nodeCount: count)
    for (target, row) in graph.effects.rows.enumerated() {
      if case .feature = graph.nodes[target].node, !pins.contains(graph.nodes[target].id) { continue }
      var dense = Array(repeating: Float(0), count: count)
      for (source, weight) in zip(row.sources, row.weights) {
        var place = Int(source)
        if case .feature(let layer, _, let position) = graph.nodes[place].node,
          !pins.contains(graph.nodes[place].id)
        {
          place = graph.nodes.firstIndex { $0.node == .error(layer: layer, position: position) } ?? -1
        }
        dense[place] += weight
      }
      merged.rows[target] = .init(sources: (0..<count).map { Int32($0) }, weights: dense)
    }
    var oracle = graph
    oracle.effects = merged
    let plain = PlainInfluence(of: oracle)
    let scores = Subgraph(of: graph, view: view).scores
    #expect(abs(scores.replacement - plain.replacement) < 1e-5)
    #expect(abs(scores.completeness - plain.completeness) < 1e-5)
  }

  @Test func `all pinned is the graph, and nothing pinned is no features at all`() {
    let graph = AttributionGraph.random(seed: 5)
    let all = Subgraph(of: graph, view: SavedView(pinnedIDs: graph.nodes.map(\.id)))
    #expect(abs(all.scores.replacement - graph.scores().replacement) < 1e-6)
    #expect(all.extent.shownEdges == all.extent.edges && abs(all.extent.edgeInfluence - 1) < 1e-12)
    #expect(abs(all.extent.influence - 1) < 1e-12)
    let none = Subgraph(of: graph, view: SavedView())
    #expect(none.boxes.isEmpty && none.edges.isEmpty && none.extent.shownFeatures == 0)
    #expect(none.scores.replacement <= 1 && none.scores.replacement >= 0)
  }

  @Test(.enabled(if: SharedFiles.areAvailable, Comment(rawValue: SharedFiles.reason)))
  func `the groups of a published graph read from each other as its picture shows`() throws {
    let path = SharedFiles.url("graphs/gemma-small-big-en.json").path
    let graph = try GraphReading(contentsOfFile: path).graph
    let subgraph = Subgraph(of: graph, view: graph.openedView())
    #expect(subgraph.boxes.count == 9 && subgraph.boxes.filter(\.isSupernode).count == 5)
    func share(_ from: String, _ to: String) -> Double {
      subgraph.edges.first {
        subgraph.boxes[$0.source].label == from && subgraph.boxes[$0.target].label == to
      }?.share ?? 0
    }
    // Worked out from the file by a few lines of Python that follow the formula term by term.
    #expect(abs(share("say big / huge / large", #"Output "big" or "large""#) - 0.040100) < 1e-6)
    #expect(abs(share("large / size", "small") - 0.026433) < 1e-6)
    #expect(abs(share("opposite", "small") + 0.000636) < 1e-6)
    #expect(abs(share("small", "say big / huge / large") - 0.036829) < 1e-6)
    #expect(subgraph.scores.replacement > 0 && subgraph.scores.replacement < graph.scores().replacement)
  }
}
