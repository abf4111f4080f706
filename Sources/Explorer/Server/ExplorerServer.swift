internal import FlyingFox
internal import FlyingSocks
public import Foundation

/// A web server for this machine's own browser: the explorer's pages, and the graphs it was given.
public final class ExplorerServer: Sendable {
  private let settings: ExplorerSettings
  private let shelf: GraphShelf
  private let files: WebFiles
  private let hub = EventHub()
  private let model: (any ModelService)?

  /// - Parameter model: The live model, if there is one.
  /// - Throws: ``ExplorerError/tokenMissing(host:)``, ``ExplorerError/pagesMissing(path:)``.
  public init(settings: ExplorerSettings, sources: [GraphSource], model: (any ModelService)? = nil) throws {
    guard settings.isLoopback || settings.token?.isEmpty == false else {
      throw ExplorerError.tokenMissing(host: settings.host)
    }
    self.settings = settings
    self.model = model
    files = try WebFiles()
    shelf = GraphShelf(sources: sources, uploadLimit: settings.maximumUploads)
  }

  /// Serves until the task is cancelled.
  /// - Parameter started: Told the address once requests are answered.
  /// - Throws: ``ExplorerError/cannotListen(host:port:reason:)``.
  public func run(started: @escaping @Sendable (_ address: URL) -> Void) async throws {
    let router = Router(settings: settings, shelf: shelf, files: files, hub: hub, model: model)
    let server = HTTPServer(config: try configuration(), handler: router)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        do {
          try await server.run()
        } catch let error as SocketError {
          throw ExplorerError.cannotListen(
            host: self.settings.host, port: self.settings.port, reason: Self.reason(error))
        }
      }
      if let model {
        group.addTask { [shelf, hub] in
          await TraceWatch(model: model, shelf: shelf, hub: hub).run()
          try await Task.sleep(for: .seconds(1 << 30))
        }
      }
      group.addTask {
        try await server.waitUntilListening()
        let port = await server.listeningAddress.flatMap(Self.port) ?? self.settings.port
        await router.listen(on: port)
        started(self.address(port: port))
        try await Task.sleep(for: .seconds(1 << 30))
      }
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  private func configuration() throws -> HTTPServer.Configuration {
    let pool = NoDelayPool(base: HTTPServer.defaultPool())
    func make(_ address: some SocketAddress) -> HTTPServer.Configuration {
      // Bodies are read by the router, which knows how large each may be; tracing answers take their time.
      .init(
        address: address, timeout: 600, sharedRequestBufferSize: 65_536, sharedRequestReplaySize: 0,
        pool: pool,
        logger: .disabled)
    }
    let host = settings.host == "localhost" ? "127.0.0.1" : settings.host
    do {
      if host.contains(":") { return make(try sockaddr_in6.inet6(ip6: host, port: settings.port)) }
      return make(try sockaddr_in.inet(ip4: host, port: settings.port))
    } catch {
      throw ExplorerError.cannotListen(
        host: settings.host, port: settings.port, reason: "it is not the number of an address")
    }
  }

  private func address(port: UInt16) -> URL {
    let host = ["0.0.0.0", "::"].contains(settings.host) ? "127.0.0.1" : settings.host
    let text = "http://\(RequestGuard.authority(host)):\(port)/"
    let query = settings.token.map { "?token=\($0)" } ?? ""
    return URL(string: text + query) ?? URL(filePath: "/")
  }

  private static func port(_ address: Socket.Address) -> UInt16? {
    switch address {
    case .ip4(_, let port), .ip6(_, let port): port
    case .unix: nil
    }
  }

  private static func reason(_ error: SocketError) -> String {
    if case .failed(_, _, let message) = error { return message.lowercased() }
    return "\(error)"
  }
}
