import AttributionGraphs
import Explorer
import Foundation
import TestSupport
import Testing

@testable import Siege

/// What the server bears from its clients, and that a page is served all the while. Limits are small here; `clew-siege`
/// tries those that are used.
@Suite(.timeLimit(.minutes(3))) struct LimitTests {
  private func settings(_ change: (inout ServerLimits) -> Void = { _ in }) -> ExplorerSettings {
    var settings = ExplorerSettings()
    change(&settings.limits)
    return settings
  }

  // MARK: Connections

  @Test func `idle connections beyond the limit make room for a page`() async throws {
    try await RunningServer.run(settings: settings { $0.connections = 8 }) { server in
      var idle: [RawConnection] = []
      for _ in 0..<40 {
        idle.append(try RawConnection(port: server.port))
        #expect(try await server.get("/api/session").status == 200)
      }
      // The oldest are gone; the newest are still taken.
      #expect(try await idle[0].isClosed(within: .seconds(10)))
      try await idle[39].send(server.head("GET / HTTP/1.1\r\nHost: HOST\r\n\r\n"))
      #expect(try await idle[39].response().status == 200)
    }
  }

  @Test func `a request that is there is answered, however many connections come behind it`() async throws {
    try await RunningServer.run(settings: settings { $0.connections = 256 }) { server in
      for _ in 0..<40 {
        let page = try #require(Line(port: server.port))
        page.send(server.head("GET /api/session HTTP/1.1\r\nHost: HOST\r\n\r\n"))
        let others = (0..<300).map { _ in Line(port: server.port) }
        #expect(page.status() == 200)
        withExtendedLifetime(others) {}
      }
    }
  }

  @Test func `who opens many connections closes none of another's`() async throws {
    let settings = settings {
      $0.connections = 12
      $0.connectionsPerClient = 8
    }
    try await RunningServer.run(settings: settings) { server in
      let page = try RawConnection(port: server.port)
      try await page.send(server.head("GET / HTTP/1.1\r\nHost: HOST\r\n\r\n"))
      #expect(try await page.response().status == 200)
      let others = (0..<40).compactMap { _ in Line(port: server.port, from: 2) }
      #expect(others.count == 40)
      try await poll(within: .seconds(10), "the closing of 32 connections") {
        others.count(where: \.isClosed) >= 32 ? true : nil
      }
      #expect(others.count(where: \.isClosed) == 32)
      try await page.send(server.head("GET /api/session HTTP/1.1\r\nHost: HOST\r\n\r\n"))
      #expect(try await page.response().status == 200)
    }
  }

  @Test func `a connection that was used goes after those that were not`() async throws {
    try await RunningServer.run(settings: settings { $0.connections = 4 }) { server in
      let page = try RawConnection(port: server.port)
      try await page.send(server.head("GET / HTTP/1.1\r\nHost: HOST\r\n\r\n"))
      #expect(try await page.response().status == 200)
      // These come later, but no request of theirs is admitted.
      for _ in 0..<20 {
        let other = try RawConnection(port: server.port)
        try await other.send("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n")
        #expect(try await other.response().status == 421)
      }
      try await page.send(server.head("GET /api/session HTTP/1.1\r\nHost: HOST\r\n\r\n"))
      #expect(try await page.response().status == 200)
    }
  }

  @Test func `bodies that never end keep no page out`() async throws {
    try await RunningServer.run(settings: settings { $0.connections = 8 }) { server in
      var slow: [RawConnection] = []
      for _ in 0..<20 {
        let connection = try RawConnection(port: server.port)
        try await connection.send(
          server.head("POST /api/graphs HTTP/1.1\r\nHost: HOST\r\nContent-Length: 90000\r\n\r\n{"))
        slow.append(connection)
        #expect(try await server.get("/api/session").status == 200)
      }
      #expect(try await slow[0].isClosed(within: .seconds(10)))
    }
  }

  // MARK: Heads

  @Test(arguments: ["GET /", "GET / HTTP/1.1\r\nHost: HOST\r\nX: ", "GET / HTTP/1.1\r\nX", "X"])
  func `a line without an end is refused where the limit is`(beginning: String) async throws {
    try await RunningServer.run { server in
      let connection = try RawConnection(port: server.port)
      try await connection.send(server.head(beginning))
      try? await connection.send([UInt8](repeating: UInt8(ascii: "x"), count: 40_000))
      let answer = try await connection.response()
      #expect([400, 431].contains(answer.status) && answer["Connection"] == "close")
      #expect(answer.text.contains(beginning == "X" ? "no request" : "32768 bytes"))
      // The rest is not read for ever.
      let line = try #require(Line(port: server.port, patience: 2))
      line.send(server.head(beginning))
      let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 16)
      #expect(!(0..<160).allSatisfy { _ in line.send(piece) }, "10 MiB were taken")
      #expect(try await server.get("/").status == 200)
    }
  }

  @Test func `a head of more lines than are taken is refused`() async throws {
    try await RunningServer.run { server in
      let few = String(repeating: "X: y\r\n", count: 90)
      let statuses = [try await server.get("/", few).status, try await server.get("/", few + few).status]
      #expect(statuses == [200, 431])
    }
  }

  // MARK: Time

  @Test func `who sends nothing, or too slowly, is let go`() async throws {
    let settings = settings {
      $0.headTime = .milliseconds(300)
      $0.idleTime = .milliseconds(300)
      $0.stallTime = .milliseconds(300)
    }
    try await RunningServer.run(settings: settings) { server in
      let silent = try RawConnection(port: server.port)
      let half = try RawConnection(port: server.port)
      try await half.send("GET / HT")
      let used = try RawConnection(port: server.port)
      try await used.send(server.head("GET /api/session HTTP/1.1\r\nHost: HOST\r\n\r\n"))
      #expect(try await used.response().status == 200)
      for connection in [silent, half, used] {
        #expect(try await connection.isClosed(within: .seconds(10)))
      }
      let body = try RawConnection(port: server.port)
      try await body.send(
        server.head("POST /api/graphs HTTP/1.1\r\nHost: HOST\r\nContent-Length: 50000\r\n\r\n{"))
      let answer = try await body.response()
      #expect(answer.status == 408 && answer["Connection"] == "close")
    }
  }

  @Test func `an answer that nobody takes is given up`() async throws {
    var graph = smallGraph()
    graph.metadata.info["long"] = .string(String(repeating: "long ", count: 4 << 20))
    let source = GraphSource(name: "long") { [graph] in OpenGraph(graph: graph, isWhole: true) }
    try await RunningServer.run(settings: settings { $0.stallTime = .seconds(3) }, sources: [source]) {
      server in
      let request = server.head("GET /api/graphs/long HTTP/1.1\r\nHost: HOST\r\n\r\n")
      // Who takes it gets all of it.
      let reader = try #require(Line(port: server.port, patience: 30))
      reader.send(request)
      #expect(reader.status() == 200)
      let sleeper = try #require(Line(port: server.port))
      sleeper.send(request)
      try await poll(within: .seconds(60), "the server to hang up") { sleeper.isHungUp ? true : nil }
    }
  }

  // MARK: Bodies

  @Test func `bodies are held within a bound, and let go`() async throws {
    try await RunningServer.run(settings: settings { $0.bodiesPerClient = 1 << 20 }) { server in
      let head = "POST /api/graphs HTTP/1.1\r\nHost: HOST\r\nContent-Length: 900000\r\n\r\n"
      let other = try RawConnection(port: server.port)
      // Whichever of the two is read first stands, so it begins anew until that is this one.
      let held = try await poll(within: .seconds(20), "a refusal") { () -> RawConnection? in
        let held = try RawConnection(port: server.port)
        try await held.send(server.head(head) + String(repeating: " ", count: 800_000))
        let answer = try await server.answer(head, body: [UInt8](repeating: 32, count: 900_000))
        return answer.status == 503 ? held : nil
      }
      try await held.send(String(repeating: " ", count: 100_000))
      #expect(try await held.response().status == 422)
      try await other.send(server.head(head) + String(repeating: " ", count: 900_000))
      #expect(try await other.response().status == 422)
    }
  }

  // MARK: The protocol

  @Test func `requests sent ahead are answered in their order`() async throws {
    try await RunningServer.run { server in
      let connection = try RawConnection(port: server.port)
      let paths = ["/", "/nothing", "/api/session", "/web/main.js"]
      try await connection.send(
        paths.map { server.head("GET \($0) HTTP/1.1\r\nHost: HOST\r\n\r\n") }.joined())
      for expected in [200, 404, 200, 200] { #expect(try await connection.response().status == expected) }
      // Thousands of refusals are no deeper than one.
      let refused = String(repeating: "GET / HTTP/1.1\r\n\r\n", count: 3000)
      try await connection.send(refused)
      for _ in 0..<3000 { #expect(try await connection.response().status == 421) }
    }
  }

  @Test func `a body waits for the server's word if the client wishes it`() async throws {
    try await RunningServer.run { server in
      let connection = try RawConnection(port: server.port)
      let json = String(decoding: try smallGraph().json(), as: UTF8.self)
      let head =
        "POST /api/graphs HTTP/1.1\r\nHost: HOST\r\nExpect: 100-continue\r\nContent-Length: \(json.utf8.count)\r\n"
      try await connection.send(server.head(head + "\r\n"))
      #expect(try await connection.response().status == 100)
      try await connection.send(json)
      #expect(try await connection.response().status == 201)
      try await connection.send(server.head(head + "Origin: http://evil.example\r\n\r\n"))
      #expect(try await connection.response().status == 403)
    }
  }

  @Test func `a head alone has the length of its body`() async throws {
    try await RunningServer.run { server in
      let connection = try RawConnection(port: server.port)
      let length = try await server.get("/web/main.js").body.count
      for _ in 0..<2 {
        try await connection.send(server.head("HEAD /web/main.js HTTP/1.1\r\nHost: HOST\r\n\r\n"))
        #expect(try await connection.response(hasBody: false)["Content-Length"] == "\(length)")
      }
    }
  }

  @Test func `who has sent all that he will is still answered`() async throws {
    try await RunningServer.run { server in
      let connection = try RawConnection(port: server.port)
      try await connection.send(server.head("GET /api/graphs/small HTTP/1.1\r\nHost: HOST\r\n\r\n"))
      try connection.finishSending()
      #expect(try await connection.response().status == 200)
      #expect(try await connection.isClosed(within: .seconds(10)))
    }
  }

  @Test func `another protocol is not spoken, and the connection ends`() async throws {
    try await RunningServer.run { server in
      let answer = try await server.get("/", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n")
      #expect(answer.status == 200 && answer["Connection"] == "close")
      #expect(try await server.get("/api/events").status == 400)
      let old = RawConnection.self
      let connection = try old.init(port: server.port)
      try await connection.send(server.head("GET / HTTP/1.0\r\nHost: HOST\r\n\r\n"))
      #expect(try await connection.response().status == 200)
      #expect(try await connection.isClosed(within: .seconds(10)))
    }
  }

  // MARK: News

  private func socket(_ server: RunningServer) async throws -> RawConnection {
    let connection = try RawConnection(port: server.port)
    try await connection.send(server.head(HostileRequests.socket))
    let answer = try await connection.response()
    #expect(answer.status == 101 && answer["Sec-WebSocket-Accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    return connection
  }

  /// A frame as a browser sends it.
  private func frame(_ opcode: UInt8, _ text: String) -> [UInt8] {
    let mask: [UInt8] = [1, 2, 3, 4]
    let masked = text.utf8.enumerated().map { $1 ^ mask[$0 % 4] }
    return [0x80 | opcode, 0x80 | UInt8(masked.count)] + mask + masked
  }

  @Test func `a page is told news, and its pings are answered`() async throws {
    try await RunningServer.run { server in
      let page = try await socket(server)
      try await page.send(frame(9, "there?"))
      let patch = #"{"patches":[{"path":["pinned","1_9_1"],"value":true}],"client":"x"}"#
      #expect(try await server.post("/api/graphs/small/view", patch).status == 200)
      // They are on their way when the answer is.
      try await Task.sleep(for: .milliseconds(200))
      try await page.send(frame(8, ""))
      let bytes = try await page.rest()
      #expect(Data(bytes).range(of: Data([0x8A, 6] + "there?".utf8)) != nil)
      #expect(Data(bytes).range(of: Data(#""type":"view""#.utf8)) != nil)
    }
  }

  @Test func `frames that no page sends close its socket, and others stay`() async throws {
    try await RunningServer.run { server in
      let page = try await socket(server)
      let unmasked = try await socket(server)
      try await unmasked.send([0x89, 0])
      let large = try await socket(server)
      try await large.send([0x82, 0xFF, 0, 0, 0, 0, 0x10, 0, 0, 0, 1, 2, 3, 4])
      let flood = try await socket(server)
      try? await flood.send((0..<1000).flatMap { _ in frame(9, "there?") })
      for closed in [unmasked, large, flood] { #expect(try await closed.isClosed(within: .seconds(10))) }
      try await page.send(frame(9, "still"))
      #expect(try await page.isClosed(within: .milliseconds(200)) == false)
    }
  }

  @Test func `no more pages are told than there is room for`() async throws {
    try await RunningServer.run(settings: settings { $0.pages = 2 }) { server in
      let pages = [try await socket(server), try await socket(server)]
      #expect(try await server.answer(HostileRequests.socket).status == 503)
      try await pages[0].send(frame(8, ""))
      #expect(try await pages[0].isClosed(within: .seconds(10)))
      // The server may hear of the end after the page.
      try await poll(within: .seconds(10), "room for another page") {
        let connection = try RawConnection(port: server.port)
        try await connection.send(server.head(HostileRequests.socket))
        return try await connection.response().status == 101 ? true : nil
      }
    }
  }

  @Test func `a page that does not say that it is there is let go`() async throws {
    try await RunningServer.run(settings: settings { $0.pingTime = .milliseconds(300) }) { server in
      let page = try await socket(server)
      #expect(try await page.isClosed(within: .seconds(10)))
    }
  }

  @Test func `news that nobody reads are kept within a bound`() async throws {
    try await RunningServer.run(settings: settings { $0.unreadNews = 1 << 20 }) { server in
      let sleeper = try await socket(server)
      let long = String(repeating: "x", count: 9000)
      let patches = (0..<50).map { #"{"path":["settings","s\#($0)"],"value":"\#(long)"}"# }
      let body = #"{"patches":[\#(patches.joined(separator: ","))],"client":"x"}"#
      for _ in 0..<40 { #expect(try await server.post("/api/graphs/small/view", body).status == 200) }
      #expect(try await sleeper.rest().count < 8 << 20)
    }
  }

  // MARK: All at once

  @Test func `a page is served while others attack`() async throws {
    try await RunningServer.run { server in
      let page = HonestPage(
        port: server.port, paths: ["/", "/web/main.js", "/api/session", "/api/graphs/small"])
      let attacks: [Attack] = [
        .hostileRequests(300), .idleConnections(150, seconds: 1), .endlessLines(8, bytes: 2 << 20),
        .slowClients(60, seconds: 1), .frames(20_000),
      ]
      await withTaskGroup(of: Void.self) { group in
        for attack in attacks {
          group.addTask {
            await withCheckedContinuation { end in
              Thread {
                _ = attack.run(server.port)
                end.resume()
              }.start()
            }
          }
        }
      }
      let waits = page.finish()
      #expect(waits.failures == 0 && waits.count > 20, "\(waits)")
    }
  }
}
