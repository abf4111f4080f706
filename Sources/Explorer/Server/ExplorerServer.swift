public import Foundation

/// A web server for this machine's own browser: the explorer's pages, and the graphs it was given.
public final class ExplorerServer: Sendable {
  private let settings: ExplorerSettings
  private let shelf: GraphShelf
  private let files: WebFiles
  private let hub: EventHub
  private let model: (any ModelService)?

  /// - Parameter model: The live model, if there is one.
  /// - Throws: ``ExplorerError/tokenMissing(host:)``, ``ExplorerError/pagesMissing(path:)``.
  public init(settings: ExplorerSettings, sources: [GraphSource], model: (any ModelService)? = nil) throws {
    guard settings.isLoopback || settings.token?.isEmpty == false else {
      throw ExplorerError.tokenMissing(host: settings.host)
    }
    self.settings = settings
    self.model = model
    hub = EventHub(limit: settings.limits.pages)
    files = try WebFiles()
    shelf = GraphShelf(sources: sources, settings: settings)
  }

  /// Serves until the task is cancelled.
  /// - Parameter started: Told the address once requests are answered.
  /// - Throws: ``ExplorerError/cannotListen(host:port:reason:)``.
  public func run(started: @escaping @Sendable (_ address: URL) -> Void) async throws {
    let router = Router(settings: settings, shelf: shelf, files: files, hub: hub, model: model)
    let listener = try HTTPListener(
      host: settings.host, port: settings.port, answering: router, limits: settings.limits)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        try await listener.run { port in
          router.listen(on: port)
          started(self.address(port: port))
        }
      }
      if let model {
        group.addTask { [shelf, hub] in
          await TraceWatch(model: model, shelf: shelf, hub: hub).run()
          try await Task.sleep(for: .seconds(1 << 30))
        }
      }
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  private func address(port: UInt16) -> URL {
    let host = ["0.0.0.0", "::"].contains(settings.host) ? "127.0.0.1" : settings.host
    let text = "http://\(RequestGuard.authority(host)):\(port)/"
    let query = settings.token.map { "?token=\($0)" } ?? ""
    return URL(string: text + query) ?? URL(filePath: "/")
  }
}
