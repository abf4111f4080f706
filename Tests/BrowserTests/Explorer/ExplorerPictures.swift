import BrowserSupport
import Clew
import Foundation
import TestSupport
import Testing

/// Every view of the explorer, for people to look at, and for the documentation:
///
///     CLEW_SCREENSHOTS=pictures ./clew test --filter ExplorerPictures
@Suite(
  .enabled(if: Chromium.isAvailable, "\(Chromium.reason)"),
  .enabled(if: View.folder != nil, "CLEW_SCREENSHOTS names no folder for pictures"),
  // Each holds one of the browser's two windows while its pictures are taken in the other.
  .serialized)
struct ExplorerPictures {
  /// Selects the feature that matters most in the second layer.
  private static let selectFeature = """
    clew.select(clew.linkGraph.shown.filter(place => clew.graph.kind[place] === 0 && clew.graph.layer[place] === 1)
      .sort((a, b) => clew.shares[a] - clew.shares[b])[0])
    """

  private static func view(
    _ name: String, of explorer: ExplorerPage, _ body: @escaping @Sendable (Page) async throws -> Void
  ) -> View {
    View("explorer-\(name)") { page in
      try await explorer.open(in: page)
      try await body(page)
      // What is being fetched shows up.
      try await page.run("new Promise(done => setTimeout(done, 300))")
    }
  }

  private static func lower(_ page: Page, _ tab: String, isLarge: Bool = false) async throws {
    try await page.click("#tab-\(tab)")
    if isLarge { try await page.click(.element("[data-panel=lower]")) }
  }

  private static func compare(_ page: Page, as form: String, isLarge: Bool = false) async throws {
    try await lower(page, "compare", isLarge: isLarge)
    try await page.click("#compare")
    try await page.waitFor("#comparison-summary")
    try await page.select(form, in: "#compare-form")
  }

  private static func intervene(_ page: Page, isLarge: Bool) async throws {
    try await page.run(selectFeature)
    try await lower(page, "interventions", isLarge: isLarge)
    try await page.click("#add-selected")
    try await page.click("#run")
    try await page.waitFor("#outcome")
  }

  private static func views(of explorer: ExplorerPage) -> [View] {
    [
      view("graph", of: explorer) { try await $0.run(selectFeature) },
      view("subgraph", of: explorer) { page in
        try await lower(page, "subgraph", isLarge: true)
        try await page.waitFor("#subgraph svg")
      },
      view("answers", of: explorer) { page in
        try await lower(page, "answers")
        try await page.waitFor("#strip")
      },
      view("interventions", of: explorer) { try await intervene($0, isLarge: true) },
      view("intervention", of: explorer) { try await intervene($0, isLarge: false) },
      view("paths", of: explorer) { page in
        try await lower(page, "paths")
        try await page.click("#find-paths")
        try await page.waitFor("#path-table")
      },
      view("cut", of: explorer) { page in
        try await lower(page, "paths")
        try await page.click("#find-cut")
        try await page.waitFor("#cut-table")
        try await page.click("#measure-cut")
        try await page.waitFor("#cut-measured")
      },
      view("compare", of: explorer) { try await compare($0, as: "tables") },
      view("overlay", of: explorer) { try await compare($0, as: "overlay") },
      view("sides", of: explorer) { try await compare($0, as: "sides", isLarge: true) },
      view("table", of: explorer) { try await lower($0, "table") },
      view("found", of: explorer) { page in
        try await lower(page, "table")
        try await page.fill("#search", with: "texas")
      },
      view("help", of: explorer) { try await $0.click("#help") },
      view("snapshots", of: explorer) { try await $0.click("#snapshots") },
      // The last one: what is set is kept.
      view("errors", of: explorer) { page in
        try await page.run("clew.store.set('Error shares', ['settings', 'showErrorShare'], true)")
      },
    ]
  }

  @Test func `every view of the explorer is pictured in all sizes, light and dark`() async throws {
    let folder = try #require(View.folder)
    try await ExplorerPage.showAtlas { explorer in
      let page = explorer.page
      let features = try await explorer.shownFeatures().prefix(9)
      for feature in features {
        try await page.run("clew.togglePin(clew.graph.places.get(\(feature.quotedForScript)))")
      }
      try await page.run(
        """
        for (const kind of [2, 3]) {
          for (const place of clew.linkGraph.shown.filter(one => clew.graph.kind[one] === kind)) {
            if (kind === 3 || /Dallas|capital/.test(clew.graph.tokens[clew.graph.position[place]])) clew.togglePin(place);
          }
        }
        clew.store.keepSnapshot("the first path");
        """)
      try await explorer.waitUntilSaved()
      try await page.fill("#prompt", with: "the capital of the state containing Oakland is")
      try await page.press("Enter")
      try await page.waitUntil("clew.session.graphs.length === 2 && clew.graph.head.slug.includes('oakland')")
      for view in Self.views(of: explorer) {
        for file in try await view.picture(in: folder) { print(file.path) }
      }
    }
  }

  @Test(.enabled(if: SharedFiles.areAvailable, "\(SharedFiles.reason)"))
  func `a large model's graph is pictured in all sizes, light and dark`() async throws {
    let folder = try #require(View.folder)
    try await ExplorerPage.show(shared: ["gemma-clt-fact-dallas-austin"]) { explorer in
      for view in [
        Self.view("large", of: explorer) { try await $0.run(Self.selectFeature) },
        Self.view("large-scores", of: explorer) { try await Self.lower($0, "scores", isLarge: true) },
      ] {
        for file in try await view.picture(in: folder) { print(file.path) }
      }
    }
  }
}
