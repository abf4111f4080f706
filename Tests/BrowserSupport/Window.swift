import AttributionGraphs
import Synchronization

/// Pages that share their storage and nothing with the pages of other windows.
public final class Window: Sendable {
  /// The browser's name for what the pages share.
  let context: String
  let browser: Browser
  private let opened = Mutex<[Page]>([])

  init(context: String, browser: Browser) {
    self.context = context
    self.browser = browser
  }

  /// All pages that the test has opened, the closed ones too.
  public var pages: [Page] { opened.withLock { $0 } }

  /// Opens an empty page of a size in CSS pixels.
  public func open(width: Int = 1280, height: Int = 800) async throws -> Page {
    // A window each, as the browser sees it: pages behind others are not painted. Its own size does not matter, and in
    // very small ones some pictures never come.
    let target = try await browser.connection.command(
      "Target.createTarget",
      ["url": "about:blank", "browserContextId": .string(context), "newWindow": true])["targetId"].text
    let session = try await browser.connection.command(
      "Target.attachToTarget", ["targetId": .string(target), "flatten": true])["sessionId"].text
    let page = Page(target: target, session: session, window: self)
    opened.withLock { $0.append(page) }
    try await page.prepare()
    try await page.resize(width: width, height: height)
    return page
  }

  /// Takes the troubles of all pages.
  func takeTroubles() async throws -> [Trouble] {
    var troubles: [Trouble] = []
    for page in pages { troubles += try await page.takeTroubles() }
    return troubles
  }

  /// Closes the pages and forgets what they stored.
  func close() async throws {
    // Pages hold their window, so the window must not go on holding them.
    let pages = opened.withLock { opened in
      defer { opened = [] }
      return opened
    }
    for page in pages { browser.connection.listen(to: page.session, nil) }
    try await browser.connection.command(
      "Target.disposeBrowserContext", ["browserContextId": .string(context)])
  }
}
