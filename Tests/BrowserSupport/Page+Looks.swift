import AttributionGraphs
public import Foundation

/// What a reader's system asks of pages.
public struct Media: Sendable {
  public enum ColorScheme: String, Sendable { case light, dark }

  public var colorScheme = ColorScheme.light
  public var isPrint = false
  public var reducesMotion = false
  public var forcesColors = false

  public init(
    colorScheme: ColorScheme = .light, isPrint: Bool = false, reducesMotion: Bool = false,
    forcesColors: Bool = false
  ) {
    self.colorScheme = colorScheme
    self.isPrint = isPrint
    self.reducesMotion = reducesMotion
    self.forcesColors = forcesColors
  }
}

extension Page {
  /// Has the page believe that the reader's system asks for this.
  public func emulate(_ media: Media) async throws {
    func feature(_ name: String, _ value: String) -> JSON {
      ["name": .string(name), "value": .string(value)]
    }
    try await command(
      "Emulation.setEmulatedMedia",
      [
        "media": media.isPrint ? "print" : "",
        "features": [
          feature("prefers-color-scheme", media.colorScheme.rawValue),
          feature("prefers-reduced-motion", media.reducesMotion ? "reduce" : "no-preference"),
          feature("forced-colors", media.forcesColors ? "active" : "none"),
        ],
      ])
  }

  /// What a screenshot shows.
  public enum Extent: Sendable {
    /// The visible part.
    case visible
    /// The page with all that one would have to scroll to.
    case whole
    /// A part, in CSS pixels from the page's corner.
    case part(Frame)
  }

  /// A picture of the page as PNG, one pixel for each CSS pixel.
  public func screenshot(of extent: Extent = .visible) async throws -> Data {
    var parameters: JSONObject = ["format": "png"]
    switch extent {
    case .visible: break
    case .whole:
      let size = try await command("Page.getLayoutMetrics")["cssContentSize"]
      parameters["clip"] = clip(
        Frame(x: 0, y: 0, width: size["width"].double ?? 0, height: size["height"].double ?? 0))
      parameters["captureBeyondViewport"] = true
    case .part(let frame):
      parameters["clip"] = clip(frame)
      parameters["captureBeyondViewport"] = true
    }
    let reply: JSON
    do {
      reply = try await command("Page.captureScreenshot", .object(parameters), within: .seconds(10))
    } catch BrowserError.noReply {
      // Now and then a picture waits for a frame that never comes, and the next picture makes it come.
      reply = try await command("Page.captureScreenshot", .object(parameters))
    }
    return Data(base64Encoded: reply["data"].text) ?? Data()
  }

  private func clip(_ frame: Frame) -> JSON {
    [
      "x": JSON(frame.x), "y": JSON(frame.y), "width": JSON(frame.width), "height": JSON(frame.height),
      "scale": 1,
    ]
  }
}
