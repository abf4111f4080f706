internal import CKernels

/// Working memory for float32: zeroed, aligned to a cache line, freed when it leaves scope.
public struct Scratch: ~Copyable, @unchecked Sendable {
  // Sole owner of its memory, so it may move between threads.
  private let memory: UnsafeMutableBufferPointer<Float>

  /// `count` zeros.
  public init(count: Int) {
    let raw = UnsafeMutableRawBufferPointer.allocate(byteCount: max(count, 1) * 4, alignment: 64)
    memory = raw.bindMemory(to: Float.self)
    memory.initialize(repeating: 0)
  }

  deinit { memory.deallocate() }

  /// How many numbers it holds.
  public var count: Int { memory.count }

  /// The numbers, to write.
  public mutating func withMutableSpan<R>(_ body: (inout MutableSpan<Float>) -> R) -> R {
    var span = memory.mutableSpan
    return body(&span)
  }

  /// One number.
  public subscript(place: Int) -> Float {
    get { memory[place] }
    set { memory[place] = newValue }
  }

  /// Some of the numbers, copied.
  public func values(_ range: Range<Int>) -> [Float] { Array(memory[range]) }

  /// Writes numbers from a place on.
  public mutating func write(_ values: [Float], at start: Int) {
    precondition(
      start >= 0 && start + values.count <= memory.count, "\(values.count) numbers at \(start) of \(count)")
    values.withUnsafeBufferPointer { source in
      if let from = source.baseAddress { pointer.advanced(by: start).update(from: from, count: source.count) }
    }
  }

  /// Makes some of the numbers zero.
  public mutating func clear(_ range: Range<Int>) {
    memory[range].update(repeating: 0)
  }

  /// The numbers of a range, to write.
  public mutating func withMutableSpan<R>(_ range: Range<Int>, _ body: (inout MutableSpan<Float>) -> R) -> R {
    var span = UnsafeMutableBufferPointer(rebasing: memory[range]).mutableSpan
    return body(&span)
  }

  /// Adds a row of numbers that starts at `start` to another that starts at `target` of `result`.
  public func add(_ range: Range<Int>, to result: inout Scratch, at target: Int) {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= count && target >= 0
        && target + range.count <= result.count,
      "numbers \(range) of \(count) added at \(target) of \(result.count)")
    let from = pointer + range.lowerBound, to = result.pointer + target
    for i in 0..<range.count { to[i] += from[i] }
  }

  /// The inner product of numbers from a place on with a vector, in a fixed order.
  public func dot(at start: Int, _ vector: [Float]) -> Float {
    precondition(
      start >= 0 && start + vector.count <= count, "\(vector.count) numbers at \(start) of \(count)")
    return vector.withUnsafeBufferPointer { vector in
      guard let other = vector.baseAddress else { return 0 }
      return ck_dot(pointer + start, other, vector.count)
    }
  }

  package mutating func withUnsafeMutableBufferPointer<R>(
    _ body: (UnsafeMutableBufferPointer<Float>) -> R
  ) -> R {
    body(memory)
  }

  package var pointer: UnsafeMutablePointer<Float> {
    guard let start = memory.baseAddress else { preconditionFailure("scratch memory without an address") }
    return start
  }
}
