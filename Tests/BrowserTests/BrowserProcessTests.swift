import BrowserSupport
import Foundation
import TestSupport
import Testing

@Suite(.enabled(if: Chromium.isAvailable, "\(Chromium.reason)"))
struct BrowserProcessTests {
  /// The living processes that have this text in their command line or whose ancestors do.
  private func processes(of folder: URL) throws -> [Int: String] {
    var parents: [Int: Int] = [:]
    var commands: [Int: String] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: "/proc") {
      guard let number = Int(name), let status = Self.text("/proc/\(number)/stat"),
        let fields = status.split(separator: ")").last?.split(separator: " "), fields[0] != "Z"
      else { continue }
      parents[number] = Int(fields[1])
      commands[number] = Self.text("/proc/\(number)/cmdline")
    }
    func belongs(_ number: Int) -> Bool {
      commands[number]?.contains(folder.path) == true || parents[number].map(belongs) == true
    }
    return commands.filter { belongs($0.key) }
  }

  private static func text(_ path: String) -> String? {
    // Files of a process that has just ended are no longer there.
    (try? Data(contentsOf: URL(filePath: path))).map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func `nothing is left of a browser that was shut down`() async throws {
    let browser = try await Browser.launch()
    let during = try await browser.withPage { page in
      try await page.goto("data:text/html,<p>here")
      #expect(try await page.text("p") == "here")
      return try processes(of: browser.folder)
    }
    #expect(during.count > 3)
    #expect(during.values.contains { $0.contains("--type=renderer") })
    try await browser.shutDown()
    // What was killed takes the system a moment to end.
    try await poll(within: .seconds(10), "the end of the browser's processes") {
      let isOver = during.allSatisfy { Self.text("/proc/\($0.key)/cmdline") != $0.value }
      return try isOver && processes(of: browser.folder).isEmpty ? true : nil
    }
    #expect(!FileManager.default.fileExists(atPath: browser.folder.path))
    #expect(browser.hasEnded)
    await #expect(throws: BrowserError.self) { try await browser.withPage { _ in } }
  }

  @Test func `nothing is left of a browser that nobody holds any more`() async throws {
    var browser: Browser? = try await Browser.launch()
    let folder = try #require(browser?.folder)
    #expect(try !processes(of: folder).isEmpty)
    try await browser?.withPage { page in try await page.goto("data:text/html,<p>here") }
    browser = nil
    try await poll(within: .seconds(20), "the end of the browser") {
      try processes(of: folder).isEmpty && !FileManager.default.fileExists(atPath: folder.path) ? true : nil
    }
  }

  /// The tests may be killed at any time.
  @Test func `a program ends with the process that started it, however that ends`() async throws {
    let folder = GuardedProcess.newFolder()
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = folder.path as String] in
      let folder = URL(filePath: path)
      let process = try GuardedProcess(
        ["/bin/bash", "-c", "trap '' TERM HUP; sleep 1000 & sleep 1001"], folder: folder)
      try await poll(within: .seconds(20), "the program") { process.identifier }
      kill(getpid(), SIGKILL)
    }
    try await poll(within: .seconds(20), "the end of the program") {
      try processes(of: folder).isEmpty && !FileManager.default.fileExists(atPath: folder.path) ? true : nil
    }
  }

  @Test func `a page that hangs or crashes is an error, and the next page works`() async throws {
    try await Browser.withWindow { window in
      let page = try await window.open()
      let error = await #expect(throws: BrowserError.self) {
        try await page.run("for (;;);", within: .milliseconds(500))
      }
      #expect(error.map { "\($0)" } == "The browser did not reply to Runtime.evaluate within 0.5 seconds.")
      _ = try? await page.command("Page.crash", within: .milliseconds(500))
      try await poll(within: .seconds(10), "the crash") {
        try await page.takeTroubles().contains { $0.kind == .crash } ? true : nil
      }
      let next = try await window.open()
      #expect(try await next.evaluate("1 + 1") == 2)
    }
  }

  @Test func `commands of one browser run side by side`() async throws {
    try await Browser.withWindow { window in
      let pages = [try await window.open(), try await window.open()]
      // On each page ten wait for one another: one after another, the first would wait in vain.
      try await withThrowingTaskGroup { group in
        for index in 0..<20 {
          group.addTask {
            let value: Int = try await pages[index % 2].evaluate(
              """
              (globalThis.waiting ??= []).push(\(index));
              while (waiting.length < 10) await new Promise(done => setTimeout(done, 10));
              \(index)
              """)
            #expect(value == index)
          }
        }
        try await group.waitForAll()
      }
    }
  }
}
