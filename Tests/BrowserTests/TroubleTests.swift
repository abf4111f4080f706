import BrowserSupport
import Foundation
import Testing

@Suite(.enabled(if: Chromium.isAvailable, "\(Chromium.reason)"))
struct TroubleTests {
  @Test(arguments: [
    ("<script>console.error('bad', {a: 1})</script>", Trouble.Kind.console, "error: bad"),
    ("<script>console.warn('odd')</script>", .console, "warning: odd"),
    ("<script>throw new TypeError('thrown')</script>", .exception, "TypeError: thrown"),
    ("<script>Promise.reject(new Error('rejected'))</script>", .exception, "Error: rejected"),
    ("<img src=missing.png>", .request, "missing.png failed: net::ERR_FILE_NOT_FOUND"),
  ])
  func `what a good page does not report fails its test`(
    body: String, kind: Trouble.Kind, text: String
  ) async throws {
    let error = await #expect(throws: BrowserError.self) { try await SamplePage.show(body) { _ in } }
    guard case .troubles(let troubles) = error else {
      Issue.record("\(error.map { "\($0)" } ?? "no error")")
      return
    }
    #expect(troubles.count == 1)
    #expect(troubles.first?.kind == kind)
    #expect(troubles.first?.text.contains(text) == true, "\(troubles)")
  }

  @Test func `what the page's policy forbids fails its test`() async throws {
    let policy = "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; img-src 'none'\">"
    let error = await #expect(throws: BrowserError.self) {
      try await SamplePage.show("<img src=http://127.0.0.1:9/x.png>", head: policy) { _ in }
    }
    guard case .troubles(let troubles) = error else {
      Issue.record("\(error.map { "\($0)" } ?? "no error")")
      return
    }
    #expect(troubles.map(\.kind) == [.policy])
    #expect(troubles.first?.text.contains("img-src 'none'") == true, "\(troubles)")
  }

  @Test func `troubles that a test takes are its own affair`() async throws {
    try await SamplePage.show("<button onclick='nothing.there'>Press</button>") { page in
      #expect(try await page.takeTroubles().isEmpty)
      try await page.click("button")
      let troubles = try await page.takeTroubles()
      #expect(troubles.map(\.kind) == [.exception])
      #expect(troubles.first?.text.contains("nothing is not defined") == true, "\(troubles)")
      #expect(try await page.takeTroubles().isEmpty)
    }
  }

  @Test func `plain lines on the console and given-up requests are no troubles`() async throws {
    let body = """
      <script>
        console.log('one', 2, [3]);
        console.info('four');
        globalThis.aborted = (() => {
          const stop = new AbortController();
          const answer = fetch('data:text/plain,x', {signal: stop.signal}).catch(e => e.name);
          stop.abort();
          return answer;
        })();
      </script>
      """
    try await SamplePage.show(body) { page async throws in
      #expect(try await page.evaluate("await aborted") == "AbortError")
      #expect(
        page.consoleMessages == [
          ConsoleMessage(level: "log", text: "one 2 Array(1)"), ConsoleMessage(level: "info", text: "four"),
        ])
    }
  }

  @Test func `dialogs are answered and kept`() async throws {
    try await SamplePage.show("<button onclick='this.textContent = confirm(`Sure?`)'>Ask</button>") { page in
      try await page.click("button")
      try await page.waitUntil("document.querySelector('button').textContent === 'true'")
      page.answerDialogs(accepting: false)
      try await page.click("button")
      try await page.waitUntil("document.querySelector('button').textContent === 'false'")
      #expect(page.dialogs == ["Sure?", "Sure?"])
    }
  }

  /// What a test throws comes through, and no trouble hides it.
  @Test func `an error of the test itself is not replaced`() async throws {
    struct Mine: Error {}
    await #expect(throws: Mine.self) {
      try await SamplePage.show("<script>throw 1</script>") { _ in throw Mine() }
    }
  }
}
