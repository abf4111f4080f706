internal import AttributionGraphs
internal import Foundation

/// Numbers as charts write them, the same in every language setting.
enum ChartNumber {
  /// A number at a tick: as many decimals as the step between ticks has, large ones in k, M, G.
  static func text(_ value: Double, step: Double, format: ChartAxis.Format) -> String {
    guard value.isFinite else { return "–" }
    switch format {
    case .percent: return decimal(value * 100, step: step * 100) + " %"
    case .plain:
      let size = max(abs(value), step)
      for (unit, suffix) in [(1e9, "G"), (1e6, "M"), (1e3, "k")] where size >= unit && abs(value) >= unit {
        return decimal(value / unit, step: step / unit) + suffix
      }
      return decimal(value, step: step)
    }
  }

  /// A value in a label or a tooltip: three digits that count.
  static func short(_ value: Double, format: ChartAxis.Format = .plain) -> String {
    guard value.isFinite else { return "–" }
    guard value != 0 else { return format == .percent ? NumberText.percent(0) : "0" }
    let size = abs(format == .percent ? value * 100 : value)
    guard size < .infinity else { return power(value) }
    let exponent = floor(log10(size))
    if format == .percent { return NumberText.percent(value, decimals: Int(min(max(2 - exponent, 0), 6))) }
    return text(value, step: min(pow(10, exponent - 2), 1), format: format)
  }

  private static func decimal(_ value: Double, step: Double) -> String {
    guard value.isFinite else { return "–" }
    if value == 0 { return "0" }
    if abs(value) < 1e-6 || abs(value) >= 1e15 || !(step >= 1e-9) { return power(value) }
    let decimals = min(9, max(0, Int(ceil(-log10(step) - 1e-9))))
    let text = fixed(value, decimals)
    return value < 0 ? "−" + text.dropFirst() : text
  }

  /// A number in powers of ten: `3e-7`.
  private static func power(_ value: Double) -> String {
    var exponent = Int(floor(log10(abs(value)) + 1e-9))
    // Ten to the power of less than −308 is no whole number of digits any more.
    var factor =
      exponent > -300 ? value / pow(10, Double(exponent)) : value * 1e300 / pow(10, Double(exponent + 300))
    if abs(factor) >= 9.95 { (factor, exponent) = (factor / 10, exponent + 1) }
    let head = fixed(factor, 1)
    return (head.hasSuffix(".0") ? String(head.dropLast(2)) : head) + "e\(exponent)"
  }

  /// A number with a fixed count of decimals; no minus before zeros.
  static func fixed(_ value: Double, _ decimals: Int) -> String {
    let text = String(format: "%.\(decimals)f", locale: Locale(identifier: "en_US_POSIX"), value)
    return text.hasPrefix("-") && !text.contains { ("1"..."9").contains($0) }
      ? String(text.dropFirst()) : text
  }

  /// A place in the drawing, in hundredths.
  static func place(_ value: Double) -> String {
    let text = "\((value * 100).rounded() / 100)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text == "-0" ? "0" : text
  }
}
