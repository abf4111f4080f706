import AttributionGraphs
import Explorer
import Foundation
import TestSupport
import Testing

/// Each promise of the server's, with a request that would break it.
@Suite struct AttackTests {
  @Test func `a name that was pointed at this machine reaches nothing`() async throws {
    try await RunningServer.run { server in
      for host in ["evil.example", "evil.example:\(server.port)", "127.0.0.1:1"] {
        for path in ["/", "/api/session", "/web/main.js", "/api/graphs/small"] {
          let answer = try await server.answer("GET \(path) HTTP/1.1\r\nHost: \(host)\r\n\r\n")
          #expect(answer.status == 421, "\(host) \(path)")
          #expect(answer.text.firstRange(of: "small") == nil)
        }
      }
      let nameless = try await server.answer("GET /api/session HTTP/1.1\r\n\r\n")
      #expect(nameless.status == 421)
    }
  }

  @Test func `another site's page changes and reads nothing`() async throws {
    try await RunningServer.run { server in
      let patch = #"{"patches":[{"path":["pinned","1_9_1"],"value":true}],"client":"x"}"#
      let post =
        "POST /api/graphs/small/view HTTP/1.1\r\nHost: HOST\r\nOrigin: http://evil.example\r\n"
        + "Content-Type: application/json\r\nContent-Length: \(patch.utf8.count)\r\n\r\n"
      #expect(try await server.answer(post, body: Array(patch.utf8)).status == 403)
      // A form can send text without asking first, but not JSON.
      #expect(try await server.post("/api/graphs/small/view", patch, type: "text/plain").status == 400)
      let view = try await server.get("/api/graphs/small/view")
      #expect(view.text.firstRange(of: "1_9_1") == nil)
      #expect(try await server.get("/api/graphs/small", "Origin: http://evil.example\r\n").status == 403)
      let script = try await server.get(
        "/api/graphs/small", "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n")
      #expect(script.status == 403)
      let socket = try await server.get(
        "/api/events",
        "Origin: http://evil.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
          + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n")
      #expect(socket.status == 403)
    }
  }

  @Test(arguments: [
    "/../../etc/passwd", "/web/../../../../etc/passwd", "/web/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "/web//etc/passwd",
    "/web/..", "/web/.", "/web/", "/web/index.html%00.js", "/api/graphs/..%2f..%2fetc%2fpasswd",
    "/api/graphs/%2e%2e/edges", "/api/graphs/small/figure/..%2f..%2fx", "/etc/passwd",
  ])
  func `no address leads out of what was given`(path: String) async throws {
    try await RunningServer.run { server in
      let answer = try await server.get(path)
      #expect([400, 404].contains(answer.status), "\(answer.status)")
      #expect(answer.text.firstRange(of: "root:") == nil)
    }
  }

  @Test func `every answer carries the policy that keeps scripts out`() async throws {
    try await RunningServer.run { server in
      for path in ["/", "/web/main.js", "/api/session", "/api/graphs/small", "/nothing"] {
        let answer = try await server.get(path)
        let policy = answer["Content-Security-Policy"] ?? ""
        #expect(policy.hasPrefix("default-src 'none'; script-src 'self'; style-src 'self'"), "\(path)")
        #expect(policy.firstRange(of: "unsafe") == nil)
        #expect(answer["X-Content-Type-Options"] == "nosniff")
        #expect(answer["Access-Control-Allow-Origin"] == nil)
      }
    }
  }

  @Test func `a body that is too large is refused and is not taken for requests`() async throws {
    var settings = ExplorerSettings()
    settings.maximumRequest = 1000
    settings.maximumUpload = 2000
    try await RunningServer.run(settings: settings) { server in
      let hidden = "GET /api/session HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\n\r\n"
      let body = String(repeating: hidden, count: 60)
      for path in ["/api/graphs", "/api/graphs/small/view"] {
        let connection = try RawConnection(port: server.port)
        try await connection.send(
          server.head(
            "POST \(path) HTTP/1.1\r\nHost: HOST\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
          ))
        try await connection.send(body)
        #expect(try await connection.response().status == 413, "\(path)")
        // The next answer is that to the next request.
        try await connection.send(server.head("GET /nowhere HTTP/1.1\r\nHost: HOST\r\n\r\n"))
        #expect(try await connection.response().status == 404)
      }
      let chunked = try RawConnection(port: server.port)
      try await chunked.send(
        server.head("POST /api/graphs HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n"))
      for _ in 0..<5 { try await chunked.send("3e8\r\n\(String(repeating: "x", count: 1000))\r\n") }
      try await chunked.send("0\r\n\r\n")
      #expect(try await chunked.response().status == 413)
    }
  }

  @Test func `no more graphs are taken than there is room for`() async throws {
    var settings = ExplorerSettings()
    settings.maximumUploads = 2
    try await RunningServer.run(settings: settings) { server in
      let graph = String(decoding: try smallGraph().json(), as: UTF8.self)
      for expected in [201, 201, 507] {
        #expect(try await server.post("/api/graphs?name=x", graph).status == expected)
      }
    }
  }

  @Test func `beyond this machine nothing is answered without the token`() async throws {
    let settings = ExplorerSettings(host: "0.0.0.0", token: "s3cret")
    try await RunningServer.run(settings: settings) { server in
      for path in ["/", "/web/main.js", "/api/session", "/api/graphs/small"] {
        #expect(try await server.get(path).status == 401)
        #expect(try await server.get(path, "Cookie: clew-token-\(server.port)=wrong\r\n").status == 401)
        #expect(try await server.get(path, "Cookie: clew-token-\(server.port)=s3cret\r\n").status == 200)
      }
      let first = try await server.get("/?token=s3cret")
      #expect(first.status == 303)
      #expect(first["Location"] == "/")
      #expect(first["Set-Cookie"] == "clew-token-\(server.port)=s3cret; Path=/; HttpOnly; SameSite=Strict")
    }
  }

  @Test func `nonsense is answered or hung up on, and the server goes on`() async throws {
    try await RunningServer.run { server in
      for bytes in [
        "\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9\r\nHost: HOST\r\n\r\n", "\u{0}\u{1}\u{2}\r\n\r\n",
        "POST /api/graphs HTTP/1.1\r\nHost: HOST\r\nContent-Length: -5\r\n\r\n",
        "POST /api/graphs HTTP/1.1\r\nHost: HOST\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "PUT /api/session HTTP/1.1\r\nHost: HOST\r\n\r\n",
      ] {
        let connection = try RawConnection(port: server.port)
        try await connection.send(server.head(bytes))
        try connection.finishSending()
        _ = try? await connection.response(within: .seconds(3))
        #expect(try await server.get("/api/session").status == 200)
      }
      let half = try RawConnection(port: server.port)
      try await half.send("GET / HT")
      #expect(try await server.get("/api/session").status == 200)
    }
  }
}
