internal import CKernels
internal import Dispatch
internal import Foundation
internal import Synchronization

/// How many threads the kernels may use, and a loop over them.
///
/// Work is shared out by index and every piece writes its own memory, so results do not depend on the count.
public enum Parallel {
  private static let count = Atomic<Int>(1)

  /// Threads that a kernel may use; at least 1.
  public static var threadCount: Int {
    get { count.load(ordering: .relaxed) }
    set { count.store(max(1, newValue), ordering: .relaxed) }
  }

  /// Why no threads can be started, if so: the libraries that need some would wait for them for ever.
  public static func failureToStart(threads count: Int) -> String? {
    let failure = ck_try_threads(Int32(clamping: count))
    return failure == 0 ? nil : String(cString: strerror(failure))
  }

  /// Runs `body` for every index below `pieces`, at most ``threadCount`` at a time.
  public static func forEach(_ pieces: Int, _ body: @Sendable (Int) -> Void) {
    let workers = min(threadCount, pieces)
    guard workers > 1 else {
      for piece in 0..<pieces { body(piece) }
      return
    }
    let next = Atomic<Int>(0)
    DispatchQueue.concurrentPerform(iterations: workers) { _ in
      while true {
        let piece = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if piece >= pieces { return }
        body(piece)
      }
    }
  }
}

/// A pointer that threads share while each keeps to its own part.
package struct SharedPointer<Pointer>: @unchecked Sendable {
  // The caller shares out disjoint parts.
  package let pointer: Pointer
  package init(_ pointer: Pointer) { self.pointer = pointer }
}
