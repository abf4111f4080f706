/// The one number by which a file names a feature: its layer and its index, paired.
/// ```
/// z = (layer + index) · (layer + index + 1) / 2 + index
/// ```
/// This is Cantor's pairing, used by files of `schema_version` 1. It is inverted in whole numbers, for the
/// numbers of wide transcoders are beyond what floating point can tell apart.
public enum FeatureNumber {
  /// Pairs a layer and an index; `nil` if either is negative or the number is too great.
  public static func paired(layer: Int, index: Int) -> Int? {
    guard layer >= 0, index >= 0, layer < 1 << 31, index < 1 << 31 else { return nil }
    let sum = layer + index
    let (half, overflow) = (sum % 2 == 0 ? sum / 2 : sum)
      .multipliedReportingOverflow(by: sum % 2 == 0 ? sum + 1 : (sum + 1) / 2)
    let (number, overflowToo) = half.addingReportingOverflow(index)
    return overflow || overflowToo ? nil : number
  }

  /// The layer and the index that a number stands for; `nil` if it is negative or beyond what is paired.
  public static func unpaired(_ number: Int) -> (layer: Int, index: Int)? {
    guard number >= 0, number < 1 << 60 else { return nil }
    var sum = (squareRoot(8 * UInt64(number) + 1) - 1) / 2
    while sum * (sum + 1) / 2 > number { sum -= 1 }
    while (sum + 1) * (sum + 2) / 2 <= number { sum += 1 }
    let index = number - sum * (sum + 1) / 2
    return (sum - index, index)
  }

  /// The square root, rounded down or off by one in either direction.
  private static func squareRoot(_ value: UInt64) -> Int { Int(Double(value).squareRoot()) }
}
