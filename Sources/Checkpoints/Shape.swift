/// The sides of a tensor.
enum Shape {
  /// How many numbers a tensor has; `nil` if a side is negative, or if the sides that are not zero alone would make more
  /// than any file holds: products of some of them are formed later.
  static func count(_ shape: [Int]) -> Int? {
    var count = 1
    for side in shape where side != 0 {
      let (product, overflows) = count.multipliedReportingOverflow(by: side)
      guard side > 0, !overflows, product < 1 << 48 else { return nil }
      count = product
    }
    return shape.contains(0) ? 0 : count
  }
}
