/// Colours of series, of medium lightness: each stands at least 3 to 1 against white and against a dark page, and
/// the first six differ for colour-blind readers too.
enum ChartColors {
  private static let distinct = ["#2a7ab9", "#c8571b", "#0f8a66", "#a8509a", "#94760a", "#5f7d86"]
  /// From low to high; neighbours are neighbours.
  private static let ramp: [(Double, Double, Double)] = [
    (0x48, 0x6c, 0xd0), (0x1f, 0x86, 0xa6), (0x2f, 0x8d, 0x55), (0x9a, 0x7b, 0x12), (0xcc, 0x52, 0x2f),
  ]

  /// The colour of a series: a hue of its own, or where there are more series than hues or they have an order, a
  /// place on a scale.
  static func color(_ index: Int, of count: Int, isOrdered: Bool) -> String {
    if !isOrdered, count <= distinct.count { return distinct[index] }
    return onRamp(count > 1 ? Double(index) / Double(count - 1) : 0)
  }

  private static func onRamp(_ share: Double) -> String {
    let place = min(1, max(0, share)) * Double(ramp.count - 1)
    let first = min(Int(place), ramp.count - 2)
    let part = place - Double(first)
    let (a, b) = (ramp[first], ramp[first + 1])
    let mixed = [(a.0, b.0), (a.1, b.1), (a.2, b.2)].map { Int(($0 + ($1 - $0) * part).rounded()) }
    return "#" + mixed.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
