import Synchronization

/// Lets a few through at once, the others in the order of their coming.
final class Turns: Sendable {
  private struct State {
    var free: Int
    var queue: [CheckedContinuation<Void, Never>] = []
  }

  private let state: Mutex<State>

  init(atOnce count: Int) { state = Mutex(State(free: count)) }

  /// Waits for a turn, which ``end()`` gives back.
  func begin() async {
    await withCheckedContinuation { continuation in
      let isFree = state.withLock { state in
        if state.free > 0 {
          state.free -= 1
          return true
        }
        state.queue.append(continuation)
        return false
      }
      if isFree { continuation.resume() }
    }
  }

  func end() {
    let next = state.withLock { state in
      if state.queue.isEmpty { state.free += 1 }
      return state.queue.isEmpty ? nil : state.queue.removeFirst()
    }
    next?.resume()
  }
}
