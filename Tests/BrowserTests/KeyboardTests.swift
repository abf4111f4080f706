import BrowserSupport
import Foundation
import Testing

@Suite(.enabled(if: Chromium.isAvailable, "\(Chromium.reason)"))
struct KeyboardTests {
  @Test func `what is typed stands in the field, whatever it is`() async throws {
    let text = "Trace 12 (of 30): \"¿qué?\" — <b>🙂</b> & ~|{}^_`"
    try await SamplePage.show("<input id=i>") { page in
      try await page.click("#i")
      try await page.type(text)
      #expect(try await page.value(of: "#i") == text)
      try await page.fill("#i", with: "other")
      #expect(try await page.value(of: "#i") == "other")
      for key in ["Home", "Delete", "End", "Backspace", "ArrowLeft", "X"] { try await page.press(key) }
      #expect(try await page.value(of: "#i") == "thXe")
    }
  }

  @Test(arguments: [
    ("a", "a KeyA ----"), ("Control+z", "z KeyZ c---"), ("Control+Shift+Z", "Z KeyZ c-s-"),
    ("?", "? Slash --s-"), ("Alt+ArrowLeft", "ArrowLeft ArrowLeft -a--"), ("Meta+Enter", "Enter Enter ---m"),
    ("F2", "F2 F2 ----"), ("Space", "  Space ----"), ("+", "+ Equal --s-"), ("Control++", "+ Equal c-s-"),
    ("%", "% Digit5 --s-"), ("Escape", "Escape Escape ----"),
  ])
  func `a page sees which key is pressed, and with what`(keys: String, event: String) async throws {
    let script = """
      <script>
        globalThis.seen = [];
        onkeydown = e => seen.push(`${e.key} ${e.code} ${e.ctrlKey ? 'c' : '-'}${e.altKey ? 'a' : '-'}` +
          `${e.shiftKey ? 's' : '-'}${e.metaKey ? 'm' : '-'}`);
        onkeyup = e => seen.push('up ' + e.key);
      </script>
      """
    try await SamplePage.show(script) { page in
      try await page.press(keys)
      let key = event.prefix { $0 != " " }.isEmpty ? " " : event.prefix { $0 != " " }
      #expect(try await page.evaluate("seen") == [event, "up \(key)"])
    }
  }

  @Test func `Tab moves the focus, Enter and Space press buttons`() async throws {
    let body =
      "<button onclick='document.title += 1'>1</button><button onclick='document.title += 2'>2</button>"
    try await SamplePage.show(body) { page in
      for key in ["Tab", "Enter", "Tab", "Space", "Shift+Tab", "Space"] { try await page.press(key) }
      #expect(try await page.evaluate("document.title") == "Sample121")
    }
  }

  @Test func `a key that there is not is refused`() async throws {
    try await SamplePage.show("") { page in
      await #expect(throws: BrowserError.self) { try await page.press("Control+Entr") }
    }
  }
}
