import BrowserSupport
import Clew
import Foundation
import TestSupport
import Testing

private let graphs = ["gemma-clt-fact-dallas-austin", "gemma-small-big-en", "dollar"]

@Suite(
  .enabled(if: Chromium.isAvailable, "\(Chromium.reason)"),
  .enabled(if: SharedFiles.areAvailable, "\(SharedFiles.reason)"))
struct LinkGraphTests {
  @Test(arguments: graphs)
  func `sliders keep what the library keeps`(name: String) async throws {
    let graph = try GraphReading(contentsOfFile: SharedFiles.url("graphs/\(name).json").path).graph
    try await ExplorerPage.show(shared: [name]) { explorer in
      for (nodes, edges) in [(0.8, 0.98), (0.5, 0.9), (0.95, 0.6), (1.0, 1.0)] {
        try await explorer.set(slider: "node-share", to: nodes)
        try await explorer.set(slider: "edge-share", to: edges)
        // What the file's own viewer pinned stays in any case.
        let pruning = try graph.narrowed(
          nodeShare: nodes, edgeShare: edges, sparing: Set(graph.openedView().pinnedIDs))
        let kept: [String] = try await explorer.page.evaluate(
          "clew.graph.ids.filter((_, place) => clew.pruning.isKept[place])")
        #expect(kept.sorted() == pruning.graph.nodes.map(\.id).sorted(), "\(nodes), \(edges)")
        let edgeCount: Int = try await explorer.page.evaluate("clew.pruning.edges.length")
        #expect(edgeCount == pruning.keptSources.reduce(0) { $0 + $1.count })
        let text = try await explorer.page.text("#kept")
        #expect(text.contains("keep \(Self.percent(pruning.keptInfluence)) of the influence"), "\(text)")
        #expect(text.contains("keep \(Self.percent(pruning.keptEdgeInfluence)) of what"), "\(text)")
      }
    }
  }

  @Test func `a click selects, another lets go, and Control pins`() async throws {
    try await ExplorerPage.show(shared: [graphs[0]]) { explorer in
      let feature = try #require(try await explorer.shownFeatures().first)
      try await explorer.click(node: feature)
      #expect(try await explorer.selected() == feature)
      #expect(try await explorer.page.text("#connections h2").isEmpty == false)
      try await explorer.click(node: feature)
      #expect(try await explorer.selected() == nil)
      try await explorer.click(node: feature, holding: .control)
      #expect(try await explorer.page.evaluate("clew.store.isPinned(\(feature.quotedForScript))"))
      #expect(try await explorer.selected() == nil)
    }
  }

  @Test func `the pointer shows what it is near, and Shift holds it`() async throws {
    try await ExplorerPage.show(shared: [graphs[0]]) { explorer in
      let features = try await explorer.shownFeatures()
      let label: String = try await explorer.page.evaluate(
        "clew.label(clew.graph.places.get(\(features[0].quotedForScript)))")
      try await explorer.page.move(to: explorer.place(of: features[0]))
      #expect(try await explorer.page.text("#tip b") == label)
      try await explorer.page.run("window.dispatchEvent(new KeyboardEvent('keydown', { key: 'Shift' }))")
      try await explorer.page.move(to: explorer.place(of: features[1]))
      #expect(try await explorer.page.text("#tip b") == label)
      try await explorer.page.run("window.dispatchEvent(new KeyboardEvent('keyup', { key: 'Shift' }))")
    }
  }

  @Test func `filters hide errors and the first token, and say how many`() async throws {
    try await ExplorerPage.show(shared: [graphs[0]]) { explorer in
      let page = explorer.page
      func shown(_ condition: String) async throws -> Int {
        try await page.evaluate("clew.linkGraph.shown.filter(place => \(condition)).length")
      }
      let errors = try await shown("clew.graph.kind[place] === 1")
      #expect(errors > 0)
      try await page.click("#hide-errors")
      #expect(try await shown("clew.graph.kind[place] === 1") == 0)
      #expect(try await page.text("#kept").contains("\(errors) nodes hidden by filters"))
      try await page.click("#hide-first")
      #expect(try await shown("clew.graph.position[place] === 0 && clew.graph.kind[place] !== 3") == 0)
      try await page.click("#undo")
      try await page.click("#undo")
      #expect(try await shown("clew.graph.kind[place] === 1") == errors)
    }
  }

  @Test func `edges say their sign by dashes, whatever their colour`() async throws {
    try await ExplorerPage.show(shared: [graphs[0]]) { explorer in
      let page = explorer.page
      // What the canvas is told to draw, from here on.
      try await page.run(
        """
        window.strokes = [];
        const { bezierCurveTo, stroke } = CanvasRenderingContext2D.prototype;
        let isCurve = false;
        CanvasRenderingContext2D.prototype.bezierCurveTo = function (...points) {
          isCurve = true;
          bezierCurveTo.apply(this, points);
        };
        CanvasRenderingContext2D.prototype.stroke = function (...path) {
          if (isCurve) strokes.push([this.strokeStyle, this.getLineDash().length > 0]);
          isCurve = false;
          stroke.apply(this, path);
        };
        """)
      func drawn() async throws -> [Bool] {
        try await page.run(
          """
          strokes.length = 0;
          clew.linkGraph.edgesAreOld = true;
          clew.linkGraph.draw();
          new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))
          """)
        #expect(try await page.evaluate("new Set(strokes.map(String)).size") == 2)
        return try await page.evaluate("strokes.map(([, isDashed]) => isDashed)")
      }
      let all = try await drawn()
      let negative: Int = try await page.evaluate(
        "clew.linkGraph.strongest.filter(({ edge }) => clew.graph.weights[edge] < 0).length")
      #expect(negative > 0 && negative < all.count)
      #expect(all.count { $0 } == negative)
      // Without all edges, those of the selected node are left.
      let feature = try #require(try await explorer.shownFeatures().first)
      try await explorer.click(node: feature)
      try await page.click("#all-edges")
      let own: Int = try await page.evaluate("clew.linkGraph.selectedEdges().length")
      #expect(try await drawn().count == own)
      #expect(own < all.count)
    }
  }

  @Test func `the wheel goes nearer to what is under it, and Fit shows all again`() async throws {
    try await ExplorerPage.show(shared: [graphs[1]]) { explorer in
      let feature = try #require(try await explorer.shownFeatures().first)
      let before = try await explorer.place(of: feature)
      let frame = try await explorer.page.frame(of: "#nodes")
      let offset = Point(x: before.x - frame.x, y: before.y - frame.y)
      try await explorer.page.wheel("#nodes", y: -600, at: offset)
      try await explorer.page.waitUntil("clew.linkGraph.scale > 1.5")
      let after = try await explorer.place(of: feature)
      // The mouse stands on whole pixels.
      #expect(abs(after.x - before.x) < 2 && abs(after.y - before.y) < 2, "\(before) \(after)")
      try await explorer.page.click("#fit")
      #expect(try await explorer.page.evaluate("clew.linkGraph.scale") == 1)
    }
  }

  @Test func `folding makes quiet tokens narrow and empty layers low`() async throws {
    try await ExplorerPage.show(shared: [graphs[0]]) { explorer in
      let page = explorer.page
      try await explorer.set(slider: "node-share", to: 0.4)
      func total(_ what: String) async throws -> Int {
        try await page.evaluate("clew.linkGraph.layout.\(what).filter(one => one.isFolded).length")
      }
      #expect(try await total("columns") == 0)
      #expect(try await total("rows") == 0)
      try await page.click("#fold-tokens")
      try await page.click("#fold-layers")
      #expect(try await total("columns") > 0)
      #expect(try await total("rows") > 0)
    }
  }

  @Test func `the keyboard walks, selects, pins and follows links`() async throws {
    try await ExplorerPage.show(shared: [graphs[0]]) { explorer in
      let page = explorer.page
      try await page.run("document.getElementById('nodes').focus()")
      try await page.press("ArrowUp")
      let first: Int = try await page.evaluate("clew.hovered")
      #expect(first >= 0)
      try await page.press("ArrowDown")
      let below: Int = try await page.evaluate("clew.hovered")
      #expect(
        try await page.evaluate(
          "clew.linkGraph.layout.y[\(below)] > clew.linkGraph.layout.y[\(first)]"))
      let feature = try #require(try await explorer.shownFeatures().first)
      try await page.run("clew.hover(clew.graph.places.get(\(feature.quotedForScript)))")
      try await page.press("Enter")
      let selected: Int = try await page.evaluate("clew.selected")
      #expect(try await explorer.selected() == feature)
      try await page.press("p")
      #expect(try await page.evaluate("clew.store.isPinned(clew.graph.ids[\(selected)])"))
      try await page.press("n")
      #expect(
        try await page.evaluate(
          """
          (() => {
            const shown = clew.links(clew.selected).inputs.filter(link => clew.isShown[link.place]);
            const most = Math.max(...shown.map(link => Math.abs(link.share)));
            return Math.abs(shown.find(link => link.place === clew.hovered).share) === most;
          })()
          """))
      #expect(try await page.text("#live").isEmpty == false)
      try await page.press("Escape")
      #expect(try await page.evaluate("clew.selected") == -1)
    }
  }

  private static func percent(_ share: Double) -> String { NumberText.percent(share, decimals: 1) }
}
