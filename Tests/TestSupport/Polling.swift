/// Nothing came of a wait.
public struct WaitedInVain: Error, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }
}

/// Asks every few milliseconds until there is an answer.
/// - Throws: ``WaitedInVain`` if there was none in time.
@discardableResult
public func poll<Answer>(
  within limit: Duration, _ what: @autoclosure () -> String, every pause: Duration = .milliseconds(5),
  _ question: () async throws -> Answer?
) async throws -> Answer {
  let deadline = ContinuousClock.now + limit
  while true {
    // What the last question was asked after the deadline is still an answer: a busy machine sleeps long.
    let isLast = ContinuousClock.now >= deadline
    if let answer = try await question() { return answer }
    if isLast { throw WaitedInVain("Waited \(limit) in vain for \(what()).") }
    try await Task.sleep(for: pause)
  }
}
