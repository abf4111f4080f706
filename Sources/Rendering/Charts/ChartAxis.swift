/// One axis of a chart: its name, its scale, and how its numbers are written.
public struct ChartAxis: Sendable {
  /// How numbers become places.
  public enum Scale: Sendable {
    case linear
    /// Powers of ten are equally far apart; what is not positive is not drawn.
    case logarithmic
  }

  /// How numbers are written at the ticks.
  public enum Format: Sendable {
    case plain
    /// A share as a percentage.
    case percent
  }

  /// What stands at the axis, with the unit.
  public var name: String
  public var scale: Scale
  public var format: Format
  /// The numbers that the axis shows at least; `nil` takes those of the data.
  public var range: ClosedRange<Double>?
  /// Whether zero is on a linear axis.
  public var includesZero: Bool
  /// Whether only whole numbers have ticks.
  public var isWhole: Bool

  /// What is written at the axis: its name, and that its scale is not linear.
  var label: String {
    guard scale == .logarithmic else { return name }
    return name.isEmpty ? "log scale" : "\(name) (log scale)"
  }

  public init(
    _ name: String, scale: Scale = .linear, format: Format = .plain, range: ClosedRange<Double>? = nil,
    includesZero: Bool = false, isWhole: Bool = false
  ) {
    self.name = name
    self.scale = scale
    self.format = format
    self.range = range
    self.includesZero = includesZero
    self.isWhole = isWhole
  }
}
