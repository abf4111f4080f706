internal import CKernels

/// The instructions that the kernels use. Every path gives the same bits.
public enum ProcessorPath: String, Sendable, CaseIterable {
  /// 16 numbers at a time.
  case avx512
  /// 8 numbers at a time, with fused multiply-adds.
  case avx2
  /// What the compiler makes of plain loops.
  case portable

  private var level: Int32 {
    switch self {
    case .avx512: 3
    case .avx2: 2
    case .portable: 0
    }
  }

  /// The path that runs now: the best that the processor has, or less where it was limited.
  public static var current: ProcessorPath {
    let level = ck_level()
    return allCases.first { $0.level <= level } ?? .portable
  }

  /// Lets all kernels of this process use at most this path, so that one machine can measure what others do.
  /// - Returns: The path that runs from then on; less than this one where the processor lacks it.
  @discardableResult public func limit() -> ProcessorPath {
    _ = ck_limit_level(level)
    return .current
  }
}
