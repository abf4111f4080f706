import AttributionGraphs
import Foundation
import Synchronization
import TestSupport

/// A conversation with a browser in the Chrome DevTools Protocol: commands go out, replies and events come in, each as
/// one text of JSON with a zero byte behind it.
final class DevToolsConnection: Sendable {
  /// Something that the browser told by itself.
  struct Event: Sendable {
    let method: String
    let parameters: JSON
  }

  /// Hears the events of a session in their order, before the reply to any later command.
  typealias Listener = @Sendable (Event) -> Void

  private struct State {
    var lastID = 0
    var waiting: [Int: CheckedContinuation<JSON, any Error>] = [:]
    var listeners: [String: Listener] = [:]
    /// Why no reply comes any more.
    var end: BrowserError?
  }

  private let socket: Int32
  private let log: @Sendable () -> String
  private let state = Mutex(State())
  /// Whether the socket may be written to; one message goes out at a time.
  private let isWritable = Mutex(true)

  /// Takes over a socket whose other end the browser has.
  /// - Parameter log: What the browser has said to a person, for errors.
  init(socket: Int32, log: @escaping @Sendable () -> String) {
    self.socket = socket
    self.log = log
    Thread { [self] in
      read()
      isWritable.withLock { isWritable in
        isWritable = false
        close(socket)
      }
    }.start()
  }

  /// Whether the browser has closed its end.
  var hasEnded: Bool { state.withLock { $0.end != nil } }

  /// Hears the events of a session from now on; the browser's own are those of the session "".
  func listen(to session: String, _ listener: Listener?) {
    state.withLock { $0.listeners[session] = listener }
  }

  /// Sends a command and waits for its reply.
  /// - Parameter session: The page it is for; "" is the browser itself.
  @discardableResult
  func command(
    _ method: String, _ parameters: JSON = [:], session: String = "", within limit: Duration = .seconds(30)
  ) async throws -> JSON {
    let id = newID()
    let alarm = Task {
      try await Task.sleep(for: limit)
      take(id)?.resume(throwing: BrowserError.noReply(command: method, limit: limit))
    }
    defer { alarm.cancel() }
    let reply = try await withCheckedThrowingContinuation { continuation in
      let end = state.withLock { state in
        if state.end == nil { state.waiting[id] = continuation }
        return state.end
      }
      if let end {
        continuation.resume(throwing: end)
      } else {
        write(id, method, parameters, session)
      }
    }
    guard reply["error"] == .null else {
      throw BrowserError.refused(command: method, message: reply["error"]["message"].text)
    }
    return reply["result"]
  }

  /// Sends a command and does not wait: what a listener may do.
  func post(_ method: String, _ parameters: JSON = [:], session: String = "") {
    write(newID(), method, parameters, session)
  }

  private func newID() -> Int {
    state.withLock { state in
      state.lastID += 1
      return state.lastID
    }
  }

  private func take(_ id: Int) -> CheckedContinuation<JSON, any Error>? {
    state.withLock { $0.waiting.removeValue(forKey: id) }
  }

  private func write(_ id: Int, _ method: String, _ parameters: JSON, _ session: String) {
    var message: JSONObject = ["id": JSON(id), "method": .string(method), "params": parameters]
    if !session.isEmpty { message["sessionId"] = .string(session) }
    // Only a number that is none cannot be written, and no caller has one.
    guard let bytes = try? JSON.object(message).bytes() + [0] else { return }
    isWritable.withLock { isWritable in
      var rest = bytes[...]
      while isWritable, !rest.isEmpty {
        let count = rest.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        // The reading thread sees the end of the connection, and tells all who wait.
        if count <= 0 { return }
        rest = rest.dropFirst(count)
      }
    }
  }

  /// Reads until the other end closes, and tells all who wait.
  private func read() {
    let end = readMessages()
    let waiting = state.withLock { state in
      state.end = end
      defer { state.waiting = [:] }
      return state.waiting.values
    }
    for continuation in waiting { continuation.resume(throwing: end) }
  }

  /// Hears messages, until there are no more or one cannot be read.
  private func readMessages() -> BrowserError {
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    var message: [UInt8] = []
    while true {
      let count = recv(socket, &chunk, chunk.count, 0)
      if count < 0, errno == EINTR { continue }
      if count <= 0 { return .ended(log: log()) }
      var rest = chunk[..<count]
      while let end = rest.firstIndex(of: 0) {
        message += rest[..<end]
        guard let value = try? JSON(parsing: message) else {
          return .unreadable(message: String(decoding: message.prefix(500), as: UTF8.self))
        }
        hear(value)
        message = []
        rest = rest[(end + 1)...]
      }
      message += rest
    }
  }

  private func hear(_ message: JSON) {
    if let id = message["id"].int {
      take(id)?.resume(returning: message)
    } else {
      let listener = state.withLock { $0.listeners[message["sessionId"].string ?? ""] }
      listener?(Event(method: message["method"].text, parameters: message["params"]))
    }
  }
}
