import BrowserSupport
import Clew
import Foundation
import TestSupport
import Testing

/// How fast the page is; measured when asked for, on an otherwise quiet machine:
///
///     CLEW_MEASURE=1 ./clew test --filter SpeedMeasurements
///
/// CLEW_COMMAND names another build of the command to measure, the release one say.
@Suite(
  .enabled(if: Chromium.isAvailable, "\(Chromium.reason)"),
  .enabled(if: ProcessInfo.processInfo.environment["CLEW_MEASURE"] != nil, "CLEW_MEASURE asks for nothing"),
  .serialized)
struct SpeedMeasurements {
  /// A made-up graph of a large trace: tokens, errors, features in all layers, answers, and random edges upwards.
  private static func graph(nodes nodeCount: Int, edges edgeCount: Int) throws -> Data {
    var state: UInt64 = 1
    func random(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    let (layers, positions, answers) = (26, 40, 10)
    var nodes = (0..<positions).map { GraphNode(node: .embedding(position: $0), id: "E_\($0)_\($0)") }
    for layer in 0..<layers {
      for position in 0..<positions {
        nodes.append(GraphNode(node: .error(layer: layer, position: position), id: "\(layer)_-1_\(position)"))
      }
    }
    let featureCount = nodeCount - nodes.count - answers
    for number in 0..<featureCount {
      let (layer, position) = (number * layers / featureCount, random(positions))
      nodes.append(
        GraphNode(
          node: .feature(layer: layer, index: number, position: position),
          id: "\(layer)_\(number)_\(position)",
          label: "feature \(number)", activation: Float(1 + random(100)) / 10))
    }
    for answer in 0..<answers {
      nodes.append(
        GraphNode(
          node: .logit(token: answer, position: positions - 1), id: "\(layers)_\(answer)_\(positions - 1)",
          label: "Output \"\(answer)\" (p=0.0\(answer))", probability: 0.4 / Double(answer + 1)))
    }
    var effects = DirectEffects(nodeCount: nodes.count)
    let targets = nodes.indices.filter { nodes[$0].activation != nil || nodes[$0].probability != nil }
    for (rank, target) in targets.enumerated() {
      let wanted = edgeCount * (rank + 1) / targets.count - edgeCount * rank / targets.count
      var sources: Set<Int> = []
      let level = nodes[target].node.layer ?? layers
      for _ in 0..<wanted * 30 where sources.count < wanted {
        let source = random(nodes.count - answers)
        guard (nodes[source].node.layer ?? -1) < level,
          nodes[source].node.position <= nodes[target].node.position
        else { continue }
        sources.insert(source)
      }
      let sorted = sources.sorted()
      effects.rows[target] = .init(
        sources: sorted.map { Int32($0) }, weights: sorted.map { _ in Float(random(2001) - 1000) / 1000 })
    }
    let graph = AttributionGraph(
      metadata: GraphMetadata(
        slug: "large", scan: "made-up", prompt: "made up", promptTokens: (0..<positions).map { " t\($0)" },
        layerCount: layers),
      nodes: nodes, effects: effects, rootWeights: nodes.map { $0.probability ?? 0 })
    print("\(nodes.count) nodes, \(effects.edgeCount) edges")
    return Data(try graph.json())
  }

  @Test func `a graph of 10000 nodes and a million edges`() async throws {
    try await ExplorerPage.show(graph: Self.graph(nodes: 10_000, edges: 1_100_000)) { explorer in
      let page = explorer.page
      for round in ["first", "second"] {
        let start = ContinuousClock.now
        try await explorer.open()
        print("opening, \(round) time: \(ContinuousClock.now - start)")
      }
      let frames = try await page.frameTimes {
        try await page.run(
          """
          const slider = document.getElementById("node-share");
          for (let step = 0; step < 120; step++) {
            slider.value = 0.3 + 0.6 * Math.abs(Math.sin(step / 20));
            slider.dispatchEvent(new Event("input", { bubbles: true }));
            await new Promise(done => requestAnimationFrame(done));
          }
          """)
      }
      print(
        "while the slider moves: \(frames.perSecond) frames a second, the longest \(frames.longest) ms, "
          + "\(frames.intervals.count) frames")
      print("megabytes of scripts: \(try await page.heapSize() >> 20)")
    }
  }

  @Test func `an Atlas trace from Enter to its graph`() async throws {
    try await ExplorerPage.showAtlas { explorer in
      let page = explorer.page
      for prompt in [
        "the opposite of hot is", "the capital of the state containing Miami is", "the opposite of big is",
      ] {
        try await page.fill("#prompt", with: prompt)
        try await page.run("clew.traces.took = 0")
        try await page.press("Enter")
        try await page.waitUntil("clew.traces.took > 0")
        let took: Double = try await page.evaluate("clew.traces.took")
        print("\(prompt): \(took) ms")
      }
    }
  }
}
