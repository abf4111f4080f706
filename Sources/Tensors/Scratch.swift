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
