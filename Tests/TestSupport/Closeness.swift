/// The largest difference of two lists of numbers, and where it is; `infinity` if their counts differ or a number
/// is not finite.
public func largestDifference(
  _ actual: some Collection<Float>, _ expected: some Collection<Float>
) -> Double {
  guard actual.count == expected.count else { return .infinity }
  var largest = 0.0
  for (a, e) in zip(actual, expected) {
    let difference = abs(Double(a) - Double(e))
    if !difference.isFinite { return .infinity }
    largest = max(largest, difference)
  }
  return largest
}
