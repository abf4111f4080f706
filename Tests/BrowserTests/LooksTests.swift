import BrowserSupport
import Foundation
import Testing

@Suite(.enabled(if: Chromium.isAvailable, "\(Chromium.reason)"))
struct LooksTests {
  @Test func `a screenshot has the size that was asked for`() async throws {
    let body = "<body style='margin: 0'><div style='height: 2000px'>tall</div>"
    try await SamplePage.show(body, width: 900, height: 500) { page in
      func size(_ extent: Page.Extent) async throws -> [Int] {
        let picture = try Picture(await page.screenshot(of: extent))
        return [picture.width, picture.height]
      }
      #expect(try await size(.visible) == [900, 500])
      #expect(try await size(.whole) == [900, 2000])
      #expect(try await size(.part(Frame(x: 10, y: 1200, width: 120, height: 80))) == [120, 80])
      try await page.resize(width: 1920, height: 1080)
      #expect(try await size(.visible) == [1920, 1080])
    }
  }

  @Test func `a page sees what the reader's system asks for`() async throws {
    let style = """
      <style>
        p { color: rgb(1, 1, 1); --asked: 'light' }
        @media (prefers-color-scheme: dark) { p { color: rgb(2, 2, 2) } }
        @media print { p { color: rgb(3, 3, 3) } }
        @media (prefers-reduced-motion: reduce) { p { font-weight: 700 } }
        @media (forced-colors: active) { p { font-style: italic } }
      </style>
      """
    try await SamplePage.show("<p>text</p>", head: style) { page in
      func look() async throws -> String {
        try await page.evaluate(
          "(s => `${s.color} ${s.fontWeight} ${s.fontStyle}`)(getComputedStyle(document.querySelector('p')))")
      }
      #expect(try await look() == "rgb(1, 1, 1) 400 normal")
      try await page.emulate(Media(colorScheme: .dark))
      #expect(try await look() == "rgb(2, 2, 2) 400 normal")
      try await page.emulate(Media(isPrint: true, reducesMotion: true))
      #expect(try await look() == "rgb(3, 3, 3) 700 normal")
      try await page.emulate(Media(forcesColors: true))
      #expect(try await look().hasSuffix("italic"))
      try await page.emulate(Media())
      #expect(try await look() == "rgb(1, 1, 1) 400 normal")
    }
  }

  @Test func `a screenshot shows what is seen, also below the fold`() async throws {
    let body = """
      <body style="margin: 0"><div style="height: 800px; background: rgb(10, 20, 30)"></div>
      <div style="height: 800px; background: rgb(200, 100, 0)"></div>
      """
    try await SamplePage.show(body, width: 600, height: 600) { page in
      let pictures = [
        try Picture(await page.screenshot()), try Picture(await page.screenshot(of: .whole)),
        try Picture(await page.screenshot(of: .part(Frame(x: 50, y: 790, width: 20, height: 20)))),
      ]
      #expect(try await pictures[0].pixel(x: 300, y: 590, in: page) == [10, 20, 30, 255])
      #expect(try await pictures[1].pixel(x: 300, y: 1590, in: page) == [200, 100, 0, 255])
      #expect(try await pictures[2].pixel(x: 10, y: 5, in: page) == [10, 20, 30, 255])
      #expect(try await pictures[2].pixel(x: 10, y: 15, in: page) == [200, 100, 0, 255])
    }
  }

  @Test func `a screen reader's view has roles, names, values and their nesting`() async throws {
    let body = """
      <main><h2>Paths</h2><label>Share <input type=range min=0 max=10 value=7></label>
      <button aria-pressed=true aria-label="Pin the node"><span aria-hidden=true>*</span></button></main>
      """
    try await SamplePage.show(body) { page in
      let tree = try await page.accessibilityTree()
      func node(_ role: String) throws -> AccessibleNode {
        try #require(tree.first { $0.role == role }, "\(tree)")
      }
      #expect(try node("heading").name == "Paths")
      #expect(try node("heading").properties["level"] == "2")
      #expect(try node("slider").name == "Share")
      #expect(try node("slider").value == "7")
      #expect(try node("button").name == "Pin the node")
      #expect(try node("button").properties["pressed"] == "true")
      #expect(try node("heading").depth == node("main").depth + 1)
      #expect(!tree.contains { $0.name == "*" })
    }
  }

  @Test func `frames and memory are measured`() async throws {
    try await SamplePage.show("<p>still</p>") { page in
      let before = try await page.heapSize()
      // 200 ms in which nothing can be painted; the frames around them may be off by one of 17 ms each.
      let frames = try await page.frameTimes {
        try await Task.sleep(for: .milliseconds(200))
        try await page.run("for (const end = performance.now() + 200; performance.now() < end;);")
        try await Task.sleep(for: .milliseconds(200))
      }
      #expect(frames.longest >= 160, "\(frames)")
      #expect(frames.perSecond > 1 && frames.perSecond < 61, "\(frames)")
      try await page.run("globalThis.kept = Array.from({length: 1e6}, (_, i) => i + 0.5)")
      let grown = try await page.heapSize() - before
      // A million numbers of 8 bytes, and little else.
      #expect(grown > 7_500_000 && grown < 12_000_000, "\(grown)")
    }
  }
}
