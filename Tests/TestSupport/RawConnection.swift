import Foundation
import Synchronization

/// A connection to a server on this machine that sends whatever bytes a test wants, well formed or not.
///
/// What waits does so on threads of its own, so that a server in the same process is never kept from answering.
public final class RawConnection: Sendable {
  public enum Failure: Error, Equatable {
    /// Nothing came, or nothing was taken, in time; with what had come until then.
    case timedOut(received: [UInt8])
    /// The server closed the connection before a response was whole; with what had come of it.
    case closed(received: [UInt8])
    /// What came is no response of HTTP/1.1.
    case malformed(String)
  }

  private let socket: Int32
  private let sending = DispatchQueue(label: "RawConnection.sending")
  private let receiving = DispatchQueue(label: "RawConnection.receiving")
  /// What has come and was not yet taken, and whether more will.
  private let received = Mutex<(bytes: [UInt8], hasEnded: Bool)>(([], false))

  /// Connects to a port of the loopback address.
  /// - Throws: ``SystemCallError`` if nobody listens there.
  public init(port: Int) throws {
    socket = try check(
      Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0), "socket")
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(truncatingIfNeeded: port).bigEndian)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    do {
      try check(result, "connecting to port \(port)")
      // Small pieces go out when they are sent, not when there are more.
      var on: Int32 = 1
      setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
      try check(fcntl(socket, F_SETFL, O_NONBLOCK), "fcntl")
    } catch {
      close(socket)
      throw error
    }
  }

  deinit { close(socket) }

  // MARK: Sending

  /// Sends bytes.
  /// - Throws: ``Failure/timedOut(received:)`` if the server does not take them; ``SystemCallError`` if it has closed.
  public func send(_ bytes: some Sequence<UInt8>, within limit: Duration = .seconds(10)) async throws {
    let bytes = Array(bytes)
    try await run(on: sending) { [self] in try sendNow(bytes, until: .now + limit) }
  }

  /// Sends a text; its lines end as they are written, so a head needs `\r\n`.
  public func send(_ text: String, within limit: Duration = .seconds(10)) async throws {
    try await send(text.utf8, within: limit)
  }

  /// Sends bytes in small pieces with a pause before each but the first.
  public func send(
    _ bytes: some Sequence<UInt8>, inPiecesOf count: Int, every pause: Duration
  ) async throws {
    let bytes = Array(bytes)
    for start in stride(from: 0, to: bytes.count, by: count) {
      if start > 0 { try await Task.sleep(for: pause) }
      try await send(bytes[start..<min(start + count, bytes.count)])
    }
  }

  /// Says that nothing more will be sent, and goes on receiving.
  public func finishSending() throws { try check(shutdown(socket, Int32(SHUT_WR)), "shutdown") }

  /// Breaks the connection off, so that the server gets an error instead of an end.
  public func reset() throws {
    // Connecting to nowhere breaks it off, and its descriptor stays ours.
    var nowhere = sockaddr()
    nowhere.sa_family = sa_family_t(AF_UNSPEC)
    try check(connect(socket, &nowhere, socklen_t(MemoryLayout<sockaddr>.size)), "reset")
  }

  private func sendNow(_ bytes: [UInt8], until deadline: ContinuousClock.Instant) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Foundation.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count >= 0 {
        rest = rest.dropFirst(count)
      } else if errno == EAGAIN || errno == EINTR {
        try waitUntil(Int16(POLLOUT), deadline)
      } else {
        throw SystemCallError(call: "sending")
      }
    }
  }

  // MARK: Receiving

  /// Waits for the next response; what comes behind it is kept for the next call.
  /// - Parameter hasBody: Whether it has a body where its head says so: `false` after a HEAD request.
  /// - Throws: ``Failure``.
  public func response(hasBody: Bool = true, within limit: Duration = .seconds(10)) async throws
    -> RawResponse
  {
    try await run(on: receiving) { [self] in
      let deadline = ContinuousClock.now + limit
      while true {
        let (bytes, hasEnded) = received.withLock { $0 }
        if let (response, count) = try RawResponse.parse(bytes, isAll: hasEnded, hasBody: hasBody) {
          received.withLock { $0.bytes.removeFirst(count) }
          return response
        }
        if hasEnded { throw Failure.closed(received: bytes) }
        try receive(until: deadline)
      }
    }
  }

  /// Waits until the server closes or breaks off the connection, and takes what came until then.
  /// - Throws: ``Failure/timedOut(received:)``.
  public func rest(within limit: Duration = .seconds(10)) async throws -> [UInt8] {
    try await run(on: receiving) { [self] in
      let deadline = ContinuousClock.now + limit
      while !received.withLock({ $0.hasEnded }) { try receive(until: deadline) }
      return received.withLock { received in
        defer { received.bytes = [] }
        return received.bytes
      }
    }
  }

  /// Waits for a time, and says whether the server has closed or broken off the connection by then.
  public func isClosed(within limit: Duration) async throws -> Bool {
    do {
      let bytes = try await rest(within: limit)
      received.withLock { $0.bytes = bytes + $0.bytes }
      return true
    } catch Failure.timedOut {
      return false
    }
  }

  private func receive(until deadline: ContinuousClock.Instant) throws {
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    let count = recv(socket, &chunk, chunk.count, 0)
    if count > 0 {
      received.withLock { $0.bytes += chunk[..<count] }
    } else if count == 0 || errno == ECONNRESET || errno == EPIPE {
      received.withLock { $0.hasEnded = true }
    } else if errno == EAGAIN || errno == EINTR {
      try waitUntil(Int16(POLLIN), deadline)
    } else {
      throw SystemCallError(call: "receiving")
    }
  }

  /// Waits until the socket is ready.
  private func waitUntil(_ event: Int16, _ deadline: ContinuousClock.Instant) throws {
    let left = ContinuousClock.now.duration(to: deadline)
    let milliseconds = Int32(
      clamping: left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000)
    var request = pollfd(fd: socket, events: event, revents: 0)
    guard left > .zero, Foundation.poll(&request, 1, milliseconds + 1) != 0 else {
      throw Failure.timedOut(received: received.withLock { $0.bytes })
    }
  }
}

/// Runs what waits on a thread that nothing else needs.
private func run<Result: Sendable>(
  on queue: DispatchQueue, _ work: @escaping @Sendable () throws -> Result
) async throws -> Result {
  try await withCheckedThrowingContinuation { continuation in
    queue.async { continuation.resume(with: Swift.Result { try work() }) }
  }
}
