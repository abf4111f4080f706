import BrowserSupport
import Clew
import Foundation
import TestSupport
import Testing

/// The page speaks of a graph's own tokens and targets, whatever its texts look like.
@Suite(.enabled(if: Chromium.isAvailable, "\(Chromium.reason)"))
struct PromptPageTests {
  private static let lily = "Lily and Tom were friends. They played together. Lily and"

  /// Traces what is typed.
  private func trace(_ prompt: String, in explorer: ExplorerPage) async throws {
    let page = explorer.page
    let count: Int = try await page.evaluate("clew.session.graphs.length")
    try await page.run("document.getElementById('prompt').value = \(prompt.quotedForScript)")
    try await page.click("#trace")
    try await page.waitUntil(
      "clew.session.graphs.length === \(count + 1) && clew.graphID === clew.session.graphs.at(-1).id")
  }

  /// Traces the open graph once more, its prompt untouched, and sees that nothing has changed.
  private func traceAgain(in explorer: ExplorerPage, typed: String) async throws {
    let page = explorer.page
    let before: [String] = try await page.evaluate("clew.graph.ids")
    let count: Int = try await page.evaluate("clew.session.graphs.length")
    #expect(try await page.evaluate("document.getElementById('prompt').value") == typed)
    try await page.click("#trace")
    try await page.waitUntil(
      "clew.session.graphs.length === \(count + 1) && clew.graphID === clew.session.graphs.at(-1).id")
    #expect(try await page.evaluate("clew.graph.ids") == before)
    #expect(try await page.evaluate("document.getElementById('prompt').value") == typed)
  }

  @Test(.enabled(if: SharedFiles.areAvailable, "\(SharedFiles.reason)"))
  func `a SentencePiece prompt is asked about as it was traced, and does not grow`() async throws {
    let models = ["models/stories260K", "transcoders/stories260K-clt"].map { SharedFiles.url($0).path }
    try await ExplorerPage.show(model: models[0], transcoders: models[1]) { explorer in
      let page = explorer.page
      try await trace(Self.lily, in: explorer)
      #expect(try await page.evaluate("clew.graph.tokens.length") == 20)
      try await page.click("#tab-answers")
      try await page.waitFor("#strip")
      #expect(try await page.count("#strip .strip-token") == 20)
      let best = try await page.texts("#next-token tbody tr:first-child td")
      #expect(best[0] == "T" && best[1].hasPrefix("80.28"), "\(best)")
      try await traceAgain(in: explorer, typed: Self.lily)
      // A feature of the graph is where the graph says, so it can be traced.
      let feature = try #require(try await explorer.shownFeatures().first)
      try await page.run("clew.select(clew.graph.places.get(\(feature.quotedForScript)))")
      try await page.click("#tab-answers")
      try await page.waitFor("#trace-feature")
      try await page.click("#trace-feature")
      try await page.waitUntil("clew.graph.root[clew.graph.places.get(\(feature.quotedForScript))] === 1")
      #expect(try await page.evaluate("clew.graph.tokens.length") == 20)
      // That graph's own target is traced again, too.
      try await traceAgain(in: explorer, typed: Self.lily)
    }
  }

  @Test(
    .enabled(if: SharedFiles.areAvailable, "\(SharedFiles.reason)"),
    arguments: ["🙂 日本語", "  Zürich", "日本語のテキスト and 한국어"])
  func `characters of several tokens are whole wherever the prompt is shown`(prompt: String) async throws {
    let models = ["models/stories260K", "transcoders/stories260K-clt"].map { SharedFiles.url($0).path }
    try await ExplorerPage.show(model: models[0], transcoders: models[1]) { explorer in
      let page = explorer.page
      try await trace(prompt, in: explorer)
      let count: Int = try await page.evaluate("clew.graph.tokens.length")
      let shown: [String] = try await page.evaluate("[clew.graph.tokens.join(''), clew.graph.head.prompt]")
      #expect(shown.allSatisfy { $0.contains(prompt) }, "\(shown)")
      try await page.click("#tab-answers")
      try await page.waitFor("#strip")
      #expect(try await page.count("#strip .strip-token") == count)
      let strip = try await page.text("#strip")
      #expect(!strip.contains("\u{FFFD}"), "\(strip)")
      try await traceAgain(in: explorer, typed: prompt)
      let folder: String = try await page.evaluate("clew.graphID")
      // An answer may be a part of a character, which shows as what it is; the prompt's own are whole.
      let file = explorer.folder.url("traces/\(folder)")
      let graph = try GraphReading(contentsOfFile: file.appending(path: "graph.json").path).graph
      #expect(graph.metadata.prompt.contains(prompt) && graph.metadata.promptTokens.joined().contains(prompt))
      let report = try String(contentsOf: file.appending(path: "report.md"), encoding: .utf8)
      let head = report.split(separator: "## Answers")[0]
      #expect(head.contains(prompt) && !head.contains("\u{FFFD}"), "\(head)")
    }
  }

  @Test func `the demo's model keeps what was typed, umlauts and faces too`() async throws {
    let prompt = "the capital of the state containing Zürich 🙂 is"
    try await ExplorerPage.showAtlas { explorer in
      let page = explorer.page
      try await trace(prompt, in: explorer)
      let count: Int = try await page.evaluate("clew.graph.tokens.length")
      let whole: String = try await page.evaluate("clew.graph.head.prompt")
      #expect(whole.hasSuffix(prompt), "\(whole)")
      try await page.click("#tab-answers")
      try await page.waitFor("#strip")
      #expect(try await page.count("#strip .strip-token") == count)
      try await traceAgain(in: explorer, typed: prompt)
      // Another text is another prompt.
      try await trace(prompt + " not", in: explorer)
      #expect(try await page.evaluate("clew.graph.head.prompt", as: String.self).hasSuffix(prompt + " not"))
    }
  }

  @Test(arguments: [["Austin-Sacramento"], ["token:17", "Austin"], ["feature"]])
  func `a graph of chosen targets is opened as what it is`(targets: [String]) async throws {
    let root = SharedFiles.packageRoot
    let model = try TracingModel(
      model: root.appending(path: "Examples/Atlas/model"),
      transcoders: root.appending(path: "Transcoders/atlas-clt"))
    let prompt = "the capital of the state containing Dallas is"
    var order = TraceOrder(prompt: prompt, targets: targets)
    if targets == ["feature"] {
      let plain = try PromptTrace.trace(TraceRequest(prompt: prompt), with: model)
      let feature = try #require(plain.pruning.graph.nodes.compactMap { FeaturePlace($0.node) }.last)
      order.targets = ["feature:\(feature.layer)/\(feature.index)@\(feature.position)"]
    }
    let trace = try PromptTrace.trace(order.request(for: model), with: model)
    let folder = try TemporaryFolder()
    try trace.write(to: folder.url("chosen"), model: model, command: ["clew"])
    let roots = trace.result.graph.nodes.indices.filter { trace.result.graph.rootWeights[$0] > 0 }
    let ids = roots.map { trace.result.graph.nodes[$0].id }
    try await ExplorerPage.show(graphAt: folder.url("chosen"), in: folder) { explorer in
      let page = explorer.page
      #expect(try await page.evaluate("clew.isLive"))
      // The outcome of a change names the graph's own answers, and they are as predicted by it.
      let feature = try #require(
        try await explorer.shownFeatures().first { !ids.contains($0) })
      let outcome: [String] = try await page.evaluate(
        """
        (await clew.backend.ask(clew.graphID, "outcome", {
          changes: [{ action: "remove", features: [\(feature.quotedForScript)] }], mode: { kind: "direct" },
        })).answers.filter(answer => answer.nodeID).map(answer => answer.nodeID)
        """)
      #expect(outcome == trace.result.layout.logits.map { trace.result.graph.nodes[$0].id })
      try await traceAgain(in: explorer, typed: prompt)
      #expect(
        try await page.evaluate("clew.graph.ids.filter((_, place) => clew.graph.root[place] > 0)") == ids)
    }
  }
}
