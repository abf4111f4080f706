import CKernels
import Tensors
import TestSupport
import Testing

/// What finds active features, against plain loops, number for number on every path.
///
/// Serialized, because the processor's path is of the whole process.
@Suite(.serialized)
struct SparseKernelTests {
  /// Tokens, among them numbers that fill no vector.
  static let tokenCounts = [1, 7, 8, 13, 16, 31, 64, 100]

  @Test(arguments: tokenCounts)
  func `values over their bound are found in order, what is not a number among them`(tokens: Int) {
    defer { _ = ck_limit_level(3) }
    var generator = SeededGenerator(seed: 51)
    let features = 9
    let stride = tokens + 3
    var p = generator.normals(features * stride)
    p[stride] = .nan
    p[2 * stride] = .infinity
    let bias = generator.normals(features).map { 0.1 * $0 }
    var low = [Float](repeating: 0.5, count: features)
    // A value that is exactly the bound does not count, and a bound that nothing reaches finds nothing.
    low[3] = p[3 * stride] + bias[3]
    low[4] = .infinity
    var expected: [(feature: Int, token: Int, value: Float)] = []
    for f in 0..<features {
      for t in 0..<tokens where !(p[f * stride + t] + bias[f] <= low[f]) {
        expected.append((f, t, p[f * stride + t] + bias[f]))
      }
    }
    for level in ProductTests.levels {
      _ = ck_limit_level(level)
      let capacity = features * tokens + tokens + 32
      var token = [UInt16](repeating: 0, count: capacity)
      var value = [Float](repeating: 0, count: capacity)
      var start = [UInt32](repeating: 0, count: features + 1)
      #expect(
        ck_scan(p, stride, 0, features, tokens, bias, low, &token, &value, capacity, &start) == features)
      #expect(Int(start[features]) == expected.count, "level \(level)")
      for (i, entry) in expected.enumerated() {
        #expect((Int(start[entry.feature])..<Int(start[entry.feature + 1])).contains(i), "level \(level)")
        #expect(Int(token[i]) == entry.token, "level \(level)")
        #expect(value[i].bitPattern == entry.value.bitPattern, "level \(level)")
      }
    }
  }

  @Test(arguments: tokenCounts)
  func `the largest positive values of each token are kept, of equals the first`(tokens: Int) {
    defer { _ = ck_limit_level(3) }
    var generator = SeededGenerator(seed: 52)
    let features = 40, stride = tokens + 5, keep = 6
    var p = generator.normals(features * stride)
    let bias = generator.normals(features).map { 0.1 * $0 }
    // One token whose positive values are few, and one with many equals.
    for f in 0..<features {
      p[f * stride] = f == 11 ? 1 : -1
      if tokens > 1 { p[f * stride + 1] = 2 - bias[f] }
    }
    var expected = p
    for t in 0..<tokens {
      let values = (0..<features).map { f in max(0, p[f * stride + t] + bias[f]) }
      let order = values.indices.filter { values[$0] > 0 }.sorted { (-values[$0], $0) < (-values[$1], $1) }
      let kept = Set(order.prefix(keep))
      for f in 0..<features { expected[f * stride + t] = kept.contains(f) ? values[f] : -.infinity }
    }
    for level in ProductTests.levels {
      _ = ck_limit_level(level)
      var found = p
      ck_keep_largest(&found, stride, features, tokens, bias, keep)
      #expect(found == expected, "level \(level)")
    }
  }
}
