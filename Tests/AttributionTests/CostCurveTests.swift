import Foundation
import Testing

@testable import Clew

/// Exponents of what a trace costs.
struct CostCurveTests {
  @Test(arguments: [0.0, 0.97, 2.0, -1.5])
  func `a power has its exponent`(exponent: Double) {
    let axis = [8.0, 16, 32, 64, 128]
    let measured = CostCurve.exponent(of: axis.map { 3 * pow($0, exponent) }, over: axis)
    #expect(abs(measured - exponent) < 1e-12)
  }

  @Test func `only the upper half of an axis counts`() {
    let axis = [8.0, 16, 32, 64, 128]
    let upper = [32.0, 64, 128].map { $0 * $0 }
    for lower in [[1.0, 1], [1e9, 0], [64, 256]] {
      #expect(abs(CostCurve.exponent(of: lower + upper, over: axis) - 2) < 1e-12)
    }
  }

  @Test func `two points are enough, and nothing at all has a finite exponent`() {
    #expect(abs(CostCurve.exponent(of: [1, 8], over: [2, 4]) - 3) < 1e-12)
    #expect(CostCurve.exponent(of: [0, 0, 0], over: [2, 4, 8]) == 0)
  }
}
