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
      #expect(cells[4] == String(format: "%.1f %%", 100 * outcome.answers[0].probabilityAfter), "\(cells)")
      #expect(try await page.count(".scatter circle") == outcome.features.count { $0.predicted != nil })
      #expect(try await page.texts("#continuation-texts td").last == outcome.continuation?.after)
    }
  }

  @Test func `the figure in the page is the one that render draws`() async throws {
    try await ExplorerPage.showAtlas { explorer in
      let page = explorer.page
      let features = try await explorer.shownFeatures()
      for feature in features.prefix(5) { try await explorer.click(node: feature, holding: .control) }
      #expect(try await explorer.pinned() == features.prefix(5).sorted())
      try await page.run("clew.store.group(\(ExplorerPage.list(features.prefix(2))), 'a group')")
      try await explorer.waitUntilSaved()
      try await page.click("#tab-subgraph")
      try await page.waitFor("#subgraph svg .box")
      #expect(try await page.count("#subgraph svg .box") == 4)
      let download = try await page.download { try await page.click(.element(".export", saying: "SVG")) }
      let folder = explorer.folder.url("traces").appending(
        path: "the-capital-of-the-state-containing-dallas-is")
      let file = explorer.folder.url("figure.svg")
      let render = Process()
      render.executableURL = BuiltCommand.clew
      render.arguments = ["render", folder.path, "-o", file.path]
      render.standardOutput = FileHandle.nullDevice
      try render.run()
      render.waitUntilExit()
      #expect(render.terminationStatus == 0)
      #expect(try Data(contentsOf: file) == download.contents)
    }
  }

  @Test func `boxes are grouped by clicks, moved by drags, and taken back`() async throws {
    try await ExplorerPage.showAtlas { explorer in
      let page = explorer.page
      let features = try await explorer.shownFeatures().prefix(4)
      for feature in features { try await explorer.click(node: feature, holding: .control) }
      #expect(try await explorer.pinned() == features.sorted())
      try await page.click("#tab-subgraph")
      try await page.click(.element("[data-panel=lower]"))
      try await page.waitUntil("document.querySelectorAll('#subgraph .box').length === 4")
      try await page.click(.element("#subgraph .box", number: 0))
      try await page.click(.element("#subgraph .box", number: 1), holding: .shift)
      try await page.click("#group")
      try await page.waitUntil("document.querySelectorAll('#subgraph .box').length === 3")
      #expect(try await page.evaluate("Object.keys(clew.store.view.supernodes).length") == 1)
      try await page.drag(.element("#subgraph .box", number: 0), byX: 60, y: 10)
      try await page.waitUntil("Object.keys(clew.store.view.positions).length === 3")
      try await explorer.waitUntilSaved()
      try await page.run("clew.controls.undo(); clew.controls.undo()")
      try await page.waitUntil("document.querySelectorAll('#subgraph .box').length === 4")
      #expect(try await page.evaluate("Object.keys(clew.store.view.positions).length") == 0)
    }
  }

  @Test func `groups are proposed with a reason, and accepted with a click`() async throws {
    try await ExplorerPage.showAtlas { explorer in
      let page = explorer.page
      try await page.click("#tab-subgraph")
      try await page.waitFor("#propose")
      try await explorer.set(slider: "node-share", to: 0.95)
      try await page.click("#propose")
      try await page.waitFor(.element(".proposal", number: 0))
      #expect(try await page.text(.element(".proposal p", number: 0)).contains("alike"))
      try await page.click(.element(".accept", number: 0))
      #expect(try await page.evaluate("Object.keys(clew.store.view.supernodes).length") == 1)
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
