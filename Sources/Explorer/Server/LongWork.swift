internal import Foundation
internal import Synchronization

/// Threads for work that may take seconds: reading a graph, asking something of it, drawing it. The threads that serve
/// connections, and the few that all tasks share, are free meanwhile.
final class LongWork: Sendable {
  private let threads = OperationQueue()
  private let limit: Int

  /// - Parameter limit: The most pieces of work that wait; more are refused.
  init(named name: String, threads count: Int, limit: Int = 64) {
    self.limit = limit
    threads.name = name
    threads.maxConcurrentOperationCount = count
  }

  /// Does a piece of work in its turn, unless nobody waits for it by then.
  /// - Throws: ``ExplorerError/busy``, `CancellationError`, and what the work throws.
  func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    guard threads.operationCount < limit else { throw ExplorerError.busy }
    let isWanted = Flag()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        threads.addOperation {
          continuation.resume(
            with: Result { if isWanted.isSet { try work() } else { throw CancellationError() } })
        }
      }
    } onCancel: {
      isWanted.clear()
    }
  }

  /// Whether somebody still waits.
  private final class Flag: Sendable {
    private let value = Atomic<Bool>(true)
    var isSet: Bool { value.load(ordering: .relaxed) }
    func clear() { value.store(false, ordering: .relaxed) }
  }
}
