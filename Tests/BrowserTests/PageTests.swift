import BrowserSupport
import Foundation
import TestSupport
import Testing

@Suite(.enabled(if: Chromium.isAvailable, "\(Chromium.reason)"))
struct PageTests {
  @Test func `scripts give values of the type that is asked for`() async throws {
    struct Shape: Decodable, Equatable {
      let name: String
      let sides: [Int]?
    }
    try await SamplePage.show("<p id=p>one</p>") { page in
      #expect(try await page.evaluate("6 * 7") == 42)
      #expect(try await page.evaluate("document.querySelector('#p').textContent + ' é🙂'") == "one é🙂")
      #expect(
        try await page.evaluate("[{name: 'a', sides: [1, 2]}, {name: 'b'}]")
          == [Shape(name: "a", sides: [1, 2]), Shape(name: "b", sides: nil)])
      #expect(
        try await page.evaluate("await new Promise(done => setTimeout(() => done('late'), 50))") == "late")
      #expect(try await page.evaluate("Promise.resolve([1, 2])") == [1, 2])
      #expect(try await page.evaluate("(async () => { await null; return {a: 'b'} })()") == ["a": "b"])
      #expect(try await page.evaluate("undefined", as: Int?.self) == nil)
      try await page.run("document.body")
    }
  }

  @Test func `a script that throws, and a value of another type, are errors that say so`() async throws {
    try await SamplePage.show("") { page in
      func message(_ script: String) async -> String {
        do {
          return "\(try await page.evaluate(script, as: Int.self))"
        } catch {
          return "\(error)"
        }
      }
      #expect(await message("missing + 1").contains("threw: ReferenceError: missing is not defined"))
      #expect(await message("await Promise.reject(new Error('no'))").contains("threw: Error: no"))
      #expect(await message("1 +").contains("SyntaxError"))
      #expect(await message("'text'") == "The result of ''text'' is no Int: text")
      #expect(await message("0 / 0") == "The result of '0 / 0' is no Int: NaN")
    }
  }

  @Test func `a missing element fails with what was waited for and what the page says`() async throws {
    try await SamplePage.show("<h1>A heading</h1><button hidden>Hidden</button><i>1</i><i>2</i>") { page in
      func message(_ action: () async throws -> Void) async -> String {
        do {
          try await action()
          return "nothing was thrown"
        } catch {
          return "\(error)"
        }
      }
      let limit = Duration.milliseconds(200)
      let missing = await message { try await page.waitFor("#missing", within: limit) }
      #expect(missing.contains("'#missing' to be visible: of 0 that match, 0 can be seen"), "\(missing)")
      #expect(missing.contains("page.html “Sample”, 1280 × 800"), "\(missing)")
      #expect(missing.contains("A heading"), "\(missing)")
      let hidden = await message { try await page.waitFor("button", within: limit) }
      #expect(hidden.contains("of 1 that match, 0 can be seen"), "\(hidden)")
      let untrue = await message { try await page.waitUntil("1 > 2", within: limit) }
      #expect(untrue.contains("'1 > 2': it is not true"), "\(untrue)")
      let wrong = await message { try await page.waitUntil("missing.length", within: limit) }
      #expect(wrong.contains("missing is not defined"), "\(wrong)")
    }
  }

  @Test(arguments: [
    ("<button hidden>1</button>", "it cannot be seen"),
    ("<button disabled>1</button>", "it is disabled"),
    ("<button>1</button><button>2</button>", "2 elements match"),
    ("<p>none</p>", "0 elements match"),
    (
      "<button>1</button><div id=over style='position: fixed; inset: 0'></div>",
      "over it lies <div id=\"over\""
    ),
    (
      "<style>@keyframes k { to { margin-left: 400px } }</style><button style='animation: k 4s linear infinite alternate'>1</button>",
      "move"
    ),
  ])
  func `what no user could click is not clicked`(body: String, reason: String) async throws {
    try await SamplePage.show(body) { page in
      let error = await #expect(throws: BrowserError.self) {
        try await page.click("button", within: .milliseconds(300))
      }
      #expect(error.map { "\($0)" }?.contains(reason) == true, "\(error.map { "\($0)" } ?? "no error")")
    }
  }

  @Test func `an element's text, attributes, value, style and frame are read`() async throws {
    let body = """
      <style>p { color: rgb(1, 2, 3); text-transform: uppercase }</style>
      <p id=p data-kind=x>Some <b>words</b></p><input value=held>
      <svg width=300 height=200 style="position: absolute; left: 10px; top: 100px">
        <g class=node><circle cx=100 cy=50 r=20 /><text x=100 y=90>label</text></g></svg>
      """
    try await SamplePage.show(body) { page async throws in
      #expect(try await page.text("#p") == "SOME WORDS")
      #expect(try await page.attribute("data-kind", of: "#p") == "x")
      #expect(try await page.attribute("data-none", of: "#p") == nil)
      #expect(try await page.value(of: "input") == "held")
      #expect(try await page.style("color", of: "#p") == "rgb(1, 2, 3)")
      #expect(try await page.text("g.node") == "label")
      #expect(try await page.frame(of: "circle") == Frame(x: 90, y: 130, width: 40, height: 40))
    }
  }

  @Test func `what goes away can be waited for`() async throws {
    let body = "<p id=p>going</p><script>setTimeout(() => p.remove(), 100)</script>"
    try await SamplePage.show(body) { page in
      try await page.waitFor("#p", toBe: .gone)
      #expect(try await page.count("#p") == 0)
    }
  }

  @Test func `an address without an answer is an error, and a reload loads again`() async throws {
    let body = "<script>sessionStorage.n = Number(sessionStorage.n ?? 0) + 1</script>"
    try await SamplePage.show(body) { page in
      try await page.reload()
      try await page.reload()
      #expect(try await page.evaluate("sessionStorage.n") == "3")
      let here: String = try await page.evaluate("location.href")
      try await page.goto("\(here)#part")
      #expect(try await page.evaluate("location.hash") == "#part")
      let error = await #expect(throws: BrowserError.self) { try await page.goto("file:///nowhere/at/all") }
      #expect(error.map { "\($0)" }?.contains("ERR_FILE_NOT_FOUND") == true)
    }
  }

  @Test func `two tabs of a window share their storage, both are painted, and windows share nothing`()
    async throws
  {
    let sample = try SamplePage("<p>tab</p>")
    try await Browser.withWindow { window in
      let first = try await window.open()
      let second = try await window.open(width: 600, height: 400)
      for page in [first, second] { try await sample.open(in: page) }
      try await first.run("localStorage.told = 'by the first'")
      #expect(try await second.evaluate("localStorage.told") == "by the first")
      for page in [first, second] {
        #expect(try await page.evaluate("document.visibilityState + document.hasFocus()") == "visibletrue")
        let frames = try await page.frameTimes { try await Task.sleep(for: .milliseconds(300)) }
        #expect(frames.intervals.count >= 3, "\(frames)")
      }
      #expect(try await second.evaluate("[innerWidth, innerHeight]") == [600, 400])
      try await second.close()
      #expect(second.isClosed && !first.isClosed)
      #expect(try await first.text("p") == "tab")
    }
    try await Browser.withPage { page in
      try await sample.open(in: page)
      #expect(try await page.evaluate("localStorage.told ?? null", as: String?.self) == nil)
    }
  }

  @Test func `files are chosen, dropped and downloaded`() async throws {
    let folder = try TemporaryFolder()
    let files = [try folder.write("one.json", "{}".utf8), try folder.write("zwei.txt", "äöü".utf8)]
    let body = """
      <input type=file multiple><div id=zone style="height: 100px">drop here</div><a download="figure.svg">save</a>
      <script>
        const read = async files => document.title = (await Promise.all([...files].map(async f =>
          `${f.name}=${await f.text()}`))).join(' ');
        document.querySelector('input').onchange = e => read(e.target.files);
        zone.ondragover = e => e.preventDefault();
        zone.ondrop = e => { e.preventDefault(); read(e.dataTransfer.files); };
        document.querySelector('a').href = URL.createObjectURL(new Blob(['<svg>é</svg>']));
      </script>
      """
    try await SamplePage.show(body) { page in
      try await page.choose(files, in: "input")
      try await page.waitUntil("document.title === 'one.json={} zwei.txt=äöü'")
      try await page.drop([files[1]], on: "#zone")
      try await page.waitUntil("document.title === 'zwei.txt=äöü'")
      for _ in 0..<2 {
        let download = try await page.download { try await page.click("a") }
        #expect(download.name == "figure.svg")
        #expect(String(decoding: download.contents, as: UTF8.self) == "<svg>é</svg>")
      }
    }
  }
}
