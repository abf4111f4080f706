internal import CKernels
internal import Tensors

/// The preactivations of one layer and one block of tokens that count: active ones, and those near a threshold.
///
/// They are ordered by feature, then token.
final class EntryList: @unchecked Sendable {
  // One thread fills a list; afterwards it is only read, but for `slope`.
  private(set) var token: UnsafeMutablePointer<UInt16>
  private(set) var value: UnsafeMutablePointer<Float>
  private(set) var slope: UnsafeMutablePointer<Float>
  let start: UnsafeMutablePointer<UInt32>
  private(set) var capacity: Int
  let featureCount: Int

  init(featureCount: Int) {
    self.featureCount = featureCount
    capacity = 4096
    token = .allocate(capacity: capacity)
    value = .allocate(capacity: capacity)
    slope = .allocate(capacity: capacity)
    start = .allocate(capacity: featureCount + 1)
    start.initialize(repeating: 0, count: featureCount + 1)
  }

  deinit {
    token.deallocate()
    value.deallocate()
    slope.deallocate()
    start.deallocate()
  }

  var count: Int { Int(start[featureCount]) }

  /// Takes what is over the bounds in a block of preactivations; chunks of features follow one another.
  /// - Parameters:
  ///   - p: `[feature, token]`, rows of `stride` numbers, of the features of the chunk.
  ///   - bias: Added to each, `[feature]`.
  ///   - low: What is not over these is left out, `[feature]`.
  func scan(
    _ p: UnsafePointer<Float>, stride: Int, features: Range<Int>, tokens: Int, bias: UnsafePointer<Float>,
    low: UnsafePointer<Float>
  ) {
    var first = 0
    while true {
      first = ck_scan(
        p, stride, first, features.count, tokens, bias, low, token, value, capacity,
        start + features.lowerBound)
      if first == features.count { return }
      grow(holding: Int(start[features.lowerBound + first]), atLeast: tokens + 64)
    }
  }

  /// Takes all that is finite.
  func scanKept(_ p: UnsafePointer<Float>, stride: Int, features: Range<Int>, tokens: Int) {
    let zeros = [Float](repeating: 0, count: features.count)
    let lows = [Float](repeating: -.greatestFiniteMagnitude, count: features.count)
    scan(p, stride: stride, features: features, tokens: tokens, bias: zeros, low: lows)
  }

  private func grow(holding count: Int, atLeast room: Int) {
    let wanted = max(capacity * 2, count + room)
    func moved<T>(_ old: UnsafeMutablePointer<T>, _ count: Int) -> UnsafeMutablePointer<T> {
      let new = UnsafeMutablePointer<T>.allocate(capacity: wanted)
      new.update(from: old, count: count)
      old.deallocate()
      return new
    }
    token = moved(token, count)
    value = moved(value, count)
    slope = moved(slope, 0)
    capacity = wanted
  }
}
