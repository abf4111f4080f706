import BrowserSupport
import Clew
import Foundation
import TestSupport
import Testing

@Suite(
  .enabled(if: Chromium.isAvailable, "\(Chromium.reason)"),
  .enabled(if: SharedFiles.areAvailable, "\(SharedFiles.reason)"))
struct PanelTests {
  private static let name = "gemma-clt-fact-dallas-austin"

  @Test func `connections state the shares that the graph has`() async throws {
    let graph = try GraphReading(contentsOfFile: SharedFiles.url("graphs/\(Self.name).json").path).graph
    try await ExplorerPage.show(shared: [Self.name]) { explorer in
      let feature = try #require(try await explorer.shownFeatures().first)
      try await explorer.click(node: feature)
      let place = try #require(graph.nodes.firstIndex { $0.id == feature })
      let row = graph.effects.rows[place]
      let sum = row.weights.reduce(0) { $0 + Double(abs($1)) }
      let strongest = try #require(row.weights.indices.max { row.weights[$0] < row.weights[$1] })
      let source = graph.nodes[Int(row.sources[strongest])].id
      let text = try await explorer.page.text(.element("#inputs-rows .row", number: 0))
      let share = String(format: "%.1f %%", 100 * Double(row.weights[strongest]) / sum)
      #expect(text.contains("+\(share)"), "\(text)")
      #expect(
        try await explorer.page.attribute("data-id", of: .element("#inputs-rows .row", number: 0)) == source)
      #expect(try await explorer.page.text("#connections .columns div:first-child h3").hasPrefix("Inputs"))
      // The parts of the bar are all of the input.
      let widths: [Double] = try await explorer.page.evaluate(
        "[...document.querySelectorAll('.inputs > span')].map(part => parseFloat(part.style.width))")
      #expect(abs(widths.reduce(0, +) - 100) < 1e-3, "\(widths)")
      try await explorer.page.click(.element("#inputs-rows .row", number: 0))
      #expect(try await explorer.selected() == source)
    }
  }

  @Test(arguments: [
    ("gemma-clt-fact-dallas-austin", "0.6937", "0.8923"), ("gemma-small-big-en", "0.6025", "0.8754"),
  ])
  func `scores are those of the reference`(name: String, replacement: String, completeness: String)
    async throws
  {
    try await ExplorerPage.show(shared: [name]) { explorer in
      #expect(try await explorer.page.text("#replacement") == replacement)
      #expect(try await explorer.page.text("#completeness") == completeness)
      let sentence = try await explorer.page.text("#not-shown")
      #expect(sentence.contains("The file holds a pruned graph"))
      #expect(sentence.contains("starts in errors"))
      #expect(try await explorer.page.count("#layer-errors tbody tr") > 0)
    }
  }

  @Test func `the search finds what the library finds, and says what it does not understand`() async throws {
    let graph = try GraphReading(contentsOfFile: SharedFiles.url("graphs/\(Self.name).json").path).graph
    try await ExplorerPage.show(shared: [Self.name]) { explorer in
      for query in [
        "texas", "layer:20", "kind:error -layer<10", "pos:-1 kind:feature", "token:dallas", "activation>10",
        "id:E_26865_9",
        "\"say \" layer>15", "index:15589",
      ] {
        let expected = try graph.places(matching: NodeQuery(query)).map { graph.nodes[$0].id }
        try await explorer.page.fill("#search", with: query)
        let found: [String] = try await explorer.page.evaluate(
          "clew.found.map(place => clew.graph.ids[place])")
        #expect(found.sorted() == expected.sorted(), "\(query)")
        #expect(try await explorer.page.text("#search-state") == "\(expected.count) found")
      }
      for query in ["colour:red", "layer:", "\"open", "influence:0.4", "-"] {
        var message = ""
        do { _ = try NodeQuery(query) } catch { message = "\(error)" }
        try await explorer.page.fill("#search", with: query)
        #expect(try await explorer.page.text("#search-state") == message)
      }
    }
  }

  @Test func `the page reads the language of the search as the library does`() async throws {
    let file = SharedFiles.packageRoot.appending(path: "Tests/Fixtures/search.json")
    let cases = try #require(try JSON(parsing: Array(Data(contentsOf: file))).object)
    let graph = try #require(cases["graph"])
    try await ExplorerPage.show(graph: Data(try graph.bytes())) { explorer in
      let script = """
        const { matcher } = await import("/web/query.js");
        const answer = query => {
          try {
            const matches = matcher(query, clew);
            return clew.graph.ids.map((_, place) => place).filter(matches).join(" ");
          } catch (fault) {
            return "refused at " + /character (\\d+):/.exec(fault.message)[1];
          }
        };
        """
      for one in try #require(cases["matching"]?.array) {
        let query = try #require(one.object?["query"]?.string)
        let places = try #require(one.object?["places"]?.array).compactMap(\.int).map { "\($0)" }
        let answer: String = try await explorer.page.evaluate("\(script) answer(\(query.quotedForScript))")
        #expect(answer == places.joined(separator: " "), "\(query)")
      }
      for one in try #require(cases["refused"]?.array) {
        let query = try #require(one.object?["query"]?.string)
        let place = try #require(one.object?["place"]?.int)
        let answer: String = try await explorer.page.evaluate("\(script) answer(\(query.quotedForScript))")
        #expect(answer == "refused at \(place)", "\(query)")
      }
    }
  }

  @Test func `the table lists what is shown, and sorts`() async throws {
    try await ExplorerPage.show(shared: [Self.name]) { explorer in
      let page = explorer.page
      try await page.click("#tab-table")
      let shown: Int = try await page.evaluate("clew.linkGraph.shown.length")
      #expect(try await page.count("#node-table tbody tr") == min(shown, 200))
      try await page.click(.element("#node-table th button", saying: "Layer"))
      let layers: [String] = try await page.texts("#node-table tbody td:nth-child(3)")
      let numbers = layers.compactMap { Int($0) }
      #expect(numbers == numbers.sorted())
      try await page.click(.element("#node-table tbody button", number: 0))
      #expect(try await explorer.selected() != nil)
    }
  }

  @Test func `paths and cuts are the library's`() async throws {
    let graph = try GraphReading(contentsOfFile: SharedFiles.url("graphs/\(Self.name).json").path).graph
    try await ExplorerPage.show(shared: [Self.name]) { explorer in
      let page = explorer.page
      try await page.click("#tab-paths")
      try await page.click("#find-paths")
      try await page.waitFor("#path-table")
      let end = try #require(
        graph.nodes.indices.filter { if case .logit = graph.nodes[$0].node { true } else { false } }
          .max { (graph.nodes[$0].probability ?? 0) < (graph.nodes[$1].probability ?? 0) })
      let starts = graph.nodes.indices.filter {
        if case .embedding = graph.nodes[$0].node { true } else { false }
      }
      let answer = try graph.paths(PathQuestion(from: starts, to: end, count: 20, minimumSteps: 2))
      let ids: [String] = try await page.evaluate(
        "[...document.querySelectorAll('#path-table tbody tr:first-child .node')].map(one => one.dataset.id)")
      let strongest = try #require(answer.paths.first, "\(starts.count) starts, end \(graph.nodes[end])")
      #expect(ids == strongest.places.map { graph.nodes[$0].id })
      try await page.click(.element(".pin-path", number: 0))
      #expect(try await page.evaluate("\(ExplorerPage.list(ids)).every(id => clew.store.isPinned(id))"))
      try await page.click("#find-cut")
      try await page.waitFor("#cut-table")
      let cut = try graph.cut(CutQuestion(of: .node(end), loweringBy: 0.5, searchBudget: 20_000_000))
      #expect(try await page.count("#cut-table tbody tr") == cut.steps.count)
      let summary = try await page.text("#cut-summary")
      #expect(summary.contains("\(Int((100 * (cut.steps.last?.lowered ?? 0)).rounded())) %"), "\(summary)")
    }
  }

  @Test func `two graphs are compared as the library compares them`() async throws {
    let names = [Self.name, "gemma-small-big-en"]
    let pair = try names.map {
      try GraphReading(contentsOfFile: SharedFiles.url("graphs/\($0).json").path).graph
    }
    try await ExplorerPage.show(shared: names) { explorer in
      try await explorer.page.click("#tab-compare")
      try await explorer.page.click("#compare")
      try await explorer.page.waitFor("#comparison-summary")
      let text = try await explorer.page.text("#comparison-summary")
      #expect(text == "\(try pair[0].compared(with: pair[1]))")
      // What only the other graph has is told apart by layer and position, too.
      let added = try await explorer.page.texts("#compared-nodes tr.change-added td:nth-child(2)")
      #expect(!added.isEmpty && added.allSatisfy { $0.contains(" @") }, "\(added)")
    }
  }

  @Test func `two graphs are drawn over each other, and side by side`() async throws {
    let names = [Self.name, "gemma-small-big-en"]
    let pair = try names.map {
      try GraphReading(contentsOfFile: SharedFiles.url("graphs/\($0).json").path).graph
    }
    let comparison = try pair[0].compared(with: pair[1])
    let kept = try pair.map { Set(try $0.narrowed().graph.nodes.map(\.id)) }
    func isKept(_ change: GraphComparison.NodeChange, _ side: Int) -> Bool {
      (side == 0 ? change.first : change.second).map { kept[side].contains(pair[side].nodes[$0].id) } ?? false
    }
    try await ExplorerPage.show(shared: names) { explorer in
      let page = explorer.page
      try await page.click("#tab-compare")
      try await page.click("#compare")
      try await page.waitFor("#comparison-summary")
      try await page.select("overlay", in: "#compare-form")
      try await page.waitFor("#overlay svg")
      let shown = comparison.nodes.filter { isKept($0, 0) || isKept($0, 1) }
      for change in [GraphComparison.Change.added, .gone, .changed, .same] {
        #expect(
          try await page.count("#overlay .vertex.\(change.rawValue)") == shown.count { $0.change == change },
          "\(change)")
      }
      try await page.click(.element("[data-panel=lower]"))
      try await page.select("sides", in: "#compare-form")
      try await page.waitFor("#sides svg")
      for side in 0...1 {
        #expect(
          try await page.count("#sides figure:nth-child(\(side + 1)) .vertex")
            == comparison.nodes.count { isKept($0, side) })
      }
      // What stands for the same stands at the same place.
      #expect(
        try await page.evaluate(
          """
          [...document.querySelectorAll("#sides figure:first-child .vertex")].every(vertex => {
            const other = document.querySelector(`#sides figure:last-child [data-node="${vertex.dataset.node}"]`);
            return !other || other.getAttribute("d") === vertex.getAttribute("d");
          })
          """))
      try await page.click(.element("#sides figure:first-child .vertex.gone", number: 0))
      let selected = try #require(try await explorer.selected())
      #expect(kept[0].contains(selected))
    }
  }
}
