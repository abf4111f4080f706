import AttributionGraphs
public import Foundation
import TestSupport

/// A headless Chromium with a fresh profile, driven over a socket that it finds as its descriptors 3 and 4.
///
/// It ends with ``shutDown()``, when nobody holds it any more, and when this process ends in whatever way.
public final class Browser: Sendable {
  let connection: DevToolsConnection
  private let process: GuardedProcess
  private let turns = Turns(atOnce: 2)

  private init(process: GuardedProcess, connection: DevToolsConnection) {
    self.process = process
    self.connection = connection
  }

  /// Starts a browser, and waits until it answers.
  public static func launch() async throws -> Browser {
    guard let executable = Chromium.executable else { throw BrowserError.notInstalled }
    let (ours, theirs) = try GuardedProcess.socketPair()
    defer { close(theirs) }
    let folder = GuardedProcess.newFolder()
    let process: GuardedProcess
    do {
      process = try GuardedProcess(
        [executable.path] + Chromium.arguments(profile: folder.appending(path: "profile")),
        environment: Chromium.environment(home: folder), descriptors: [theirs, theirs], folder: folder)
    } catch {
      close(ours)
      throw error
    }
    let connection = DevToolsConnection(socket: ours) {
      let log = (try? Data(contentsOf: folder.appending(path: "error"))) ?? Data()
      return String(decoding: log.suffix(2000), as: UTF8.self)
    }
    let browser = Browser(process: process, connection: connection)
    try await connection.command("Browser.getVersion", within: .seconds(60))
    return browser
  }

  /// Where its profile and what it downloads lie, as long as it runs.
  public var folder: URL { process.folder }

  /// Whether the browser is gone.
  public var hasEnded: Bool { connection.hasEnded }

  /// Closes the browser, or kills it if it does not close, and waits until its processes and its profile are gone.
  public func shutDown() async throws {
    _ = try? await connection.command("Browser.close", within: .seconds(5))
    _ = try? await process.waitForEnd(within: .seconds(5))
    try await process.end()
  }

  /// Gives a test a window: storage of its own, and as many pages as it opens. In the end the pages are closed.
  ///
  /// At most two windows are open at once, so that no test waits for a processor that many pages share.
  ///
  /// - Throws: What the test throws; ``BrowserError/troubles(_:)`` if pages reported what the test did not take.
  public func withWindow<Result>(_ body: (Window) async throws -> Result) async throws -> Result {
    await turns.begin()
    defer { turns.end() }
    let reply = try await connection.command("Target.createBrowserContext", ["disposeOnDetach": true])
    let window = Window(context: reply["browserContextId"].text, browser: self)
    let result: Result
    let troubles: [Trouble]
    do {
      result = try await body(window)
      troubles = try await window.takeTroubles()
    } catch {
      try? await window.close()
      throw error
    }
    try await window.close()
    guard troubles.isEmpty else { throw BrowserError.troubles(troubles) }
    return result
  }

  /// Gives a test one page in a window of its own; see ``withWindow(_:)``.
  public func withPage<Result>(
    width: Int = 1280, height: Int = 800, _ body: (Page) async throws -> Result
  ) async throws -> Result {
    try await withWindow { window in try await body(window.open(width: width, height: height)) }
  }
}
