internal import Foundation

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

  /// Does a piece of work in its turn.
  /// - Throws: ``ExplorerError/busy``, and what the work throws.
  func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    guard threads.operationCount < limit else { throw ExplorerError.busy }
    return try await withCheckedThrowingContinuation { continuation in
      threads.addOperation { continuation.resume(with: Result { try work() }) }
    }
  }
}
