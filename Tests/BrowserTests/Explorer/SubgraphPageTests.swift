import BrowserSupport
import Clew
import Foundation
import TestSupport
import Testing

/// What is pinned, as a figure: drawn, changed, and kept as a file.
@Suite(.enabled(if: Chromium.isAvailable, "\(Chromium.reason)"))
struct SubgraphPageTests {
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
      let folder = explorer.folder.url("traces").appending(
        path: "the-capital-of-the-state-containing-dallas-is")
      for (format, ending) in [("SVG", "svg"), ("PDF", "pdf"), ("TikZ", "tex")] {
        let download = try await page.download {
          try await page.click(.element(".export", saying: format))
        }
        let file = explorer.folder.url("figure.\(ending)")
        let render = Process()
        render.executableURL = BuiltCommand.clew
        render.arguments = ["render", folder.path, "-o", file.path]
        render.standardOutput = FileHandle.nullDevice
        try render.run()
        render.waitUntilExit()
        #expect(render.terminationStatus == 0)
        #expect(try Data(contentsOf: file) == download.contents, "\(format)")
      }
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
      func drawn() async throws -> [String: [Double]] {
        try await page.evaluate(
          """
          Object.fromEntries([...document.querySelectorAll("#subgraph .box")].map(box =>
            [box.dataset.key, box.getAttribute("transform").match(/-?[0-9.]+/g).map(Number)]))
          """)
      }
      let words = "[...document.querySelectorAll('#subgraph svg > text')].map(one => one.textContent)"
      let texts: [String] = try await page.evaluate(words)
      let guides = try await page.count("#subgraph svg > line")
      let before = try await drawn()
      let key: String = try await page.evaluate("document.querySelector('#subgraph .box').dataset.key")
      try await page.drag(.element("#subgraph .box", number: 0), byX: 60, y: 10)
      try await page.waitUntil("clew.tabs.view.data.caption.includes('but for 1 that a reader moved')")
      // That box alone has moved; layer lines, layers' names and the prompt's other tokens stay.
      let after = try await drawn()
      #expect(Set(before.keys) == Set(after.keys))
      for (other, place) in after {
        let old = try #require(before[other])
        let distance = hypot(place[0] - old[0], place[1] - old[1])
        #expect(other == key ? distance > 5 : distance < 0.02, "\(other): \(old) \(place)")
      }
      #expect(try await page.evaluate(words) == texts)
      #expect(try await page.count("#subgraph svg > line") == guides && guides > 0)
      // Once all were moved, one by one, it is still that picture.
      for number in 1...2 {
        try await page.drag(.element("#subgraph .box", number: number), byX: -20, y: 6)
        try await page.waitUntil(
          "clew.tabs.view.data.caption.includes('but for \(number + 1) that a reader moved')")
      }
      #expect(try await page.count("#subgraph svg > line") == guides)
      try await page.run("clew.controls.undo(); clew.controls.undo(); clew.controls.undo()")
      try await explorer.waitUntilSaved()
      try await page.run("clew.controls.undo()")
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

  @Test func `a file that is asked for at once holds what was pinned last`() async throws {
    try await ExplorerPage.showAtlas { explorer in
      let page = explorer.page
      let features = try await explorer.shownFeatures().prefix(3)
      try await explorer.click(node: features[0], holding: .control)
      try await page.click("#tab-subgraph")
      try await page.waitUntil("document.querySelectorAll('#subgraph .box').length === 1")
      let download = try await page.download {
        // All in one turn of the page, before anything was sent.
        try await page.run(
          """
          for (const id of \(ExplorerPage.list(features.dropFirst()))) clew.togglePin(clew.graph.places.get(id));
          document.querySelector("[data-format=svg]").click();
          """)
      }
      let text = String(decoding: download.contents, as: UTF8.self)
      let labels: [String] = try await page.evaluate(
        "\(ExplorerPage.list(features)).map(id => clew.label(clew.graph.places.get(id)).slice(0, 6))")
      for label in labels { #expect(text.contains(label), "\(label)") }
    }
  }

  @Test func `a box is renamed by a double click and unpinned by Delete`() async throws {
    try await ExplorerPage.showAtlas { explorer in
      let page = explorer.page
      for feature in try await explorer.shownFeatures().prefix(3) {
        try await explorer.click(node: feature, holding: .control)
      }
      try await page.click("#tab-subgraph")
      try await page.waitUntil("document.querySelectorAll('#subgraph .box').length === 3")
      // Two clicks at one place, as a mouse makes them: the first draws the boxes anew.
      try await page.run(
        """
        (() => {
          const box = document.querySelector("#subgraph .box").getBoundingClientRect();
          const at = { clientX: box.x + box.width / 2, clientY: box.y + box.height / 2, bubbles: true };
          for (let click = 0; click < 2; click++) {
            document.elementFromPoint(at.clientX, at.clientY).dispatchEvent(new PointerEvent("pointerdown", at));
            document.dispatchEvent(new PointerEvent("pointerup", at));
          }
          document.getElementById("subgraph").dispatchEvent(new MouseEvent("dblclick", at));
        })()
        """)
      try await page.fill("#new-name", with: "renamed at once")
      try await page.press("Enter")
      try await page.waitUntil(
        "document.querySelector('#subgraph .box').getAttribute('aria-label') === 'renamed at once'")
      try await page.run("document.getElementById('nodes').focus()")
      try await page.press("Delete")
      try await page.waitUntil("document.querySelectorAll('#subgraph .box').length === 2")
      #expect(try await explorer.pinned().count == 2)
    }
  }

  @Test func `groups that are asked for before the figure is there make no trouble`() async throws {
    try await ExplorerPage.showAtlas { explorer in
      let page = explorer.page
      try await page.run(
        """
        clew.backend.subgraph = () => new Promise(() => {});
        document.getElementById("tab-subgraph").click();
        document.getElementById("propose").click();
        """)
      try await page.waitUntil("clew.tabs.view.proposals !== null")
      #expect(try await page.evaluate("!document.getElementById('toast').textContent.includes('went wrong')"))
    }
  }

  @Test func `a box is renamed in place`() async throws {
    try await ExplorerPage.showAtlas { explorer in
      let page = explorer.page
      let features = try await explorer.shownFeatures().prefix(2)
      try await page.run("clew.store.group(\(ExplorerPage.list(features)), 'two')")
      try await page.click("#tab-subgraph")
      try await page.waitUntil("document.querySelectorAll('#subgraph .box').length === 1")
      try await page.click(.element("#subgraph .box", number: 0))
      try await page.click("#rename")
      try await page.fill("#new-name", with: "places in Texas")
      try await page.press("Enter")
      try await page.waitUntil(
        "document.querySelector('#subgraph .box').getAttribute('aria-label').startsWith('places in Texas')")
      try await explorer.waitUntilSaved()
      let view = try SavedView(
        contentsOfFile: explorer.folder.url(
          "traces/the-capital-of-the-state-containing-dallas-is/view.json"
        ).path)
      #expect(view.supernodes.map(\.label) == ["places in Texas"])
    }
  }
}
