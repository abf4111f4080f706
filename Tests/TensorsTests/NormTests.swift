import Foundation
import Tensors
import TestSupport
import Testing

/// Norms against their formulas in double precision, and their frozen pullbacks against differences.
struct NormTests {
  static let widths = [1, 2, 3, 16, 37, 64]

  @Test(arguments: widths)
  func `the RMS norm is its formula`(width: Int) {
    var generator = SeededGenerator(seed: 41)
    let (x, gain) = (generator.normals(width), generator.normals(width))
    var y = [Float](repeating: 0, count: width)
    var span = y.mutableSpan
    let scale = Kernels.rmsNorm(x.span, gain: gain.span, epsilon: 1e-5, into: &span)
    let mean = x.reduce(0) { $0 + Double($1) * Double($1) } / Double(width)
    let r = 1 / (mean + Double(Float(1e-5))).squareRoot()
    let expected = x.indices.map { Double(x[$0]) * r * Double(gain[$0]) }
    expectClose(y, expected)
    #expect(abs(Double(scale) - r) <= 1e-6 * r)
  }

  @Test(arguments: widths)
  func `the layer norm is its formula`(width: Int) {
    var generator = SeededGenerator(seed: 42)
    let (x, gain, bias) = (generator.normals(width), generator.normals(width), generator.normals(width))
    var y = [Float](repeating: 0, count: width)
    var span = y.mutableSpan
    let scale = Kernels.layerNorm(x.span, gain: gain.span, bias: bias.span, epsilon: 1e-5, into: &span)
    let mean = x.reduce(0) { $0 + Double($1) } / Double(width)
    let variance = x.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(width)
    let r = 1 / (variance + Double(Float(1e-5))).squareRoot()
    let expected = x.indices.map { (Double(x[$0]) - mean) * r * Double(gain[$0]) + Double(bias[$0]) }
    expectClose(y, expected)
    #expect(abs(Double(scale) - r) <= 1e-6 * r)
  }

  @Test(arguments: widths, [false, true])
  func `the frozen pullback is the slope of the frozen norm`(width: Int, centers: Bool) {
    var generator = SeededGenerator(seed: 43)
    let (x, gain, bias) = (generator.normals(width), generator.normals(width), generator.normals(width))
    let gy = generator.normals(width)
    let scale: Float = 0.7
    func value(at x: [Float]) -> Double {
      var y = [Float](repeating: 0, count: width)
      var span = y.mutableSpan
      if centers {
        _ = Kernels.layerNorm(
          x.span, gain: gain.span, bias: bias.span, epsilon: 1e-5, frozenScale: scale, into: &span)
      } else {
        _ = Kernels.rmsNorm(x.span, gain: gain.span, epsilon: 1e-5, frozenScale: scale, into: &span)
      }
      return zip(gy, y).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    var gx = [Float](repeating: 0, count: width)
    var span = gx.mutableSpan
    Kernels.frozenNormPullback(gy.span, gain: gain.span, scale: scale, centers: centers, into: &span)
    let start = value(at: x)
    for i in x.indices {
      var moved = x
      moved[i] += 1
      // With its scale frozen the norm is affine, so a step of 1 has no error of its own; what remains is the
      // rounding of up to 64 products of size 1 to 6e-8.
      #expect(abs(value(at: moved) - start - Double(gx[i])) < 5e-5, "\(i)")
    }
  }

  @Test func `a frozen scale that was recorded gives the recorded output`() {
    var generator = SeededGenerator(seed: 44)
    let (x, gain) = (generator.normals(16), generator.normals(16))
    var (free, frozen) = ([Float](repeating: 0, count: 16), [Float](repeating: 0, count: 16))
    var span = free.mutableSpan
    let scale = Kernels.rmsNorm(x.span, gain: gain.span, epsilon: 1e-6, into: &span)
    var second = frozen.mutableSpan
    #expect(
      Kernels.rmsNorm(x.span, gain: gain.span, epsilon: 1e-6, frozenScale: scale, into: &second) == scale)
    #expect(free == frozen)
  }

  /// Three roundings to 6e-8 of numbers below about 10.
  private func expectClose(
    _ actual: [Float], _ expected: [Double], sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(
      largestDifference(actual, expected.map { Float($0) }) < 5e-6, sourceLocation: sourceLocation)
  }
}
