internal import FlyingFox
internal import Foundation

/// Tells every open page what has changed: another tab's edits, a trace's progress.
actor EventHub: WSMessageHandler {
  private var listeners: [Int: AsyncStream<WSMessage>.Continuation] = [:]
  private var next = 0
  /// The most pages that are told; more are refused.
  private static let limit = 64

  /// Takes a page in. What it sends is dropped: it asks by requests.
  func makeMessages(for client: AsyncStream<WSMessage>) async throws -> AsyncStream<WSMessage> {
    guard listeners.count < Self.limit else { throw CancellationError() }
    let number = next
    next += 1
    // A page that is slow loses the oldest news; it reads the whole view again when it notices.
    let (stream, continuation) = AsyncStream.makeStream(
      of: WSMessage.self, bufferingPolicy: .bufferingNewest(256))
    listeners[number] = continuation
    Task {
      for await message in client {
        if case .close = message { break }
      }
      self.remove(number)
    }
    return stream
  }

  private func remove(_ number: Int) { listeners.removeValue(forKey: number)?.finish() }

  /// Sends one piece of news to all.
  func tell(_ text: String) {
    for listener in listeners.values { listener.yield(.text(text)) }
  }
}
