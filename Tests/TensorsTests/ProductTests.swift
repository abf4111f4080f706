import CKernels
import Foundation
import Tensors
import TestSupport
import Testing

/// Matrix products against plain loops, bit for bit: every element is one chain of fused multiply-adds.
///
/// Serialized, because the processor's path and the number of threads are of the whole process.
@Suite(.serialized)
struct ProductTests {
  /// AVX-512, AVX2, portable; a processor that lacks one runs the next.
  static let levels: [Int32] = [3, 2, 0]

  /// `c` at `[i, j]` after a product, one chain over the inner axis.
  private func chain(_ start: Float, _ count: Int, _ a: (Int) -> Float, _ b: (Int) -> Float) -> Float {
    var sum = start
    for x in 0..<count { sum.addProduct(a(x), b(x)) }
    return sum
  }

  /// The shape of one product; strides leave gaps that must stay as they are.
  struct Shape: CustomTestStringConvertible, Sendable {
    let m, n, k, segments: Int
    let gap: Int
    let accumulating: Bool
    var testDescription: String { "[\(m), \(segments) × \(k)] × [\(n)], gap \(gap), adding \(accumulating)" }

    static let small: [Shape] = {
      var generator = SeededGenerator(seed: 31)
      return (0..<120).map { place in
        func side() -> Int { Int.random(in: 1...70, using: &generator) }
        return Shape(
          m: side(), n: side(), k: side(), segments: place % 3 + 1, gap: place % 4,
          accumulating: place % 2 == 0)
      }
    }()
    // Beyond the rows and columns of a tile (14 by 32, or 6 by 16) and the 112 rows and 512 or 1,024 terms of a block.
    static let large = [
      Shape(m: 113, n: 33, k: 257, segments: 1, gap: 0, accumulating: false),
      Shape(m: 225, n: 65, k: 40, segments: 7, gap: 3, accumulating: true),
      Shape(m: 1, n: 97, k: 1030, segments: 1, gap: 1, accumulating: true),
      Shape(m: 14, n: 32, k: 300, segments: 2, gap: 0, accumulating: false),
      Shape(m: 19, n: 50, k: 1500, segments: 1, gap: 2, accumulating: false),
      Shape(m: 7, n: 48, k: 90, segments: 13, gap: 0, accumulating: true),
    ]
    static let edges = [1, 2, 13, 14, 15, 16, 17, 31, 32, 33].map {
      Shape(m: $0, n: $0, k: $0, segments: 1, gap: 0, accumulating: false)
    }
  }

  @Test func `packed products are the plain loop's on every path`() {
    defer { _ = ck_limit_level(3) }
    var generator = SeededGenerator(seed: 32)
    for shape in Shape.small + Shape.large + Shape.edges {
      let inner = shape.k * shape.segments
      let (aStride, cStride) = (shape.k + shape.gap, shape.n + shape.gap)
      let segmentStride = shape.m * aStride + shape.gap
      let b = generator.normals(shape.n * inner)
      let a = generator.normals(shape.segments * segmentStride)
      let before = generator.normals(shape.m * cStride)
      var expected = before
      for i in 0..<shape.m {
        for j in 0..<shape.n {
          expected[i * cStride + j] = chain(
            shape.accumulating ? before[i * cStride + j] : 0, inner,
            { a[$0 / shape.k * segmentStride + i * aStride + $0 % shape.k] }, { b[j * inner + $0] })
        }
      }
      var left = Scratch(count: a.count)
      left.write(a, at: 0)
      let packed = PackedMatrix(transposing: Matrix(rows: shape.n, columns: inner, values: b))
      for level in Self.levels {
        _ = ck_limit_level(level)
        var c = Scratch(count: before.count)
        c.write(before, at: 0)
        packed.multiply(
          left, at: 0, rows: shape.m, rowStride: aStride, segments: shape.segments,
          segmentStride: segmentStride,
          into: &c, at: 0, resultStride: cStride, accumulating: shape.accumulating)
        #expect(c.values(0..<c.count) == expected, "\(shape.testDescription), level \(level)")
      }
    }
  }

  @Test func `products of matrices as they lie in memory are the plain loop's on every path`() {
    defer { _ = ck_limit_level(3) }
    var generator = SeededGenerator(seed: 33)
    for shape in Shape.small.prefix(60) + Shape.edges {
      let (aStride, bStride) = (shape.k + shape.gap, shape.n + 2 * shape.gap)
      let cStride = shape.n + shape.gap
      let a = generator.normals(3 + shape.m * aStride)
      let b = generator.normals(5 + shape.k * bStride)
      let before = generator.normals(2 + shape.m * cStride)
      var expected = before
      for i in 0..<shape.m {
        for j in 0..<shape.n {
          expected[2 + i * cStride + j] = chain(
            shape.accumulating ? before[2 + i * cStride + j] : 0, shape.k,
            { a[3 + i * aStride + $0] }, { b[5 + $0 * bStride + j] })
        }
      }
      var right = Scratch(count: b.count)
      right.write(b, at: 0)
      for level in Self.levels {
        _ = ck_limit_level(level)
        var c = Scratch(count: before.count)
        c.write(before, at: 0)
        Kernels.multiply(
          a, at: 3, rowStride: aStride, right, at: 5, rowStride: bStride, into: &c, at: 2, rowStride: cStride,
          m: shape.m, k: shape.k, n: shape.n, accumulating: shape.accumulating)
        #expect(c.values(0..<c.count) == expected, "\(shape.testDescription), level \(level)")
      }
    }
  }

  @Test(arguments: ElementType.allCases)
  func `linear maps are the plain loop's on every path and number of threads`(type: ElementType) throws {
    let threads = Parallel.threadCount
    defer {
      _ = ck_limit_level(3)
      Parallel.threadCount = threads
    }
    var generator = SeededGenerator(seed: 34)
    for (place, shape) in (Shape.small.prefix(24) + Shape.large.prefix(5) + Shape.edges).enumerated() {
      let (rows, outputs, inputs) = (shape.m, shape.n, shape.k)
      let x = Matrix(rows: rows, columns: inputs, values: generator.normals(rows * inputs))
      let stored = try StoredWeights(type, count: outputs * inputs, from: &generator)
      let isTransposed = place % 3 == 0
      let weight =
        isTransposed
        ? stored.matrix(outputs: inputs, inputs: outputs).transposed
        : stored.matrix(outputs: outputs, inputs: inputs)
      let bias = place % 2 == 0 ? generator.normals(outputs) : nil
      let expected = (0..<rows * outputs).map { element in
        let (i, j) = (element / outputs, element % outputs)
        return chain(
          bias?[j] ?? 0, inputs, { x.values[i * inputs + $0] },
          { stored.values[isTransposed ? $0 * outputs + j : j * inputs + $0] })
      }
      for (level, threadCount) in [(3, 1), (3, 2), (2, 1), (2, 2), (0, 1), (0, 2)] as [(Int32, Int)] {
        _ = ck_limit_level(level)
        Parallel.threadCount = threadCount
        let y = x.multiplied(byTransposed: weight, bias: bias)
        #expect(
          y.values == expected, "\(type) \(shape.testDescription), level \(level), \(threadCount) threads")
      }
    }
  }

  @Test(arguments: ElementType.allCases)
  func `a slice of a weight's rows or columns multiplies like its own matrix`(type: ElementType) throws {
    var generator = SeededGenerator(seed: 35)
    let stored = try StoredWeights(type, count: 40 * 24, from: &generator)
    let whole = stored.matrix(outputs: 40, inputs: 24)
    let x = Matrix(rows: 3, columns: 24, values: generator.normals(3 * 24))
    let all = x.multiplied(byTransposed: whole)
    let some = x.multiplied(byTransposed: whole.outputs(5..<38))
    for row in 0..<3 { #expect(Array(some[row]) == Array(all.row(row)[5..<38])) }
    let narrow = whole.inputs(7..<20)
    let copied = WeightMatrix(narrow.matrix())
    let y = Matrix(rows: 2, columns: 13, values: generator.normals(2 * 13))
    #expect(y.multiplied(byTransposed: narrow) == y.multiplied(byTransposed: copied))
    #expect(narrow.row(4) == Array(whole.row(4)[7..<20]))
  }

  @Test(arguments: ElementType.allCases)
  func `the pullback of a linear map is its transpose`(type: ElementType) throws {
    var generator = SeededGenerator(seed: 36)
    let stored = try StoredWeights(type, count: 50 * 37, from: &generator)
    let weight = stored.matrix(outputs: 50, inputs: 37)
    let x = Matrix(rows: 1, columns: 37, values: generator.normals(37))
    let gy = Matrix(rows: 1, columns: 50, values: generator.normals(50))
    let y = x.multiplied(byTransposed: weight)
    let gx = gy.multiplied(byTransposed: weight.transposed)
    // ⟨gy, W x⟩ = ⟨Wᵀ gy, x⟩: two orders of 1850 products of size 1, each rounded to 6e-8.
    #expect(abs(plainDot(gy.values, y.values) - plainDot(gx.values, x.values)) < 1e-3)
  }

  @Test func `inner products agree with double precision at every length, and on every path`() {
    defer { _ = ck_limit_level(3) }
    var generator = SeededGenerator(seed: 37)
    for count in Array(0...70) + [1000] {
      let (x, y) = (generator.normals(count), generator.normals(count))
      let sums = Self.levels.map { level in
        _ = ck_limit_level(level)
        return Kernels.dot(x.span, y.span)
      }
      #expect(Set(sums).count == 1, "\(count): \(sums)")
      let size = zip(x, y).reduce(0) { $0 + abs(Double($1.0) * Double($1.1)) }
      // Each of the products and sums is rounded to 6e-8 of what it is a part of.
      #expect(abs(Double(Kernels.dot(x.span, y.span)) - plainDot(x, y)) <= 1e-6 * size, "\(count)")
    }
  }

  private func plainDot(_ x: [Float], _ y: [Float]) -> Double {
    zip(x, y).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }
}
