import BrowserSupport
import Clew
import Foundation
import TestSupport
import Testing

/// What a reader chooses is kept, taken back, shared with other tabs and sent in addresses.
@Suite(
  .enabled(if: Chromium.isAvailable, "\(Chromium.reason)"),
  .enabled(if: SharedFiles.areAvailable, "\(SharedFiles.reason)"))
struct ViewTests {
  private static let name = "gemma-clt-fact-dallas-austin"

  private func sidecar(_ explorer: ExplorerPage) throws -> SavedView {
    try SavedView(contentsOfFile: explorer.folder.url("\(Self.name).view.json").path)
  }

  @Test func `what is pinned and labelled lies beside the graph, and comes back`() async throws {
    try await ExplorerPage.show(shared: [Self.name]) { explorer in
      let page = explorer.page
      let feature = try #require(try await explorer.shownFeatures().first)
      try await explorer.click(node: feature)
      try await page.fill("#label", with: "Texas <b>& friends")
      try await page.press("Enter")
      try await page.click("#pin")
      try await explorer.waitUntilSaved()
      let kept = try sidecar(explorer)
      #expect(kept.pinnedIDs == [feature])
      #expect(Array(kept.labels.values) == ["Texas <b>& friends"])
      try await explorer.open()
      #expect(try await page.evaluate("clew.store.isPinned(\(feature.quotedForScript))"))
      try await explorer.click(node: feature)
      #expect(try await page.text("#connections h2") == "Texas <b>& friends")
      #expect(try await page.count("#connections h2 b") == 0)
    }
  }

  @Test func `every change can be taken back and made again`() async throws {
    try await ExplorerPage.show(shared: [Self.name]) { explorer in
      let page = explorer.page
      let before: String = try await page.evaluate("JSON.stringify(clew.store.view)")
      let features = try await explorer.shownFeatures()
      try await explorer.click(node: features[0], holding: .control)
      try await explorer.click(node: features[1], holding: .control)
      try await explorer.set(slider: "node-share", to: 0.6)
      try await page.click("#hide-errors")
      try await page.run("clew.store.group(\(ExplorerPage.list(features.prefix(2))), 'both')")
      let after: String = try await page.evaluate("JSON.stringify(clew.store.view)")
      try await page.run("document.getElementById('nodes').focus()")
      for _ in 0..<5 { try await page.press("Control+z") }
      #expect(try await page.evaluate("JSON.stringify(clew.store.view)") == before)
      #expect(try await page.attribute("disabled", of: "#undo") != nil)
      for _ in 0..<5 { try await page.press("Control+Shift+z") }
      #expect(try await page.evaluate("JSON.stringify(clew.store.view)") == after)
      try await explorer.waitUntilSaved()
      let kept = try sidecar(explorer)
      #expect(kept.pinnedIDs.count == 2, "\(kept)")
    }
  }

  @Test func `two tabs on one graph lose nothing`() async throws {
    try await ExplorerPage.show(shared: [Self.name]) { explorer in
      let first = explorer.page
      let second = try await first.window.open()
      try await explorer.open(in: second)
      try await first.waitUntil("clew.isConnected")
      try await second.waitUntil("clew.isConnected")
      let features = try await explorer.shownFeatures()
      for (number, feature) in features.prefix(20).enumerated() {
        let page = number.isMultiple(of: 2) ? first : second
        try await page.run("clew.togglePin(clew.graph.places.get(\(feature.quotedForScript)))")
      }
      for page in [first, second] {
        try await page.waitUntil("Object.keys(clew.store.view.pinned).length === 20 && !clew.unsaved?.length")
      }
      #expect(Set(try sidecar(explorer).pinnedIDs) == Set(features.prefix(20)))
    }
  }

  @Test func `a tab that heard nothing for a while catches up and loses nothing`() async throws {
    try await ExplorerPage.show(shared: [Self.name]) { explorer in
      let first = explorer.page
      let second = try await first.window.open()
      try await explorer.open(in: second)
      try await first.waitUntil("clew.isConnected")
      let features = try await explorer.shownFeatures()
      // The second tab is deaf: it neither hears nor sends.
      try await second.run("clew.heardBefore = clew.heard; clew.heard = () => {}; clew.isSaving = true")
      try await second.run("clew.togglePin(clew.graph.places.get(\(features[0].quotedForScript)))")
      try await first.run("clew.togglePin(clew.graph.places.get(\(features[1].quotedForScript)))")
      try await explorer.waitUntilSaved()
      try await second.run(
        "clew.heard = clew.heardBefore; clew.isSaving = false; clew.heard({ type: 'connected' })")
      for page in [first, second] {
        try await page.waitUntil("Object.keys(clew.store.view.pinned).length === 2 && !clew.unsaved?.length")
      }
      #expect(Set(try sidecar(explorer).pinnedIDs) == Set(features.prefix(2)))
    }
  }

  @Test func `what is changed just before another graph is opened stays with its own`() async throws {
    try await ExplorerPage.show(shared: [Self.name, "dollar"]) { explorer in
      let feature = try #require(try await explorer.shownFeatures().first)
      try await explorer.page.run(
        "clew.togglePin(clew.graph.places.get(\(feature.quotedForScript))); clew.open('dollar')")
      try await explorer.page.waitUntil("clew.graphID === 'dollar' && clew.graph.count > 800")
      #expect(try sidecar(explorer).pinnedIDs == [feature])
      #expect(try await explorer.pinned().isEmpty)
      #expect(!FileManager.default.fileExists(atPath: explorer.folder.url("dollar.view.json").path))
    }
  }

  @Test func `no panel keeps what it knew of another graph`() async throws {
    try await ExplorerPage.show(shared: [Self.name, "gemma-small-big-en"]) { explorer in
      let page = explorer.page
      try await page.click("#tab-paths")
      try await page.click("#find-paths")
      try await page.waitFor("#path-table")
      try await page.click("#tab-compare")
      try await page.click("#compare")
      try await page.waitFor("#comparison-summary")
      for tab in ["scores", "subgraph", "answers", "interventions", "paths", "compare", "table"] {
        try await page.click("#tab-\(tab)")
        for graph in ["gemma-small-big-en", Self.name] {
          try await page.run("clew.open(\(graph.quotedForScript))")
          try await page.waitUntil("clew.graphID === \(graph.quotedForScript)")
          #expect(try await page.count("#path-table, #comparison-summary") == 0, "\(tab)")
        }
      }
    }
  }

  @Test func `groups of three are merged without leaving members behind`() async throws {
    try await ExplorerPage.show(shared: [Self.name]) { explorer in
      let features = try await explorer.shownFeatures()
      try await explorer.page.run("clew.store.group(\(ExplorerPage.list(features.prefix(3))), 'three')")
      try await explorer.page.run("clew.store.group(\(ExplorerPage.list(features[1..<5])), 'four')")
      try await explorer.waitUntilSaved()
      let groups = try sidecar(explorer).supernodes
      #expect(groups.map(\.label) == ["four"])
      #expect(groups.first?.members == Array(features[1..<5]))
    }
  }

  @Test func `what the server will never take is said, and the rest goes on being kept`() async throws {
    try await ExplorerPage.show(shared: [Self.name]) { explorer in
      let page = explorer.page
      let features = try await explorer.shownFeatures()
      try await page.run("clew.store.set('Nonsense', ['positions', 'x'], ['far', 'away'])")
      try await page.waitUntil("document.getElementById('toast').textContent.startsWith('Not kept')")
      try await page.run("clew.togglePin(clew.graph.places.get(\(features[0].quotedForScript)))")
      try await explorer.waitUntilSaved()
      #expect(try sidecar(explorer).pinnedIDs == [features[0]])
      // What the server has is read again while the pin is on its way.
      try await page.waitUntil("Object.keys(clew.store.view.positions).length === 0")
      _ = try await page.takeTroubles()
    }
  }

  @Test func `a snapshot brings back what was chosen, and can be taken back itself`() async throws {
    try await ExplorerPage.show(shared: [Self.name]) { explorer in
      let page = explorer.page
      let features = try await explorer.shownFeatures()
      try await explorer.click(node: features[0], holding: .control)
      try await explorer.set(slider: "node-share", to: 0.6)
      try await page.click("#snapshots")
      try await page.fill("#snapshot-name", with: "first try")
      try await page.click("#keep-snapshot")
      try await explorer.set(slider: "node-share", to: 0.9)
      try await page.run("clew.togglePin(clew.graph.places.get(\(features[1].quotedForScript)))")
      try await page.click("#snapshots")
      try await page.click(.element(".restore", number: 0))
      #expect(try await explorer.pinned() == [features[0]])
      #expect(try await page.evaluate("clew.store.setting('nodeShare')") == 0.6)
      try await explorer.waitUntilSaved()
      let kept = try sidecar(explorer)
      #expect(kept.snapshots["first try"]?.pinnedIDs == [features[0]], "\(kept)")
      try await page.click("#undo")
      #expect(try await explorer.pinned().count == 2)
    }
  }

  @Test func `the address brings others to the same place`() async throws {
    try await ExplorerPage.show(shared: [Self.name, "dollar"]) { explorer in
      let page = explorer.page
      let feature = try #require(try await explorer.shownFeatures().dropFirst(2).first)
      try await explorer.click(node: feature)
      try await page.click("#tab-table")
      let address: String = try await page.evaluate("location.hash")
      let other = try await page.window.open()
      try await explorer.open(address, in: other)
      #expect(
        try await other.evaluate("clew.graph.ids[clew.selected]") == feature)
      #expect(try await other.attribute("aria-selected", of: "#tab-table") == "true")
    }
  }

  @Test func `a foreign file is opened with what is odd about it, and what is none is refused`() async throws
  {
    try await ExplorerPage.show(shared: [Self.name]) { explorer in
      let page = explorer.page
      let file = try explorer.folder.write(
        "foreign.json", Data(contentsOf: SharedFiles.url("graphs/dollar.json")))
      try await page.choose([file], in: "#file")
      try await page.waitUntil(
        "clew.graph.head.slug !== \(Self.name.quotedForScript) && clew.graph.count > 800")
      #expect(try await page.texts("#tab-panel li").contains { $0.contains("has the id of another node") })
      let bad = try explorer.folder.write("bad.json", Array("{\"nodes\": 3}".utf8))
      try await page.choose([bad], in: "#file")
      try await page.waitUntil(
        "document.getElementById('toast').textContent.includes('no attribution graph')")
      #expect(try await page.evaluate("clew.graph.count > 800"))
      // The browser's own note of the refused request is expected.
      _ = try await page.takeTroubles()
    }
  }

  @Test func `a repaired copy has no fault left, and what was pinned`() async throws {
    try await ExplorerPage.show(shared: ["dollar"]) { explorer in
      let page = explorer.page
      let feature = try #require(try await explorer.shownFeatures().first)
      try await explorer.click(node: feature, holding: .control)
      try await explorer.click(node: feature)
      try await page.fill("#label", with: "money")
      try await page.press("Enter")
      let download = try await page.download {
        try await page.click(.element("#save-file", saying: "repaired"))
      }
      #expect(download.name == "dollar.json")
      let old = try GraphReading(contentsOfFile: SharedFiles.url("graphs/dollar.json").path)
      let new = try GraphReading(json: [UInt8](download.contents))
      #expect(old.findings.contains { $0.kind == .sharedID })
      #expect(new.findings.allSatisfy { ![.sharedID, .unsettled, .repeatedLink].contains($0.kind) })
      #expect(new.graph.nodes.map(\.id) == old.graph.nodes.map(\.id))
      let kept = new.graph.openedView()
      #expect(new.graph.nodes.first { $0.id == feature }?.label == "money")
      #expect(!new.graph.metadata.scan.contains("/"))
      #expect(kept.pinnedIDs == [feature])
      #expect(Array(kept.labels.values) == ["money"])
    }
  }

  @Test func `a graph with positions that its prompt does not have opens without trouble`() async throws {
    let json = """
      {"metadata": {"slug": "odd", "scan": "made-up", "prompt_tokens": ["a"], "prompt": "a"}, "qParams": {},
       "nodes": [
        {"node_id": "E_1_0", "feature": 1, "layer": "E", "ctx_idx": 0, "feature_type": "embedding"},
        {"node_id": "0_7_5", "feature": 7, "layer": "0", "ctx_idx": 5,
         "feature_type": "cross layer transcoder"},
        {"node_id": "1_3_5", "feature": 3, "layer": "1", "ctx_idx": 5, "feature_type": "logit",
         "token_prob": 0.5, "clerp": "Output b (p=0.5)"}],
       "links": [{"source": "E_1_0", "target": "0_7_5", "weight": 1},
                 {"source": "0_7_5", "target": "1_3_5", "weight": 2}]}
      """
    try await ExplorerPage.show(graph: Data(json.utf8)) { explorer in
      let page = explorer.page
      try await page.run("clew.select(clew.graph.places.get('0_7_5'))")
      for tab in ["scores", "subgraph", "answers", "interventions", "paths", "compare", "table"] {
        try await page.click("#tab-\(tab)")
      }
      #expect(try await page.texts("#node-table td:nth-child(4)").contains { $0.hasPrefix("5 “") })
      #expect(try await page.text("#connections h2") == "feature 7")
    }
  }

  @Test func `the keyboard stays where it was when a panel is drawn anew`() async throws {
    try await ExplorerPage.show(shared: [Self.name]) { explorer in
      let page = explorer.page
      let feature = try #require(try await explorer.shownFeatures().first)
      try await explorer.click(node: feature)
      try await page.run("document.getElementById('pin').focus()")
      try await page.press("Enter")
      #expect(try await explorer.pinned() == [feature])
      #expect(try await page.evaluate("document.activeElement.id") == "pin")
      try await page.press("Enter")
      #expect(try await explorer.pinned().isEmpty)
    }
  }

  @Test func `themes follow the system or the reader`() async throws {
    try await ExplorerPage.show(shared: [Self.name]) { explorer in
      let page = explorer.page
      try await page.emulate(Media(colorScheme: .light))
      let light = try await page.style("background-color", of: "body")
      try await page.emulate(Media(colorScheme: .dark))
      let dark = try await page.style("background-color", of: "body")
      #expect(light != dark)
      try await page.click("#theme")
      #expect(try await page.style("background-color", of: "body") == light)
      try await page.click("#theme")
      #expect(try await page.style("background-color", of: "body") == dark)
    }
  }

  @Test func `help comes on a key`() async throws {
    try await ExplorerPage.show(shared: [Self.name]) { explorer in
      try await explorer.page.run("document.getElementById('nodes').focus()")
      try await explorer.page.press("?")
      try await explorer.page.waitFor("dialog[open]")
      #expect(try await explorer.page.text("dialog h2") == "How to read the graph")
      try await explorer.page.press("Escape")
      try await explorer.page.waitFor("dialog", toBe: .gone)
    }
  }
}
