import BrowserSupport
import Clew
import Foundation
import TestSupport
import Testing

/// How the page looks and answers: where answers stand, what the pointer and Escape do, what goes to paper.
@Suite(
  .enabled(if: Chromium.isAvailable, "\(Chromium.reason)"),
  .enabled(if: SharedFiles.areAvailable, "\(SharedFiles.reason)"))
struct LooksOfPageTests {
  private static let name = "gemma-clt-fact-dallas-austin"

  @Test(arguments: ["gemma-clt-fact-dallas-austin", "gemma-small-big-en", "dollar"])
  func `answers stand over the position that makes them, and both axes are filled`(name: String) async throws
  {
    try await ExplorerPage.show(shared: [name]) { explorer in
      let page = explorer.page
      let isOver: Bool = try await page.evaluate(
        """
        clew.linkGraph.shown.filter(place => clew.graph.kind[place] === 3).every(place => {
          const { left, width } = clew.linkGraph.layout.columns[clew.graph.position[place]];
          const [x] = clew.linkGraph.at(place);
          return x >= left && x <= left + width;
        })
        """)
      #expect(isOver)
      let spread: [Double] = try await page.evaluate(
        """
        (() => {
          const at = clew.linkGraph.shown.map(place => clew.linkGraph.at(place)), [width, height] = clew.linkGraph.size;
          const range = axis => Math.max(...at.map(one => one[axis])) - Math.min(...at.map(one => one[axis]));
          return [range(0) / width, range(1) / height];
        })()
        """)
      #expect(spread[0] > 0.6 && spread[1] > 0.5, "\(spread)")
      // The likeliest answers first, none on another.
      let places: [Double] = try await page.evaluate(
        """
        clew.linkGraph.shown.filter(place => clew.graph.kind[place] === 3)
          .sort((a, b) => clew.graph.probability[b] - clew.graph.probability[a] || a - b)
          .map(place => clew.linkGraph.at(place)[0])
        """)
      #expect(zip(places, places.dropFirst()).allSatisfy { $1 - $0 > 5 }, "\(places)")
    }
  }

  @Test func `ten thousand nodes fill the panel, in smaller signs`() async throws {
    let tokens = (0..<30).map { "\"t\($0)\"" }.joined(separator: ",")
    let ids = (0..<10_000).map { (layer: $0 * 7 % 26, number: $0, position: $0 * $0 % 29) }
    let nodes = ids.map {
      """
      {"node_id": "\($0.layer)_\($0.number)_\($0.position)", "feature": \($0.number), "layer": "\($0.layer)",
       "ctx_idx": \($0.position), "feature_type": "cross layer transcoder", "influence": \(Double($0.number) / 10_000)}
      """
    }
    let answer = """
      {"node_id": "27_3_29", "feature": 3, "layer": "27", "ctx_idx": 29, "feature_type": "logit", "token_prob": 0.5,
       "clerp": "Output b (p=0.5)"}
      """
    let links = ids.map {
      #"{"source": "\#($0.layer)_\#($0.number)_\#($0.position)", "target": "27_3_29", "weight": 1}"#
    }
    let json = """
      {"metadata": {"slug": "many", "scan": "made-up", "prompt_tokens": [\(tokens)], "prompt": "many"}, "qParams": {},
       "nodes": [\((nodes + [answer]).joined(separator: ","))], "links": [\(links.joined(separator: ","))]}
      """
    try await ExplorerPage.show(graph: Data(json.utf8)) { explorer in
      let parts: [Double] = try await explorer.page.evaluate(
        """
        (() => {
          const at = clew.linkGraph.shown.map(place => clew.linkGraph.at(place)), [width, height] = clew.linkGraph.size;
          const inside = at.filter(([x, y]) => x >= 0 && x <= width && y >= 0 && y <= height).length;
          const below = at.filter(([, y]) => y > height / 2).length;
          return [at.length, inside / at.length, below / at.length, clew.linkGraph.radius];
        })()
        """)
      #expect(parts[0] == 10_001 && parts[1] == 1, "\(parts)")
      #expect(parts[2] > 0.3 && parts[3] < 2.5, "\(parts)")
    }
  }

  @Test func `the feature panel follows the pointer, and goes back to what is selected`() async throws {
    try await ExplorerPage.show(shared: [Self.name]) { explorer in
      let page = explorer.page
      let feature = try #require(try await explorer.shownFeatures().first)
      try await explorer.click(node: feature)
      try await page.run("clew.hover(-1)")
      let own = try await page.text("#feature h2")
      let other: String = try await page.evaluate(
        """
        (() => {
          const row = document.querySelector("#inputs-rows .row");
          row.dispatchEvent(new PointerEvent("pointerenter"));
          const place = clew.graph.places.get(row.dataset.id), { kind, index, layer } = clew.graph;
          return kind[place] === 0 ? `Feature ${index[place]} of layer ${layer[place]}` : ["", "error", "embedding"][kind[place]];
        })()
        """)
      let shown = try await page.text("#feature h2")
      #expect(shown == other && shown != own)
      #expect(try await explorer.selected() == feature)
      try await page.run("clew.hover(-1)")
      #expect(try await page.text("#feature h2") == own)
      // A label that is being written stays.
      try await page.run(
        "document.getElementById('label').focus(); clew.hover(clew.links(clew.selected).inputs[0].place)")
      #expect(try await page.text("#feature h2") == own)
    }
  }

  @Test func `a feature's other positions are told`() async throws {
    let graph = try GraphReading(contentsOfFile: SharedFiles.url("graphs/\(Self.name).json").path).graph
    var places: [String: [Int]] = [:]
    for (place, node) in graph.nodes.enumerated() {
      if case .feature(let layer, let index, _) = node.node {
        places["\(layer)/\(index)", default: []].append(place)
      }
    }
    let several = try #require(places.values.filter { $0.count > 1 }.min { $0[0] < $1[0] })
    try await ExplorerPage.show(shared: [Self.name]) { explorer in
      let others: [Int] = try await explorer.page.evaluate(
        "clew.sameFeature(\(several[0])).sort((a, b) => a - b)")
      #expect(others == several.dropFirst().sorted())
      try await explorer.page.run("clew.select(\(several[0]))")
      let facts = try await explorer.page.text("#feature .facts")
      #expect(facts.contains("also at"), "\(facts)")
    }
  }

  @Test func `Escape leaves what is enlarged, in the graph after the selection`() async throws {
    try await ExplorerPage.show(shared: [Self.name]) { explorer in
      let page = explorer.page
      try await page.click(.element("[data-panel=lower]"))
      #expect(try await page.count(".enlarged") == 1)
      try await page.press("Escape")
      #expect(try await page.count(".enlarged") == 0)
      #expect(try await page.attribute("aria-pressed", of: "[data-panel=lower]") == "false")
      try await page.click(.element("[data-panel=links]"))
      try await page.waitUntil("clew.linkGraph.size[0] > innerWidth - 60")
      let feature = try #require(try await explorer.shownFeatures().first)
      try await explorer.click(node: feature)
      try await page.press("Escape")
      #expect(try await explorer.selected() == nil)
      #expect(try await page.count(".enlarged") == 1)
      try await page.press("Escape")
      #expect(try await page.count(".enlarged") == 0)
      // A dialog closes alone.
      try await page.click(.element("[data-panel=lower]"))
      try await page.run("document.getElementById('nodes').focus()")
      try await page.press("?")
      try await page.waitFor("dialog[open]")
      try await page.press("Escape")
      try await page.waitFor("dialog", toBe: .gone)
      #expect(try await page.count(".enlarged") == 1)
    }
  }

  @Test func `on paper the graph is there, light, and nothing is cut`() async throws {
    try await ExplorerPage.show(shared: [Self.name]) { explorer in
      let page = explorer.page
      try await page.emulate(Media(colorScheme: .dark))
      try await page.click("#tab-table")
      try await page.run("window.dispatchEvent(new Event('beforeprint'))")
      try await page.emulate(Media(colorScheme: .dark, isPrint: true))
      let ink: [Double] = try await page.evaluate(
        """
        (() => {
          const canvas = document.getElementById("printed"), box = canvas.getBoundingClientRect();
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          let drawn = 0;
          for (let at = 3; at < data.length; at += 4) if (data[at] > 0) drawn++;
          const table = document.getElementById("node-table").getBoundingClientRect();
          return [drawn / (canvas.width * canvas.height), box.width, box.height,
            document.documentElement.scrollHeight - table.bottom - scrollY];
        })()
        """)
      #expect(ink[0] > 0.02 && ink[1] > 300 && ink[2] > 150, "\(ink)")
      #expect(ink[3] > -1, "\(ink)")
      #expect(try await page.style("background-color", of: "body") == "rgb(255, 255, 255)")
      #expect(try await page.style("display", of: "#edges") == "none")
      // The page itself goes on as before.
      try await page.emulate(Media(colorScheme: .dark))
      #expect(try await page.style("background-color", of: "body") != "rgb(255, 255, 255)")
      #expect(try await page.style("display", of: "#printed") == "none")
    }
  }

  @Test func `a label of any length leaves room for the lists`() async throws {
    try await ExplorerPage.show(shared: [Self.name]) { explorer in
      let page = explorer.page
      let feature = try #require(try await explorer.shownFeatures().first)
      try await page.run(
        "clew.graph.labels[clew.graph.places.get(\(feature.quotedForScript))] = 'a long word '.repeat(2000)")
      try await explorer.click(node: feature)
      #expect(try await page.frame(of: "#connections h2").height < 90)
      #expect(try await page.frame(of: "#inputs-rows").height > 40)
      try await page.click("#tab-table")
      let (table, panel) = try await (page.frame(of: "#node-table"), page.frame(of: "#tab-panel"))
      #expect(table.width <= panel.width)
    }
  }

  @Test func `shares near nothing and near all are not written as these, and answers have their own names`()
    async throws
  {
    try await ExplorerPage.show(shared: [Self.name]) { explorer in
      let shares = [
        0.9985, 0.99996, 0.99999999, 1, 1 - 1e-15, 3e-8, 0, -0.000003, -0.25, 0.994, -0.9999, -1, 1.5,
        0.333333, 2,
      ]
      let texts: [[String]] = try await explorer.page.evaluate(
        """
        const { percent } = await import("/web/graph.js");
        [0, 1, 2, 3].map(digits => \(shares).map(share => percent(share, digits)))
        """)
      for decimals in 0...3 {
        #expect(texts[decimals] == shares.map { NumberText.percent($0, decimals: decimals) })
      }
      let labels = [
        #"Output " Austin" (p=0.41)"#, #"[Output "big" or "large"] Output "large" (p=0.42)"#,
        #"output: "Austin" (p=0.984)"#, #"Output " Sacramento −  Springfield" (p=1.000)"#,
        #"Output "say "hi"" (p=0.1)"#, "plain (p=0.5)", #"Output "[x] y" (p=0.2)"#,
      ]
      let answers: [String] = try await explorer.page.evaluate(
        """
        const { Graph } = await import("/web/graph.js");
        \(ExplorerPage.list(labels)).map(label => Graph.prototype.answerToken.call({ labels: [label], difference: [] }, 0))
        """)
      #expect(
        answers == [
          " Austin", "large", "Austin", " Sacramento −  Springfield", #"say "hi""#, "plain", "[x] y",
        ])
    }
  }

  @Test func `a slider that can do nothing says so`() async throws {
    try await ExplorerPage.show(shared: [Self.name]) { explorer in
      let title: String = try await explorer.page.evaluate(
        "document.querySelector('#density').closest('label').title")
      #expect(title.contains("not known"))
      #expect(try await explorer.page.attribute("disabled", of: "#density") != nil)
    }
  }
}
