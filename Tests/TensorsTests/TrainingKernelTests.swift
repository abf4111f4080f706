import CKernels
import Foundation
import Tensors
import TestSupport
import Testing

/// The kernels of training against plain loops, on every path of the processor.
///
/// Serialized, because the processor's path is of the whole process.
@Suite(.serialized)
struct TrainingKernelTests {
  @Test func `weight gradients are the plain loop's, bit for bit, on every path`() {
    defer { _ = ck_limit_level(3) }
    var generator = SeededGenerator(seed: 41)
    for (m, k, n) in [(1, 1, 1), (15, 7, 33), (130, 300, 70), (14, 257, 32), (40, 12, 17)] {
      let a = generator.normals(k * m), b = generator.normals(k * n), before = generator.normals(m * n)
      var expected = before
      for i in 0..<m {
        for j in 0..<n {
          for x in 0..<k { expected[i * n + j].addProduct(a[x * m + i], b[x * n + j]) }
        }
      }
      for level in ProductTests.levels {
        _ = ck_limit_level(level)
        var gradient = Matrix(rows: m, columns: n, values: before)
        Kernels.addWeightGradient(
          Matrix(rows: k, columns: m, values: a), Matrix(rows: k, columns: n, values: b), rows: k,
          to: &gradient)
        #expect(gradient.values == expected, "[\(m), \(k), \(n)] at level \(level)")
      }
    }
  }

  @Test func `exp is within two units in the last place, the same on every path`() {
    defer { _ = ck_limit_level(3) }
    let x = stride(from: Float(-87), to: 88, by: 0.0137).map { $0 }
    var results: [[Float]] = []
    for level in ProductTests.levels {
      _ = ck_limit_level(level)
      var y = [Float](repeating: 0, count: x.count)
      ck_exp(x, &y, x.count)
      results.append(y)
    }
    #expect(results[0] == results[1] && results[0] == results[2])
    let worst = zip(x, results[0]).reduce(0) { max($0, abs(Double($1.1) / exp(Double($1.0)) - 1)) }
    #expect(worst < 2.4e-7)
    var edges: [Float] = [0, 0, 0, 0]
    ck_exp([-1000, 0, -.infinity, 1], &edges, 4)
    #expect(edges[0] < 1.3e-38 && edges[1] == 1 && edges[2] < 1.3e-38)
  }

  @Test(arguments: Activation.allCases)
  func `an activation's derivative is what small changes show`(activation: Activation) {
    for x in stride(from: Float(-3.05), to: 3, by: 0.1) {
      let measured = (activation(x + 0.005) - activation(x - 0.005)) / 0.01
      #expect(abs(measured - activation.derivative(x)) < 2e-3, "at \(x)")
    }
  }

  @Test func `a step of Adam is the textbook's, on every path`() {
    defer { _ = ck_limit_level(3) }
    var generator = SeededGenerator(seed: 43)
    let start = generator.normals(37)
    let gradients = (0..<3).map { _ in generator.normals(37) }
    var w = start.map { Double($0) }, m = [Double](repeating: 0, count: 37), v = m
    for (n, gradient) in gradients.enumerated() {
      for i in w.indices {
        let g = 0.5 * Double(gradient[i])
        m[i] = 0.9 * m[i] + 0.1 * g
        v[i] = 0.98 * v[i] + 0.02 * g * g
        let change =
          m[i] / (1 - pow(0.9, Double(n + 1))) / ((v[i] / (1 - pow(0.98, Double(n + 1)))).squareRoot() + 1e-8)
        w[i] -= 0.01 * (change + 0.1 * w[i])
      }
    }
    var results: [[Float]] = []
    for level in ProductTests.levels {
      _ = ck_limit_level(level)
      var weights = start, moments = [Float](repeating: 0, count: 37), squares = moments
      for (n, gradient) in gradients.enumerated() {
        Adam(beta1: 0.9, beta2: 0.98).step(
          &weights, gradient: gradient, moments: &moments, squares: &squares, gradientScale: 0.5, rate: 0.01,
          decay: 0.1, number: n + 1)
      }
      #expect(largestDifference(weights, w.map { Float($0) }) < 1e-6)
      results.append(weights)
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }
}
