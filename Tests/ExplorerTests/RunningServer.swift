import Explorer
import Foundation
import TestSupport

/// A server in this process, on a port of its own.
struct RunningServer {
  let port: Int

  static func run(
    settings: ExplorerSettings = ExplorerSettings(), sources: [GraphSource]? = nil,
    _ body: (RunningServer) async throws -> Void
  ) async throws {
    let given =
      sources ?? [
        GraphSource(name: "small", features: OneFeature()) { OpenGraph(graph: smallGraph(), isWhole: true) }
      ]
    let server = try ExplorerServer(settings: settings, sources: given)
    let (addresses, continuation) = AsyncStream.makeStream(of: URL.self)
    let task = Task { try await server.run { continuation.yield($0) } }
    defer { task.cancel() }
    var port = 0
    for await address in addresses {
      port = address.port ?? 0
      break
    }
    try await body(RunningServer(port: port))
  }

  /// Sends one request as it stands and takes the answer; `HOST` becomes the server's own name.
  func answer(_ request: String, body: [UInt8] = []) async throws -> RawResponse {
    let connection = try RawConnection(port: port)
    try await connection.send(head(request))
    if !body.isEmpty { try await connection.send(body) }
    return try await connection.response()
  }

  func get(_ path: String, _ headers: String = "") async throws -> RawResponse {
    try await answer("GET \(path) HTTP/1.1\r\nHost: HOST\r\n\(headers)\r\n")
  }

  func post(_ path: String, _ body: String, type: String = "application/json") async throws -> RawResponse {
    try await answer(
      "POST \(path) HTTP/1.1\r\nHost: HOST\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n\r\n",
      body: Array(body.utf8))
  }

  func head(_ text: String) -> String { text.replacing("HOST", with: "127.0.0.1:\(port)") }
}
