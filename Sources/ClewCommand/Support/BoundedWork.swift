internal import Clew
internal import Explorer
internal import Synchronization

/// A thread for work that a page asks for, off the threads that answer pages.
final class BoundedWork: Sendable {
  private let thread: WorkThread
  private let waiting = Mutex(0)
  /// The most pieces of work that wait.
  private static let limit = 32

  init(named name: String) { thread = WorkThread(named: name) }

  /// Does a piece of work in its turn.
  /// - Throws: ``ModelRefusal``: too much waits already, or what the work throws, in its words.
  func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    let isTaken = waiting.withLock { waiting in
      guard waiting < Self.limit else { return false }
      waiting += 1
      return true
    }
    guard isTaken else {
      throw ModelRefusal("The model is busy with other requests. Try again in a moment.", isForNow: true)
    }
    defer { waiting.withLock { $0 -= 1 } }
    do {
      return try await thread.run(work)
    } catch let refusal as ModelRefusal {
      throw refusal
    } catch {
      throw ModelRefusal("\(error)")
    }
  }
}
