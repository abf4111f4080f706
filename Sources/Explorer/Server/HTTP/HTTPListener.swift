internal import Foundation
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// Listens at an address, and makes connections of those who come.
struct HTTPListener: Sendable {
  private let host: String
  private let address: SocketAddress
  private let answering: any RequestAnswering
  private let limits: ServerLimits
  private let table: ClientTable

  /// Two threads serve all connections; what takes long is done elsewhere. They stay for the life of the process.
  private static let threads = {
    NIOSingletons.groupLoopCountSuggestion = 2
    return MultiThreadedEventLoopGroup.singleton
  }()

  /// - Throws: ``ExplorerError/cannotListen(host:port:reason:)`` for a host that is no number, and where a process may open
  ///   hardly any files.
  init(host: String, port: UInt16, answering: any RequestAnswering, limits: ServerLimits)
    throws(ExplorerError)
  {
    (self.host, self.answering, self.limits) = (host, answering, limits)
    do {
      address = try SocketAddress(ipAddress: host == "localhost" ? "127.0.0.1" : host, port: Int(port))
    } catch {
      throw .cannotListen(host: host, port: port, reason: "it is not the number of an address")
    }
    // Half of the descriptors are for files.
    let most = Descriptors.limit / 2
    guard most >= 16, Descriptors.areThere(16) else {
      throw .cannotListen(host: host, port: port, reason: "hardly any files may be opened (ulimit -n)")
    }
    table = ClientTable(limits: limits, connectionLimit: min(limits.connections, most))
  }

  /// Serves until the task is cancelled.
  /// - Parameter started: Told the port once connections are taken.
  func run(started: @Sendable (UInt16) -> Void) async throws {
    var channel = try await listen(at: address)
    let bound = channel.localAddress ?? address
    started(UInt16(bound.port ?? 0))
    while !Task.isCancelled {
      let listening = channel
      await withTaskCancellationHandler {
        try? await listening.closeFuture.get()
      } onCancel: {
        listening.close(promise: nil)
      }
      guard !Task.isCancelled else { break }
      // The system took the socket away, for an error that is none of the server's.
      try? await Task.sleep(for: .seconds(1))
      channel = try await listen(at: bound)
    }
    channel.close(promise: nil)
    for connection in table.channels { connection.close(promise: nil) }
  }

  private func listen(at address: SocketAddress) async throws(ExplorerError) -> any Channel {
    do {
      return try await bootstrap.bind(to: address).get()
    } catch {
      let reason =
        (error as? IOError).map { String(cString: strerror($0.errnoCode)).lowercased() } ?? "\(error)"
      throw .cannotListen(host: host, port: UInt16(address.port ?? 0), reason: reason)
    }
  }

  private var bootstrap: ServerBootstrap {
    ServerBootstrap(group: Self.threads)
      // As many as the system lets wait: one that finds no room tries again a second later.
      .serverChannelOption(.backlog, value: 4096)
      .serverChannelOption(.maxMessagesPerRead, value: 64)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelInitializer { [table] channel in
        channel.eventLoop.makeCompletedFuture {
          // Those who come wait in the system's queue meanwhile.
          try channel.pipeline.syncOperations.addHandler(
            AcceptBackoffHandler(shouldForwardIOErrorCaught: true) { _ in .milliseconds(50) })
          try channel.pipeline.syncOperations.addHandler(AcceptFailures(table: table))
        }
      }
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      // Little at a time, so that nobody who sends much keeps others waiting.
      .childChannelOption(.maxMessagesPerRead, value: 1)
      .childChannelOption(
        .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 2048, maximum: 16384)
      )
      .childChannelOption(.writeBufferWaterMark, value: .init(low: 64 << 10, high: 256 << 10))
      .childChannelInitializer { [answering, table, limits] channel in
        channel.eventLoop.makeCompletedFuture {
          let codec = HTTPCodec(limits: limits)
          try codec.enter(channel.pipeline)
          try channel.pipeline.syncOperations.addHandler(
            HTTPConnection(answering: answering, table: table, limits: limits, codec: codec))
        }
      }
  }
}

/// Makes room when the system has no descriptor for the next connection.
private final class AcceptFailures: ChannelInboundHandler {
  typealias InboundIn = any Channel
  private let table: ClientTable

  init(table: ClientTable) { self.table = table }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if let error = error as? IOError, [EMFILE, ENFILE].contains(error.errnoCode) { table.makeRoom() }
  }
}

/// The files and sockets that this process may have open.
private enum Descriptors {
  /// The most at a time.
  static var limit: Int {
    var limit = rlimit()
    return getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
      ? Int(clamping: limit.rlim_cur) : 1024
  }

  /// Whether some more can be opened now.
  static func areThere(_ count: Int) -> Bool {
    let opened = (0..<count).map { _ in open("/dev/null", O_RDONLY | O_CLOEXEC) }
    for descriptor in opened where descriptor >= 0 { close(descriptor) }
    return opened.allSatisfy { $0 >= 0 }
  }
}
