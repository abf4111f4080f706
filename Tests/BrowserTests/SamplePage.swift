import BrowserSupport
import Foundation
import TestSupport

/// A small page on the disk, for tests of the tests' own tools.
///
/// Its file goes with it, so a test that loads it again holds it until then.
struct SamplePage {
  private let url: URL
  private let folder: TemporaryFolder

  /// A page of a body, which may have scripts and styles.
  init(_ body: String, head: String = "") throws {
    folder = try TemporaryFolder()
    url = try folder.write(
      "page.html",
      "<!doctype html><html lang=en><meta charset=utf-8><title>Sample</title>\(head)<body>\(body)".utf8)
  }

  /// Goes to the page.
  func open(in page: Page) async throws {
    try await page.goto(url)
    withExtendedLifetime(folder) {}
  }

  /// Shows a page to a test.
  static func show(
    _ body: String, head: String = "", width: Int = 1280, height: Int = 800,
    _ test: (Page) async throws -> Void
  ) async throws {
    let sample = try SamplePage(body, head: head)
    try await Browser.withPage(width: width, height: height) { page in
      try await sample.open(in: page)
      try await test(page)
    }
    withExtendedLifetime(sample) {}
  }
}
