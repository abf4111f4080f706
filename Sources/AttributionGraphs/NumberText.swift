/// Numbers as people read them, the same in terminals, reports, pictures and captions.
///
/// Rounding claims neither all nor nothing where that is not so: 0.9987 is `99.9 %` and not `100 %`, 3e-6 is `< 0.01 %` and
/// not `0.00 %`.
public enum NumberText {
  /// A share in percent: `71 %`, `99.9 %`, `> 99.99 %`, `< 1 %`; `–` if it is no number.
  ///
  /// Just below all, up to two decimals more than asked for tell it from all.
  public static func percent(_ share: Double, decimals: Int = 0) -> String {
    guard share.isFinite else { return "–" }
    let (sign, size) = (share < 0 ? minus : "", share.magnitude * 100)
    if size == 0 { return "0 %" }
    if isOne(share.magnitude) { return "\(sign)100 %" }
    let least = fixed(unit(decimals), decimals)
    if isZero(fixed(size, decimals)) { return (share < 0 ? "> \(minus)" : "< ") + "\(least) %" }
    guard size < 100 else { return "\(sign)\(fixed(size, decimals)) %" }
    for places in decimals...max(decimals, 2) {
      let text = fixed(size, places)
      if !text.hasPrefix("100") { return "\(sign)\(text) %" }
    }
    let most = fixed(100 - unit(max(decimals, 2)), max(decimals, 2))
    return (share < 0 ? "< \(minus)" : "> ") + "\(most) %"
  }

  /// A number between 0 and 1, such as a score: `0.713`, `0.9996`, `> 0.99999`, `< 0.001`; `–` if it is no number.
  public static func decimal(_ value: Double, decimals: Int = 3) -> String {
    guard value.isFinite else { return "–" }
    let (sign, size) = (value < 0 ? minus : "", value.magnitude)
    if size == 0 { return "0" }
    if isOne(size) { return "\(sign)1" }
    if isZero(fixed(size, decimals)) {
      return (value < 0 ? "> \(minus)" : "< ") + fixed(unit(decimals), decimals)
    }
    guard size < 1 else { return sign + fixed(size, decimals) }
    for places in decimals...decimals + 2 {
      let text = fixed(size, places)
      if !text.hasPrefix("1") { return sign + text }
    }
    return (value < 0 ? "< \(minus)" : "> ") + fixed(1 - unit(decimals + 2), decimals + 2)
  }

  /// A difference with its sign: `+3.214`, `−0.020`, `+3e-6`, `0`; `–` if it is no number.
  public static func signed(_ value: Double, decimals: Int = 3) -> String {
    guard value.isFinite else { return "–" }
    if value == 0 { return "0" }
    let text = fixed(value.magnitude, decimals)
    return (value < 0 ? minus : "+") + (isZero(text) ? significant(value.magnitude, digits: 1) : text)
  }

  /// A number for tables that are read by programs, rounded to so many digits that count: `0.086512`, `3.2e-06`.
  public static func significant(_ value: Double, digits: Int = 5) -> String {
    guard value.isFinite, value != 0 else { return value == 0 ? "0" : "\(value)" }
    // The exponent of the first digit, by steps, so that every machine finds the same.
    var (size, exponent) = (value.magnitude, 0)
    while size >= 10, exponent < 400 { (size, exponent) = (size / 10, exponent + 1) }
    while size < 1, exponent > -400 { (size, exponent) = (size * 10, exponent - 1) }
    let places = digits - 1 - exponent
    guard (-15...15).contains(places), value.magnitude < 1e15 else { return "\(value)" }
    let scale = power(places.magnitude)
    let rounded =
      places < 0 ? (value / scale).rounded() * scale : (value * scale).rounded() / scale
    let text = "\(rounded)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  private static let minus = "−"

  /// Whether a share is all, but for the rounding of the sum that it comes from.
  private static func isOne(_ value: Double) -> Bool { (value - 1).magnitude < 1e-11 }

  private static func isZero(_ text: String) -> Bool { text.allSatisfy { $0 == "0" || $0 == "." } }

  private static func power(_ places: some BinaryInteger) -> Double {
    (0..<Int(places)).reduce(1.0) { power, _ in power * 10 }
  }

  private static func unit(_ decimals: Int) -> Double { 1 / power(decimals) }

  /// A number of at least 0 with a fixed count of decimals; very large ones in powers of ten.
  private static func fixed(_ value: Double, _ decimals: Int) -> String {
    let scaled = (value * power(decimals)).rounded()
    guard scaled < 1e15 else { return "\(value)" }
    let digits = String(Int(scaled))
    guard decimals > 0 else { return digits }
    let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
    return "\(padded.dropLast(decimals)).\(padded.suffix(decimals))"
  }
}
