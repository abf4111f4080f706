public import AttributionGraphs
public import Foundation
import Synchronization
import TestSupport

/// A page of a browser, which a test looks at and acts on as a person would.
///
/// Whatever waits has a limit of time, and says in its error what it waited for and what the page looked like.
public final class Page: Sendable {
  /// How long a test waits for what it expects to see. Only failures take so long.
  public static let patience = Duration.seconds(20)

  /// The window that it shares its storage with.
  public let window: Window
  let session: String
  let record = Mutex(PageRecord())
  private let target: String

  init(target: String, session: String, window: Window) {
    self.target = target
    self.session = session
    self.window = window
  }

  /// Sends a command of the DevTools protocol: for what no other function does.
  @discardableResult
  public func command(
    _ method: String, _ parameters: JSON = [:], within limit: Duration = .seconds(30)
  ) async throws -> JSON {
    try await window.browser.connection.command(method, parameters, session: session, within: limit)
  }

  /// Has the page tell what happens on it.
  func prepare() async throws {
    let connection = window.browser.connection
    connection.listen(to: session) { [weak self, weak connection, session, target] event in
      guard let self else { return }
      let accepts = record.withLock { record in
        record.note(event, frame: target)
        return record.acceptsDialogs
      }
      // A page with an open dialog does nothing else.
      if event.method == "Page.javascriptDialogOpening" {
        connection?.post("Page.handleJavaScriptDialog", ["accept": .bool(accepts)], session: session)
      }
    }
    for domain in ["Page", "Runtime", "Log", "Network", "Inspector"] { try await command("\(domain).enable") }
    try await command("Page.setLifecycleEventsEnabled", ["enabled": true])
    // Every page believes that it is the one in front.
    try await command("Emulation.setFocusEmulationEnabled", ["enabled": true])
  }

  /// Gives the page another size, in CSS pixels.
  public func resize(width: Int, height: Int) async throws {
    try await command(
      "Emulation.setDeviceMetricsOverride",
      ["width": JSON(width), "height": JSON(height), "deviceScaleFactor": 1, "mobile": false])
  }

  /// Goes to an address and waits until it is loaded, as the `load` event tells.
  /// - Throws: ``BrowserError/notLoaded(url:reason:)``.
  public func goto(_ url: String, within limit: Duration = .seconds(30)) async throws {
    let reply = try await command("Page.navigate", ["url": .string(url)], within: limit)
    if let reason = reply["errorText"].string {
      // The failed request is reported here, and need not be again.
      _ = try await takeTroubles()
      throw BrowserError.notLoaded(url: url, reason: reason)
    }
    // Without a loader, only what is behind the # has changed.
    guard let loader = reply["loaderId"].string else { return }
    try await wait("the end of loading \(url)", within: limit) {
      record.withLock { $0.loaded.contains(loader) } ? nil : "it is still loading"
    }
  }

  /// Goes to a file or an address and waits until it is loaded.
  public func goto(_ url: URL, within limit: Duration = .seconds(30)) async throws {
    try await goto(url.absoluteString, within: limit)
  }

  /// Loads the page again, and waits until it is loaded.
  public func reload(within limit: Duration = .seconds(30)) async throws {
    let before = record.withLock { $0.loaded }
    try await command("Page.reload")
    try await wait("the end of a reload", within: limit) {
      record.withLock { $0.loaded.isSubset(of: before) } ? "it is still loading" : nil
    }
  }

  /// Closes the page; what it reported until then is kept.
  public func close() async throws {
    try await window.browser.connection.command("Target.closeTarget", ["targetId": .string(target)])
    try await wait("the page to close") { isClosed ? nil : "it is still there" }
  }

  /// Whether the page was closed.
  public var isClosed: Bool { record.withLock { $0.isClosed } }

  /// What was written to the page's console.
  public var consoleMessages: [ConsoleMessage] { record.withLock { $0.messages } }

  /// The texts of the page's dialogs (`alert`, `confirm`, `prompt`), each of which was answered at once.
  public var dialogs: [String] { record.withLock { $0.dialogs } }

  /// Says how dialogs are answered from now on; without this they are accepted.
  public func answerDialogs(accepting: Bool) { record.withLock { $0.acceptsDialogs = accepting } }

  /// Takes what the page has reported of itself and a good page would not have. What no test takes fails it.
  public func takeTroubles() async throws -> [Trouble] {
    // What happened before this command is told before its reply.
    if !record.withLock({ $0.isClosed || $0.hasCrashed }) {
      _ = try? await command("Runtime.evaluate", ["expression": "0"], within: .seconds(5))
    }
    return record.withLock { record in
      defer { record.troubles = [] }
      return record.troubles
    }
  }
}

extension Page {
  /// Asks until nothing is in the way any more.
  /// - Parameters:
  ///   - what: What is waited for, for the error.
  ///   - obstacle: What is in the way; `nil` if nothing is.
  func wait(
    _ what: String, within limit: Duration = patience, obstacle: () async throws -> String?
  ) async throws {
    var last = "nothing was found out"
    do {
      try await poll(within: limit, what, every: .milliseconds(10)) {
        guard let obstacle = try await obstacle() else { return true }
        last = obstacle
        return nil
      }
    } catch is WaitedInVain {
      throw BrowserError.waitedInVain(what: what, because: last, limit: limit, page: await description())
    }
  }

  /// What the page looks like, in a few lines for an error.
  func description() async -> String {
    let summary = try? await evaluate(
      "`${location.href} “${document.title}”, ${innerWidth} × ${innerHeight}, which says:\\n  `"
        + " + (document.body?.innerText ?? '').trim().slice(0, 600).replace(/\\s*\\n\\s*/g, '\\n  ')",
      as: String.self)
    let troubles = record.withLock { $0.troubles }.map { "\n  reported \($0)" }.joined()
    return "The page is \(summary ?? "gone or does not answer.")\(troubles)"
  }
}
