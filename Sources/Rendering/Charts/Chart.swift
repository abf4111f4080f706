/// Where a chart's SVG is going to stand.
public enum ChartPlace: Sendable {
  /// A file of its own, with a background that follows the reader's light or dark setting.
  case file
  /// Within an HTML page, in the page's text colour and without a background.
  case page
}

/// What all charts have in common: a title, two axes, a size.
public struct ChartHeading: Sendable {
  /// What the chart shows.
  public var title: String
  /// A line below the title.
  public var subtitle: String
  public var x: ChartAxis
  public var y: ChartAxis
  /// In points.
  public var width: Double
  /// In points.
  public var height: Double

  public init(
    _ title: String, subtitle: String = "", x: ChartAxis, y: ChartAxis, width: Double = 480,
    height: Double = 280
  ) {
    self.title = title
    self.subtitle = subtitle
    self.x = x
    self.y = y
    self.width = max(160, width.isFinite ? width : 480)
    self.height = max(120, height.isFinite ? height : 280)
  }
}

/// A picture of numbers, written as SVG text. Equal charts give equal bytes.
public protocol Chart: Sendable {
  /// The picture as SVG.
  func svg(_ place: ChartPlace) -> String
}

extension Chart {
  /// The picture as the bytes of a file of its own.
  public func file() -> [UInt8] { Array(svg(.file).utf8) }
}
