import BrowserSupport
import Foundation
import TestSupport
import Testing

/// Pictures of pages for people to look at:
///
///     CLEW_SCREENSHOTS=pictures ./clew test --filter PictureTests
@Suite(.enabled(if: Chromium.isAvailable, "\(Chromium.reason)"))
struct PictureTests {
  /// What is pictured.
  private static let views = [
    // What the browser itself makes of a page: its fonts, and its own controls in both schemes.
    View("controls") { page in
      let body = """
        <h1>Controls</h1><p>The capital of Texas is — größer, “quoted”, x₁ → y².</p>
        <button>Button</button> <input value=text> <input type=range> <input type=checkbox checked>
        <select><option>Choice</select> <progress value=0.4></progress> <a href=#>Link</a>
        """
      let style = "<style>:root { color-scheme: light dark; font-family: sans-serif }</style>"
      try await SamplePage(body, head: style).open(in: page)
    }
  ]

  @Test(.enabled(if: View.folder != nil, "CLEW_SCREENSHOTS names no folder for pictures"), arguments: views)
  func `every view is pictured in all sizes, light and dark`(view: View) async throws {
    for file in try await view.picture(in: #require(View.folder)) { print(file.path) }
  }

  @Test func `a picture has its size, and its scheme from the start`() async throws {
    let folder = try TemporaryFolder()
    let view = View("view") { page in
      let script = """
        <script>
          const isDark = matchMedia('(prefers-color-scheme: dark)').matches;
          document.body.style.background = isDark ? '#000' : '#fff';
        </script>
        """
      try await SamplePage(script).open(in: page)
    }
    let files = try await view.picture(in: folder.url("new/pictures"))
    #expect(
      files.map(\.lastPathComponent) == [
        "view-1280-light.png", "view-1280-dark.png", "view-1920-light.png", "view-1920-dark.png",
      ])
    let pictures = try files.map { try Picture(Data(contentsOf: $0)) }
    #expect(pictures.map(\.width) == [1280, 1280, 1920, 1920])
    #expect(pictures.map(\.height) == [800, 800, 1080, 1080])
    try await Browser.withPage { page in
      for (picture, value) in zip(pictures, [255, 0, 255, 0]) {
        let pixel = try await picture.pixel(x: 640, y: 400, in: page)
        #expect(pixel == [value, value, value, 255])
      }
    }
  }

  @Test func `a page with troubles is not pictured`() async throws {
    let folder = try TemporaryFolder()
    let view = View("view") { page in try await SamplePage("<script>throw 1</script>").open(in: page) }
    await #expect(throws: BrowserError.self) { try await view.picture(in: folder.url) }
  }
}
