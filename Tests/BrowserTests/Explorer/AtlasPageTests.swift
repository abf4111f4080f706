import BrowserSupport
import Clew
import Foundation
import TestSupport
import Testing

/// The page with the demo world's model behind it: what it shows are the model's own numbers.
@Suite(.enabled(if: Chromium.isAvailable, "\(Chromium.reason)"))
struct AtlasPageTests {
  private static func open() throws -> TracingModel {
    let root = SharedFiles.packageRoot
    return try TracingModel(
      model: root.appending(path: "Examples/Atlas/model"),
      transcoders: root.appending(path: "Transcoders/atlas-clt"))
  }

  /// The feature that matters most of those that are shown.
  private func selectStrongest(_ explorer: ExplorerPage) async throws -> String {
    let feature = try #require(try await explorer.shownFeatures().first)
    try await explorer.click(node: feature)
    #expect(try await explorer.selected() == feature)
    return feature
  }

  @Test func `a prompt is traced from the page, and its graph is kept`() async throws {
    try await ExplorerPage.showAtlas { explorer in
      let page = explorer.page
      try await page.fill("#prompt", with: "the opposite of hot is")
      try await page.press("Enter")
      try await page.waitUntil("clew.graph.head.slug === 'the-opposite-of-hot-is'")
      let trace = try PromptTrace.trace(TraceRequest(prompt: "the opposite of hot is"), with: Self.open())
      #expect(try await page.evaluate("clew.graph.count") == trace.result.graph.nodes.count)
      #expect(try await page.text("#replacement").hasPrefix(String(format: "%.4f", trace.scores.replacement)))
      #expect(try await page.text("#coverage").contains("%"))
      let files = try explorer.folder.files().filter { $0.hasPrefix("traces/the-opposite-of-hot-is/") }
      #expect(files.contains("traces/the-opposite-of-hot-is/graph.json"), "\(files)")
      // The old graph is still there.
      #expect(try await page.count("#graphs option") == 2)
    }
  }

  @Test func `a prompt that cannot be traced is refused in a sentence`() async throws {
    try await ExplorerPage.showAtlas { explorer in
      let page = explorer.page
      // Typing that much takes minutes.
      try await page.run("document.getElementById('prompt').value = 'the capital '.repeat(700)")
      try await page.click("#trace")
      try await page.waitFor("#toast")
      #expect(try await page.text("#toast").contains("tokens"))
      _ = try await page.takeTroubles()
    }
  }

  @Test func `the strip of answers has the model's log-probabilities, and traces what is chosen`()
    async throws
  {
    let answers = try Self.open().answers(to: "the capital of the state containing Dallas is")
    try await ExplorerPage.showAtlas { explorer in
      let page = explorer.page
      try await page.click("#tab-answers")
      try await page.waitFor("#strip")
      let shown = try await page.texts(.element("#strip small:nth-of-type(1)"))
      let expected = answers.positions.map { $0.logProbability.map { String(format: "%.2f", $0) } ?? "–" }
      #expect(
        shown.map { $0.replacing("-0.00", with: "0.00") }
          == expected.map { $0.replacing("-0.00", with: "0.00") })
      try await page.click(.element("#strip .strip-token", number: 5))
      let next = answers.positions[5].next
      #expect(
        try await page.text("#next-token h3").contains("entropy \(String(format: "%.3f", next.entropy)) nats")
      )
      try await page.click("#trace-here")
      try await page.waitUntil("clew.graph.tokens.length === 6")
      try await page.click("#tab-answers")
      try await page.waitFor("#strip")
      try await page.click(.element(".trace-difference", number: 0))
      try await page.waitUntil("clew.session.graphs.length === 3 && clew.graph.tokens.length === 6")
    }
  }

  @Test func `an intervention shows the prediction beside what the model does`() async throws {
    let model = try Self.open()
    let trace = try PromptTrace.trace(
      TraceRequest(prompt: "the capital of the state containing Dallas is"), with: model)
    try await ExplorerPage.showAtlas { explorer in
      let page = explorer.page
      let feature = try await selectStrongest(explorer)
      try await page.click("#tab-interventions")
      try await page.click("#add-selected")
      try await page.click("#run")
      try await page.waitFor("#outcome")
      var order = InterventionOrder([.remove([try #require(FeaturePlace(id: feature))])])
      order.shownFeaturesOnly = false
      order.continuation = 12
      let outcome = try trace.outcome(of: order, tokenizer: model.tokenizer)
      let fit = try await page.text("#fit-figures")
      let rSquared = try #require(outcome.featureFit.rSquared)
      #expect(fit.contains("\(outcome.featureFit.count) compared"), "\(fit)")
      #expect(fit.contains("R² \(String(format: "%.3f", rSquared))"), "\(fit)")
      let cells = try await page.texts("#answer-changes tbody tr:first-child td")
      #expect(
        cells[5] == String(format: "%.1f %%", 100 * (outcome.answers[0].probabilityAfter ?? .nan)), "\(cells)"
      )
      // Each token's predicted probability is over all tokens, whether it was traced or not.
      let predicted = try await page.texts("#answer-changes td:nth-child(5)")
      #expect(predicted.count == outcome.answers.count && !predicted.contains("–"), "\(predicted)")
      let titles = try await page.texts("#answer-changes th")
      #expect(Set(titles).count == titles.count)
      #expect(try await page.count(".scatter circle") == outcome.features.count { $0.predicted != nil })
      #expect(try await page.texts("#continuation-texts td").last == outcome.continuation?.after)
    }
  }

  @Test func `a changed run is traced, and compared with the one before`() async throws {
    try await ExplorerPage.showAtlas { explorer in
      let page = explorer.page
      let feature = try await selectStrongest(explorer)
      try await page.click("#tab-interventions")
      try await page.click("#add-selected")
      try await page.select("scale", in: "#changes .action")
      try await page.click("#trace-changed")
      try await page.waitUntil("clew.graph.head.slug.endsWith('-changed')")
      // What was scaled is there, with twice its activation and without inputs.
      try await page.run("clew.select(clew.graph.places.get(\(feature.quotedForScript)))")
      #expect(try await page.evaluate("clew.isShown[clew.selected] === 1"))
      #expect(try await page.text("#connections").contains("was set to its value"))
      try await page.run("clew.open(clew.previousID)")
      try await page.waitUntil("!clew.graph.head.slug.endsWith('-changed')")
      try await explorer.click(node: feature)
      try await page.click("#add-selected")
      try await page.click("#trace-changed")
      try await page.waitUntil("clew.graph.head.slug.endsWith('-changed')")
      #expect(try await page.evaluate("!clew.graph.places.has(\(feature.quotedForScript))"))
      #expect(try await page.text("#tab-panel").contains("changed run"))
      try await page.click("#tab-compare")
      try await page.click("#compare")
      try await page.waitFor("#comparison-summary")
      // From the changed graph to the one before, the feature is what was added.
      let added: [String] = try await page.evaluate(
        """
        [...document.querySelectorAll("#compared-nodes tr.change-added td:nth-child(2)")].map(cell => cell.innerText)
        """)
      #expect(!added.isEmpty)
      try await page.select("overlay", in: "#compare-form")
      try await page.waitFor("#overlay .vertex.added")
    }
  }

  @Test func `a cut is measured beside what the graph predicts`() async throws {
    let model = try Self.open()
    let trace = try PromptTrace.trace(
      TraceRequest(prompt: "the capital of the state containing Dallas is"), with: model)
    try await ExplorerPage.showAtlas { explorer in
      let page = explorer.page
      try await page.click("#tab-paths")
      // One feature is half of the answer; all but all of it takes several.
      try await page.fill("#cut-part", with: "95")
      try await page.click("#find-cut")
      try await page.waitFor("#cut-table")
      let rows: [[String]] = try await page.evaluate(
        """
        [...document.querySelectorAll("#cut-table tbody tr")]
          .map(row => [...row.querySelectorAll(".node")].map(node => node.dataset.id))
        """)
      #expect(rows.count > 1)
      try await page.select("frozenAttention", in: "#cut-mode")
      try await page.click("#measure-cut")
      try await page.waitFor("#cut-measured")
      let sets = rows.indices.map { rows[...$0].flatMap(\.self) }
      let outcomes = try trace.outcomes(
        of: CutOrder(sets, mode: .frozenAttention), tokenizer: model.tokenizer)
      let value: Double = try await page.evaluate(
        """
        (() => {
          const target = Number(document.getElementById("path-end").value);
          const { graph } = clew;
          return graph.weights.slice(graph.starts[target], graph.starts[target + 1]).reduce((a, b) => a + b, 0);
        })()
        """)
      let measured = try await page.texts("#cut-table tbody td:nth-child(4)")
      for (text, outcome) in zip(measured, outcomes) {
        let percent = try #require(Double(text.replacing("−", with: "-").dropLast(2)))
        #expect(abs(percent / 100 + outcome.answers[0].measured / value) < 0.002, "\(text)")
      }
    }
  }

  @Test func `traces wait in a queue, and one that waits is taken out`() async throws {
    try await ExplorerPage.showAtlas { explorer in
      let page = explorer.page
      let long = Array(repeating: "the capital of the state containing Dallas is Austin", count: 4)
        .joined(separator: " ")
      // They are on their way before the first is answered, and the last is taken out as soon as the page has heard of
      // several: a slow browser's mouse would come too late.
      let seen: [String] = try await page.evaluate(
        """
        (async () => {
          const words = ["hot", "cold", "tall", "old", "big", "fast"];
          const asked = Promise.all(words.map(word =>
            clew.traces.trace({ prompt: `${\(long.quotedForScript)} the opposite of ${word} is` })));
          const list = () => [...document.querySelectorAll("#jobs .job")];
          for (let turn = 0; turn < 2000 && list().length < 2; turn++) await new Promise(go => setTimeout(go, 5));
          const jobs = list();
          const bars = document.querySelectorAll("#jobs progress").length;
          jobs.at(-1)?.querySelector("button").click();
          await asked;
          return [String(jobs.length), String(bars), jobs.at(-1)?.title ?? ""];
        })()
        """)
      let (jobs, bars, name) = (Int(seen[0]) ?? 0, Int(seen[1]), seen[2])
      #expect(jobs >= 2 && bars == jobs, "\(seen)")
      try await page.waitUntil("document.querySelectorAll('.job').length === 0", within: .seconds(60))
      try await page.waitUntil("clew.session.graphs.length === 6")
      let tokens: [String] = try await page.evaluate("clew.graph.tokens")
      #expect(!name.hasSuffix(tokens.suffix(3).joined()))
    }
  }

  @Test func `features that fire too often are filtered, and counted`() async throws {
    try await ExplorerPage.showAtlas { explorer in
      let page = explorer.page
      try await explorer.set(slider: "node-share", to: 1)
      func features(_ condition: String) async throws -> Int {
        try await page.evaluate(
          "clew.linkGraph.shown.filter(p => clew.graph.kind[p] === 0 && clew.graph.density[p] \(condition)).length"
        )
      }
      let dense = try await features("> 0.01")
      let rare = try await features("<= 0.01")
      #expect(dense > 0 && rare > 0)
      try await explorer.set(slider: "density", to: -2)
      #expect(try await features("> 0.01") == 0)
      #expect(try await features("<= 0.01") == rare)
      #expect(try await page.text("#density-value") == "1.0 %")
      #expect(try await page.text("#kept").contains("\(dense) nodes hidden by filters"))
    }
  }

  @Test func `the keyboard goes along the prompt's tokens and stays there`() async throws {
    try await ExplorerPage.showAtlas { explorer in
      let page = explorer.page
      try await page.click("#tab-answers")
      try await page.waitFor("#strip")
      // The strip is one stop of the Tab key.
      #expect(try await page.count("#strip [tabindex='0']") == 1)
      try await page.click(.element("#strip .strip-token", number: 3))
      try await page.press("ArrowRight")
      #expect(try await page.evaluate("document.activeElement.dataset.position") == "4")
      let word: String = try await page.evaluate("clew.graph.tokens[4].trim()")
      #expect(try await page.text("#next-token h3").contains("\(word)”: entropy"))
      try await page.press("End")
      #expect(try await page.attribute("aria-selected", of: "#strip .strip-token:last-child") == "true")
    }
  }

  @Test func `a feature's examples and promoted tokens are those of its database`() async throws {
    try await ExplorerPage.showAtlas { explorer in
      let page = explorer.page
      let feature = try await selectStrongest(explorer)
      let place = try #require(FeaturePlace(id: feature))
      let store = try FeatureStore(
        reading: SharedFiles.packageRoot.appending(path: "Transcoders/atlas-clt/features.sqlite"))
      let record = try store.record(of: place.feature)
      let texts = try store.tokenTexts()
      try await page.waitFor("#feature .histogram")
      let promoted = try await page.texts("#feature .tokens-list .token")
      #expect(
        promoted.map { $0.trimmingCharacters(in: .whitespaces) }.prefix(3)
          == record.tokens.promoted.map { texts[$0.token].trimmingCharacters(in: .whitespaces) }.prefix(3))
      #expect(try await page.count("#feature .example") > 0)
      #expect(try await page.count("#feature .example .peak") > 0)
    }
  }

  @Test func `a page saved to a file works from the disk`() async throws {
    try await ExplorerPage.showAtlas { explorer in
      let feature = try await selectStrongest(explorer)
      try await explorer.click(node: feature, holding: .control)
      try await explorer.waitUntilSaved()
      let folder = explorer.folder.url("traces").appending(
        path: "the-capital-of-the-state-containing-dallas-is")
      let file = explorer.folder.url("saved.html")
      let export = Process()
      export.executableURL = BuiltCommand.clew
      export.arguments = ["export", "page", folder.path, "-o", file.path]
      export.currentDirectoryURL = SharedFiles.packageRoot
      export.standardOutput = FileHandle.nullDevice
      try export.run()
      export.waitUntilExit()
      #expect(export.terminationStatus == 0)
      let other = try await explorer.page.window.open()
      try await other.goto(file)
      try await other.waitUntil(
        "document.documentElement.dataset.ready && clew.graph && clew.linkGraph.layout")
      let counts: [Int] = [
        try await other.evaluate("clew.graph.count"), try await explorer.page.evaluate("clew.graph.count"),
      ]
      #expect(counts[0] == counts[1])
      #expect(try await other.evaluate("clew.store.isPinned(\(feature.quotedForScript))"))
      try await other.run("clew.select(clew.graph.places.get(\(feature.quotedForScript)))")
      try await other.waitFor("#feature .histogram")
      try await other.click("#hide-errors")
      #expect(
        try await other.evaluate("clew.linkGraph.shown.filter(place => clew.graph.kind[place] === 1).length")
          == 0)
    }
  }
}
