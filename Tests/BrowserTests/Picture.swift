import BrowserSupport
import Foundation
import Testing

/// A picture as PNG.
struct Picture {
  let png: Data
  let width: Int
  let height: Int

  /// Reads the size from the head of the file.
  init(_ png: Data) throws {
    try #require(
      png.starts(with: [0x89, 0x50, 0x4e, 0x47]) && png.count > 24, "\(png.prefix(24).map { $0 })")
    func number(at place: Int) -> Int { png[place..<place + 4].reduce(0) { $0 << 8 | Int($1) } }
    (self.png, width, height) = (png, number(at: 16), number(at: 20))
  }

  /// Red, green, blue and opacity of a pixel, 0 to 255, as some page decodes them.
  func pixel(x: Int, y: Int, in page: Page) async throws -> [Int] {
    try await page.evaluate(
      """
      const image = new Image();
      image.src = 'data:image/png;base64,\(png.base64EncodedString())';
      await image.decode();
      const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
      context.drawImage(image, 0, 0);
      [...context.getImageData(\(x), \(y), 1, 1).data]
      """)
  }
}
