import BrowserSupport
import Clew
import Foundation
import TestSupport
import Testing

private let graphs = ["gemma-clt-fact-dallas-austin", "gemma-small-big-en", "dollar"]

/// What of a graph is drawn: what sliders keep, what a file's maker left, and always what is pinned or selected.
@Suite(
  .enabled(if: Chromium.isAvailable, "\(Chromium.reason)"),
  .enabled(if: SharedFiles.areAvailable, "\(SharedFiles.reason)"))
struct KeptNodesTests {
  /// The trace that Atlas is opened with.
  private static func trace() throws -> PromptTrace {
    let root = SharedFiles.packageRoot
    let model = try TracingModel(
      model: root.appending(path: "Examples/Atlas/model"),
      transcoders: root.appending(path: "Transcoders/atlas-clt"))
    return try PromptTrace.trace(
      TraceRequest(prompt: "the capital of the state containing Dallas is"), with: model)
  }

  @Test func `a trace's sliders keep what the library keeps, and what is pinned`() async throws {
    let graph = try Self.trace().result.graph
    try await ExplorerPage.showAtlas { explorer in
      let page = explorer.page
      func kept() async throws -> [String] {
        try await page.evaluate("clew.graph.ids.filter((_, place) => clew.pruning.isKept[place]).sort()")
      }
      var pinned: Set<String> = []
      for (nodes, edges) in [(0.8, 0.98), (0.5, 0.9), (0.95, 0.6), (1.0, 1.0), (0.3, 0.7)] {
        try await explorer.set(slider: "node-share", to: nodes)
        try await explorer.set(slider: "edge-share", to: edges)
        let pruning = try graph.pruned(nodeShare: nodes, edgeShare: edges, sparing: pinned)
        #expect(try await kept() == pruning.graph.nodes.map(\.id).sorted(), "\(nodes), \(edges)")
        let edgeCount: Int = try await page.evaluate("clew.pruning.edgeCount")
        #expect(edgeCount == pruning.keptSources.reduce(0) { $0 + $1.count })
        // One more that is left out here is pinned: it is there at once, and what follows keeps it.
        guard let hidden = graph.nodes.indices.first(where: { !pruning.nodeMask[$0] }) else { continue }
        pinned.insert(graph.nodes[hidden].id)
        try await page.run("clew.togglePin(\(hidden))")
        #expect(try await page.evaluate("clew.isShown[\(hidden)] === 1"))
        let more = try graph.pruned(nodeShare: nodes, edgeShare: edges, sparing: pinned)
        #expect(try await kept() == more.graph.nodes.map(\.id).sorted())
      }
      // A file that is saved has the same nodes, and pins that are taken off leave nothing behind.
      try await explorer.waitUntilSaved()
      let download = try await page.download { try await page.click("#save-file") }
      let saved = try GraphReading(json: [UInt8](download.contents)).graph
      let expected = try graph.pruned(nodeShare: 0.3, edgeShare: 0.7, sparing: pinned).graph
      #expect(saved.nodes.map(\.id).sorted() == expected.nodes.map(\.id).sorted())
      for id in pinned { try await page.run("clew.togglePin(clew.graph.places.get(\(id.quotedForScript)))") }
      let plain = try graph.pruned(nodeShare: 0.3, edgeShare: 0.7)
      #expect(try await kept() == plain.graph.nodes.map(\.id).sorted())
    }
  }

  @Test(arguments: graphs)
  func `a file that was pruned opens as its maker left it`(name: String) async throws {
    let graph = try GraphReading(contentsOfFile: SharedFiles.url("graphs/\(name).json").path).graph
    try await ExplorerPage.show(shared: [name]) { explorer in
      let page = explorer.page
      #expect(try await page.evaluate("clew.linkGraph.shown.length") == graph.nodes.count)
      let links = graph.effects.rows.reduce(0) { $0 + $1.weights.count { $0 != 0 } }
      #expect(try await page.evaluate("clew.pruning.edgeCount") == links)
      let slider: Double = try await page.evaluate("Number(document.getElementById('node-share').value)")
      #expect(slider == graph.metadata.nodeThreshold)
      // The slider, the search and the panels speak of one influence: the one that the file states.
      try await explorer.set(slider: "node-share", to: 0.6)
      let within = graph.nodes.filter { node in
        switch node.node {
        case .feature, .error: node.influence.map { $0 <= 0.6 } ?? true
        case .embedding, .logit: true
        }
      }.map(\.id)
      let pinned = graph.openedView().pinnedIDs.filter { id in graph.nodes.contains { $0.id == id } }
      let drawn: [String] = try await page.evaluate(
        "clew.linkGraph.shown.map(place => clew.graph.ids[place])")
      #expect(drawn.sorted() == Set(within + pinned).sorted())
      try await page.fill("#search", with: "influence<=0.6 -kind:embedding")
      let found: [String] = try await page.evaluate("clew.found.map(place => clew.graph.ids[place])")
      let features = Set(
        graph.nodes.filter { ($0.influence ?? 2) <= 0.6 && !$0.id.hasPrefix("E_") }.map(\.id))
      #expect(Set(found) == features && features.isSubset(of: drawn))
      // What the slider hides is drawn once it is selected or pinned, and hidden again after.
      let isDrawnAtFirst = graph.nodes.map { Set(drawn).contains($0.id) }
      var read: Set<Int32> = []
      for (row, isDrawn) in zip(graph.effects.rows, isDrawnAtFirst) where isDrawn {
        read.formUnion(row.sources)
      }
      let hidden = try #require(graph.nodes.indices.first { !isDrawnAtFirst[$0] && read.contains(Int32($0)) })
      let isDrawn =
        "clew.linkGraph.shown.includes(\(hidden)) && !Number.isNaN(clew.linkGraph.at(\(hidden))[0])"
      #expect(try await !page.evaluate(isDrawn))
      try await page.run("clew.select(\(hidden))")
      #expect(try await page.evaluate(isDrawn))
      #expect(try await page.evaluate("clew.linkGraph.selectedEdges().length > 0"))
      let legend = try await page.text("#connections .status")
      #expect(!legend.contains("not shown 100 %"), "\(legend)")
      try await page.run("clew.togglePin(\(hidden)); clew.select(-1)")
      #expect(try await page.evaluate(isDrawn))
      if case .error = graph.nodes[hidden].node { try await page.click("#hide-errors") }
      #expect(try await page.evaluate(isDrawn))
      try await page.run("clew.togglePin(\(hidden))")
      #expect(try await !page.evaluate(isDrawn))
    }
  }

  @Test func `what a file's viewer pinned is drawn, whatever its influence`() async throws {
    let name = "gemma-small-big-en"
    let graph = try GraphReading(contentsOfFile: SharedFiles.url("graphs/\(name).json").path).graph
    let pinned = graph.openedView().pinnedIDs.filter { id in graph.nodes.contains { $0.id == id } }
    #expect(!pinned.isEmpty)
    try await ExplorerPage.show(shared: [name]) { explorer in
      for share in [0.7, 0.3, 0.05, 0] {
        try await explorer.set(slider: "node-share", to: share)
        let drawn: [String] = try await explorer.page.evaluate(
          "clew.linkGraph.shown.map(place => clew.graph.ids[place])")
        #expect(Set(pinned).isSubset(of: drawn), "\(share)")
      }
    }
  }

  @Test func `a trace's own file, opened as a file, shows all that it holds`() async throws {
    let pruned = try Self.trace().pruning.graph
    try await ExplorerPage.show(graph: Data(try pruned.json())) { explorer in
      let shown: Int = try await explorer.page.evaluate("clew.linkGraph.shown.length")
      let edges: Int = try await explorer.page.evaluate("clew.pruning.edgeCount")
      #expect(shown == pruned.nodes.count && edges == pruned.effects.edgeCount)
    }
  }

  @Test(arguments: graphs)
  func `the share of the answer that passes through a node is the library's`(name: String) async throws {
    let graph = try GraphReading(contentsOfFile: SharedFiles.url("graphs/\(name).json").path).graph
    let expected = graph.answerShares()
    try await ExplorerPage.show(shared: [name]) { explorer in
      let shares: [Double] = try await explorer.page.evaluate(
        "clew.graph.ids.map((_, place) => clew.answerShare(place))")
      #expect(shares.count == expected.count)
      // Sums over thousands of paths, in another order.
      #expect(zip(shares, expected).allSatisfy { abs($0 - $1) < 1e-9 })
    }
  }

  @Test func `edges that are stored as zero are not counted`() async throws {
    let json = """
      {"metadata": {"slug": "zeros", "scan": "made-up", "prompt_tokens": ["a", "b"], "prompt": "ab"}, "qParams": {},
       "nodes": [
        {"node_id": "E_1_0", "feature": 1, "layer": "E", "ctx_idx": 0, "feature_type": "embedding"},
        {"node_id": "0_7_1", "feature": 7, "layer": "0", "ctx_idx": 1, "feature_type": "cross layer transcoder"},
        {"node_id": "1_3_1", "feature": 3, "layer": "1", "ctx_idx": 1, "feature_type": "logit",
         "token_prob": 0.9985, "clerp": "Output \\"b\\" (p=0.9985)"}],
       "links": [{"source": "E_1_0", "target": "0_7_1", "weight": 1}, {"source": "E_1_0", "target": "1_3_1", "weight": 0},
                 {"source": "0_7_1", "target": "1_3_1", "weight": 2}]}
      """
    try await ExplorerPage.show(graph: Data(json.utf8)) { explorer in
      let text = try await explorer.page.text("#kept")
      #expect(text.contains("2 of 2 edges"), "\(text)")
      #expect(try await explorer.page.text("#kept-edges").hasPrefix("2 kept of 2"))
      // All of the answer passes through the feature, which is told in the same words everywhere.
      try await explorer.page.run("clew.select(1)")
      #expect(
        try await explorer.page.text("#feature .facts").contains("100 % of the answer passes through here"))
      #expect(try await explorer.page.evaluate("clew.outputText(2)") == "b 99.9 %")
    }
  }
}
