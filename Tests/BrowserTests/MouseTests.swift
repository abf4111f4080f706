import BrowserSupport
import Foundation
import Testing

@Suite(.enabled(if: Chromium.isAvailable, "\(Chromium.reason)"))
struct MouseTests {
  @Test func `a click is a real one, in the middle of the element`() async throws {
    let body = """
      <button id=b style="position: absolute; left: 100px; top: 40px; width: 80px; height: 20px">Press</button>
      <script>
        globalThis.seen = [];
        for (const type of ['pointerdown', 'mousedown', 'mouseup', 'click', 'dblclick', 'contextmenu'])
          b.addEventListener(type, e => seen.push(`${type} ${e.clientX} ${e.clientY} ${e.isTrusted}`));
        document.oncontextmenu = () => false;
      </script>
      """
    try await SamplePage.show(body) { page in
      func seen() async throws -> [String] { try await page.evaluate("seen.splice(0)") }
      try await page.click("#b")
      #expect(
        try await seen() == ["pointerdown", "mousedown", "mouseup", "click"].map { "\($0) 140 50 true" })
      try await page.click("#b", at: Point(x: 2, y: 3), count: 2)
      #expect(try await seen().last == "dblclick 102 43 true")
      try await page.click("#b", button: .right)
      #expect(try await seen().contains("contextmenu 140 50 true"))
    }
  }

  @Test func `held keys come with the click`() async throws {
    let body =
      "<button onclick='this.textContent = [event.ctrlKey, event.shiftKey, event.altKey]'>Press</button>"
    try await SamplePage.show(body) { page in
      try await page.click("button", holding: [.control, .alt])
      #expect(try await page.text("button") == "true,false,true")
    }
  }

  @Test func `an element below the fold is scrolled to`() async throws {
    let body = """
      <div style="height: 3000px"></div><button onclick="this.textContent = 'seen'">Far</button>
      <div style="height: 3000px"></div>
      """
    try await SamplePage.show(body) { page in
      try await page.click("button")
      #expect(try await page.text("button") == "seen")
      #expect(try await page.evaluate("scrollY > 2000"))
    }
  }

  @Test func `what comes late, moves, or is covered is waited for`() async throws {
    let body = """
      <style>@keyframes slide { from { transform: translateX(0) } to { transform: translateX(300px) } }</style>
      <div id=cover style="position: fixed; inset: 0; background: white"></div>
      <script>
        setTimeout(() => document.body.insertAdjacentHTML('beforeend', `<button id=late
          style="animation: slide 0.3s linear forwards" onclick="this.textContent = 'seen'">Late</button>`), 100);
        setTimeout(() => cover.remove(), 300);
      </script>
      """
    try await SamplePage.show(body) { page in
      try await page.click("#late")
      #expect(try await page.text("#late") == "seen")
    }
  }

  @Test func `the mouse enters, drags and turns its wheel`() async throws {
    let body = """
      <style>div { position: absolute; width: 50px; height: 50px; background: #ccc }</style>
      <div id=a style="left: 100px; top: 100px"></div><div id=z style="left: 400px; top: 300px"></div>
      <script>
        globalThis.moves = [];
        a.onmouseenter = () => a.title = 'entered';
        a.onpointerdown = e => a.setPointerCapture(e.pointerId);
        a.onpointermove = e => { if (e.buttons) moves.push([e.clientX, e.clientY]) };
        z.onwheel = e => z.title = `${e.deltaX} ${e.deltaY} ${e.ctrlKey}`;
      </script>
      """
    try await SamplePage.show(body) { page in
      try await page.hover("#a")
      #expect(try await page.attribute("title", of: "#a") == "entered")
      try await page.drag("#a", to: "#z")
      let moves: [[Double]] = try await page.evaluate("moves.splice(0)")
      #expect(moves.count >= 4 && moves.last == [425, 325])
      try await page.drag("#a", byX: 30, y: -20)
      #expect(try await page.evaluate("moves.at(-1)") == [155.0, 105.0])
      try await page.wheel("#z", y: 120, holding: .control)
      try await page.waitUntil("z.title === '0 120 true'")
    }
  }

  @Test func `one of several is told by what it says or by its number`() async throws {
    let body = """
      <button>Trace</button><button aria-label="Cancel the trace">×</button><button>Trace</button>
      <script>
        document.onclick = e => document.title = [...document.querySelectorAll('button')].indexOf(e.target);
      </script>
      """
    try await SamplePage.show(body) { page in
      try await page.click(.element("button", saying: "Cancel"))
      #expect(try await page.evaluate("document.title") == "1")
      try await page.click(.element("button", saying: "Trace", number: 1))
      #expect(try await page.evaluate("document.title") == "2")
      #expect(try await page.count("button") == 3)
      #expect(try await page.texts("button") == ["Trace", "×", "Trace"])
    }
  }
}
