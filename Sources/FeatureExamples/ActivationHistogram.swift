internal import Foundation

/// Counts of activations in 64 bins of equal width from 0 to the least power of two above the largest.
///
/// The range doubles when a greater activation comes, and pairs of bins become one. Bounds are powers of two, so no
/// count moves to a wrong bin, and the result does not depend on the order in which activations come. What is below
/// zero counts in the first bin.
public struct ActivationHistogram: Sendable, Equatable {
  /// How many bins there are.
  public static let binCount = 64
  static let leastExponent = -24

  /// The range is 0 to two to the power of this.
  public private(set) var exponent: Int
  /// `[binCount]`.
  public private(set) var counts: [UInt32]

  public init() {
    exponent = Self.leastExponent
    counts = Array(repeating: 0, count: Self.binCount)
  }

  /// A histogram that was stored.
  init(exponent: Int, counts: [UInt32]) {
    precondition(counts.count == Self.binCount, "\(counts.count) bins")
    self.exponent = exponent
    self.counts = counts
  }

  /// The upper end of the last bin.
  public var upperBound: Double { scalbn(1, exponent) }
  /// The width of a bin.
  public var binWidth: Double { upperBound / Double(Self.binCount) }

  /// The doublings that make room for an activation.
  func doublings(for activation: Float) -> Int {
    activation > 0 ? max(0, Int(activation.exponent) + 1 - exponent) : 0
  }

  /// The bin of an activation within the range.
  func bin(of activation: Float, among bins: Int = ActivationHistogram.binCount) -> Int {
    guard activation > 0 else { return 0 }
    return min(bins - 1, Int(scalbn(Double(activation), -exponent) * Double(bins)))
  }

  /// Counts one activation.
  public mutating func add(_ activation: Float) {
    let shift = doublings(for: activation)
    if shift > 0 { widen(by: shift) }
    let place = bin(of: activation)
    counts[place] = counts[place] == .max ? .max : counts[place] + 1
  }

  private mutating func widen(by shift: Int) {
    var wider = [UInt32](repeating: 0, count: Self.binCount)
    for (place, count) in counts.enumerated() where count > 0 {
      let place = shift < 7 ? place >> shift : 0
      wider[place] = wider[place].addingReportingOverflow(count).overflow ? .max : wider[place] + count
    }
    counts = wider
    exponent += shift
  }

  /// The activation below which a share of the counted activations lies, on a straight line within its bin.
  public func quantile(_ share: Double) -> Double {
    let total = counts.reduce(0.0) { $0 + Double($1) }
    guard total > 0 else { return 0 }
    let wanted = min(1, max(0, share)) * total
    var below = 0.0
    for (place, count) in counts.enumerated() where count > 0 {
      if below + Double(count) >= wanted {
        return (Double(place) + (wanted - below) / Double(count)) * binWidth
      }
      below += Double(count)
    }
    return upperBound
  }
}
