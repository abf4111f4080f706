internal import Dispatch
internal import Foundation
internal import Synchronization

/// One thread that does pieces of work in order, so that work of seconds holds up no task of the cooperative pool.
///
/// The thread ends when nobody holds this any more and its work is done.
public final class WorkThread: Sendable {
  private let inbox = Inbox()

  /// - Parameter name: What debuggers and profilers call it.
  public init(named name: String) {
    let inbox = inbox
    let thread = Thread { while let piece = inbox.take() { piece() } }
    thread.name = name
    // Deep recursion is nobody's habit here, but a main thread's room costs only addresses.
    thread.stackSize = 8 << 20
    thread.start()
  }

  deinit { inbox.put(nil) }

  /// Does a piece of work when those before it are done, and waits for its end without holding a thread.
  public func run<Value: Sendable>(
    _ work: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      inbox.put { continuation.resume(with: Result { try work() }) }
    }
  }
}

/// Pieces of work on their way to the thread.
private final class Inbox: Sendable {
  typealias Piece = @Sendable () -> Void

  private let pieces = Mutex<[Piece?]>([])
  private let arrived = DispatchSemaphore(value: 0)

  /// Hands over a piece; `nil` ends the thread.
  func put(_ piece: Piece?) {
    pieces.withLock { $0.append(piece) }
    arrived.signal()
  }

  /// Waits for the next piece.
  func take() -> Piece? {
    arrived.wait()
    return pieces.withLock { $0.removeFirst() }
  }
}
