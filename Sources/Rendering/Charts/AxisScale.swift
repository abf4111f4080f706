internal import Foundation

/// An axis fitted to data: which numbers it spans, where they lie from 0 to 1, and its ticks.
struct AxisScale {
  /// A number with a mark at the axis.
  struct Tick: Equatable {
    let value: Double
    let text: String
  }

  let isLogarithmic: Bool
  let lowest: Double
  let highest: Double
  let ticks: [Tick]

  /// - Parameters:
  ///   - values: The data; numbers that cannot be drawn are passed over.
  ///   - tickCount: About how many ticks there is room for.
  init(_ axis: ChartAxis, values: some Sequence<Double>, tickCount: Int) {
    isLogarithmic = axis.scale == .logarithmic
    let isLogarithmic = isLogarithmic
    var drawn = values.filter { $0.isFinite && abs($0) < 1e300 && (!isLogarithmic || $0 > 1e-300) }
    if let range = axis.range {
      drawn += [range.lowerBound, range.upperBound].filter {
        abs($0) < 1e300 && (!isLogarithmic || $0 > 1e-300)
      }
    }
    if axis.includesZero, !isLogarithmic { drawn.append(0) }
    let low = drawn.min() ?? (isLogarithmic ? 0.1 : 0)
    let high = drawn.max() ?? 1
    if isLogarithmic {
      (lowest, highest, ticks) = Self.logarithmic(low, high, axis, tickCount)
    } else {
      (lowest, highest, ticks) = Self.linear(low, high, axis, tickCount)
    }
  }

  /// Where a number lies, 0 at the axis' beginning and 1 at its end; `nil` for what is
  /// beyond it or cannot be drawn.
  func place(_ value: Double) -> Double? {
    guard value.isFinite, !isLogarithmic || value > 0 else { return nil }
    let place =
      isLogarithmic
      ? (log10(value) - log10(lowest)) / (log10(highest) - log10(lowest))
      : (value - lowest) / (highest - lowest)
    return place > -1e-3 && place < 1.001 ? place : nil
  }

  /// Steps of 1, 2 or 5 times a power of ten.
  private static func linear(
    _ low: Double, _ high: Double, _ axis: ChartAxis, _ count: Int
  ) -> (Double, Double, [Tick]) {
    var (low, high) = (low, high)
    // What is smaller than 1e-300 leaves no step that could be counted in.
    if !(high - low > max(1e-300, 1e-12 * max(abs(low), abs(high)))) {
      let half = abs(low) < 1e-290 ? 0.5 : abs(low) * 0.1
      (low, high) = (axis.includesZero && low >= 0 ? 0 : low - half, high + half)
    }
    let rough = (high - low) / Double(max(1, count))
    let power = pow(10, floor(log10(rough)))
    let multiple = [1, 2, 5, 10].first { $0 * power >= rough * 0.999 } ?? 10
    let step = axis.isWhole ? max(1, multiple * power) : multiple * power
    // Counting in steps keeps rounding out of the ticks.
    let first = floor(low / step + 1e-9)
    let last = ceil(high / step - 1e-9)
    // An axis of whole numbers, or one with a given range, ends where its data end.
    let bounds = axis.isWhole || axis.range != nil ? (low, high) : (first * step, last * step)
    let margin = (bounds.1 - bounds.0) * 1e-9
    let ticks = stride(from: first, through: last, by: 1).map { $0 * step }
      .filter { $0 >= bounds.0 - margin && $0 <= bounds.1 + margin }
      .map { Tick(value: $0, text: ChartNumber.text($0, step: step, format: axis.format)) }
    return (bounds.0, bounds.1, ticks)
  }

  /// Powers of ten; with 2 and 5 times them where there are few.
  private static func logarithmic(
    _ low: Double, _ high: Double, _ axis: ChartAxis, _ count: Int
  ) -> (Double, Double, [Tick]) {
    var (low, high) = (low, high)
    if !(high > low * (1 + 1e-9)) { (low, high) = (low / 2, high * 2) }
    let (first, last) = (Int(floor(log10(low) + 1e-9)), Int(ceil(log10(high) - 1e-9)))
    let decades = log10(high) - log10(low)
    let multiples: [Double] = decades < 1.3 ? [1, 2, 3, 5, 7] : decades < 3 ? [1, 2, 5] : [1]
    let every = max(1, (last - first + max(1, count) - 1) / max(1, count))
    var values: [Double] = []
    for exponent in first...max(first, last) where (exponent - first).isMultiple(of: every) {
      values += multiples.map { $0 * pow(10, Double(exponent)) }
    }
    let bounds =
      axis.range == nil
      ? (values.last { $0 <= low * (1 + 1e-9) } ?? low, values.first { $0 >= high * (1 - 1e-9) } ?? high)
      : (low, high)
    let ticks = values.filter { $0 >= bounds.0 * (1 - 1e-9) && $0 <= bounds.1 * (1 + 1e-9) }
      .map { Tick(value: $0, text: ChartNumber.text($0, step: $0, format: axis.format)) }
    return (bounds.0, bounds.1, ticks)
  }
}
