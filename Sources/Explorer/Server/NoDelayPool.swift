internal import FlyingFox
internal import FlyingSocks
internal import Foundation

/// A pool of sockets that send at once.
///
/// The server writes the header and the body of an answer one after the other; the second would wait for the first to be
/// acknowledged, 40 ms. Linux hands the setting of the listening socket down to its connections.
struct NoDelayPool<Base: AsyncSocketPool>: AsyncSocketPool {
  let base: Base

  func prepare() async throws { try await base.prepare() }
  func run() async throws { try await base.run() }

  func suspendSocket(_ socket: Socket, untilReadyFor events: Socket.Events) async throws {
    var on: CInt = 1
    _ = setsockopt(
      socket.file.rawValue, CInt(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<CInt>.size))
    try await base.suspendSocket(socket, untilReadyFor: events)
  }
}
