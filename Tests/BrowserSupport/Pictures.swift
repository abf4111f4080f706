public import Foundation

/// Something of a page that is worth a picture for people.
public struct View: Sendable {
  /// What the names of its files begin with.
  public let name: String
  /// Brings an empty page to where it is seen.
  let show: @Sendable (Page) async throws -> Void

  public init(_ name: String, show: @escaping @Sendable (Page) async throws -> Void) {
    self.name = name
    self.show = show
  }

  /// The sizes of the pictures, in pixels.
  public static let sizes = [(width: 1280, height: 800), (width: 1920, height: 1080)]

  /// Where pictures go, if somebody wants them: what CLEW_SCREENSHOTS names.
  public static let folder = ProcessInfo.processInfo.environment["CLEW_SCREENSHOTS"].map { URL(filePath: $0) }

  /// Writes a picture in each size, light and dark: `name-1280-light.png` and so on.
  /// - Returns: The files.
  /// - Throws: What ``Browser/withPage(width:height:_:)`` throws: a page with troubles is not pictured.
  @discardableResult
  public func picture(in folder: URL) async throws -> [URL] {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    var files: [URL] = []
    for (width, height) in Self.sizes {
      for colorScheme in [Media.ColorScheme.light, .dark] {
        let file = folder.appending(path: "\(name)-\(width)-\(colorScheme.rawValue).png")
        try await Browser.withPage(width: width, height: height) { page in
          // Pictures show where things come to rest.
          try await page.emulate(Media(colorScheme: colorScheme, reducesMotion: true))
          try await show(page)
          try await page.screenshot().write(to: file)
        }
        files.append(file)
      }
    }
    return files
  }
}
