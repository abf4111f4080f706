import BrowserSupport
import Clew
import Foundation
import TestSupport
import Testing

/// The explorer as its users have it: the built command serves, a real browser shows.
struct ExplorerPage {
  let page: Page
  let server: ServerProcess
  /// Where the graphs and their views lie.
  let folder: TemporaryFolder

  /// Shows graphs of the reference data.
  static func show(
    shared names: [String], _ body: (ExplorerPage) async throws -> Void
  ) async throws {
    let folder = try TemporaryFolder()
    for name in names {
      try folder.write("\(name).json", Data(contentsOf: SharedFiles.url("graphs/\(name).json")))
    }
    try await show(names.map { folder.url("\($0).json").path }, in: folder, body)
  }

  /// Shows a graph file of a test's own.
  static func show(graph json: Data, _ body: (ExplorerPage) async throws -> Void) async throws {
    let folder = try TemporaryFolder()
    try await show([folder.write("graph-of-test.json", json).path], in: folder, body)
  }

  /// Shows the demo's question, traced by the command that serves it, with its model.
  static func showAtlas(_ body: (ExplorerPage) async throws -> Void) async throws {
    let folder = try TemporaryFolder()
    try await show(["--output", folder.url("traces").path], in: folder, body)
  }

  /// Shows the demo's question as another model reads it, with that model.
  static func show(
    model: String, transcoders: String, _ body: (ExplorerPage) async throws -> Void
  ) async throws {
    let folder = try TemporaryFolder()
    try await show(
      ["--model", model, "--transcoders", transcoders, "--output", folder.url("traces").path], in: folder,
      body)
  }

  /// Shows a trace's folder, with the demo's model.
  static func show(
    graphAt url: URL, in folder: TemporaryFolder, _ body: (ExplorerPage) async throws -> Void
  ) async throws {
    try await show([url.path, "--output", folder.url("traces").path], in: folder, body)
  }

  private static func show(
    _ arguments: [String], in folder: TemporaryFolder, _ body: (ExplorerPage) async throws -> Void
  ) async throws {
    let measured = ProcessInfo.processInfo.environment["CLEW_COMMAND"]
    let command = [measured ?? BuiltCommand.clew.path, "explore", "--port", "0", "--no-open"] + arguments
    try await ServerProcess.run(command, in: SharedFiles.packageRoot) { server in
      try await Browser.withPage { page in
        let shown = ExplorerPage(page: page, server: server, folder: folder)
        try await shown.open()
        try await body(shown)
      }
    }
  }

  /// Opens the page, or opens it again.
  func open(_ place: String = "", in page: Page? = nil) async throws {
    let page = page ?? self.page
    try await page.goto("\(server.url.absoluteString)\(place)")
    try await page.waitUntil("document.documentElement.dataset.ready && clew.graph && clew.linkGraph.layout")
  }

  /// A list of texts as a script states it.
  static func list(_ texts: some Sequence<String>) -> String {
    "[" + texts.map(\.quotedForScript).joined(separator: ", ") + "]"
  }

  // MARK: The link graph

  /// Where a node is on the page.
  func place(of id: String) async throws -> Point {
    try await page.evaluate(
      """
      (() => {
        const place = clew.graph.places.get(\(id.quotedForScript));
        const box = document.getElementById("stage").getBoundingClientRect();
        const [x, y] = clew.linkGraph.at(place);
        return { x: box.x + x, y: box.y + y };
      })()
      """)
  }

  func click(node id: String, holding modifiers: Modifiers = []) async throws {
    try await page.click(at: place(of: id), holding: modifiers)
  }

  /// The id of the selected node.
  func selected() async throws -> String? {
    try await page.evaluate("clew.selected >= 0 ? clew.graph.ids[clew.selected] : null")
  }

  /// The ids of what is pinned, sorted.
  func pinned() async throws -> [String] {
    try await page.evaluate("Object.keys(clew.store.view.pinned).sort()")
  }

  /// The ids of the shown features, the most important first.
  func shownFeatures() async throws -> [String] {
    try await page.evaluate(
      """
      clew.linkGraph.shown.filter(place => clew.graph.kind[place] === 0)
        .sort((a, b) => clew.shares[a] - clew.shares[b]).map(place => clew.graph.ids[place])
      """)
  }

  /// Moves a slider as the keyboard does, to a value.
  func set(slider id: String, to value: Double) async throws {
    try await page.run(
      """
      (() => {
        const slider = document.getElementById(\(id.quotedForScript));
        slider.value = \(value);
        slider.dispatchEvent(new Event("input", { bubbles: true }));
        slider.dispatchEvent(new Event("change", { bubbles: true }));
      })()
      """)
    try await page.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
  }

  /// Waits until everything that was changed is on the disk.
  func waitUntilSaved() async throws {
    try await page.waitUntil("!clew.unsaved?.length && !clew.isSaving && clew.saveState === 'saved'")
  }
}
