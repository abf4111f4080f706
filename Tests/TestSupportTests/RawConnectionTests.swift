import Foundation
import Synchronization
import TestSupport
import Testing

/// The tool that attacks servers, tried on servers that say what they saw.
struct RawConnectionTests {
  private static let hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Kind:  plain\r\n\r\nhello"

  @Test func `bytes go out as they are, and responses on one connection come one by one`() async throws {
    let server = try StandInServer { client in
      for number in 1...2 {
        let head = client.readHead()
        let body = "\(number): \(head)"
        client.write("HTTP/1.1 200 OK\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)")
      }
    }
    let connection = try RawConnection(port: server.port)
    try await connection.send("GET /../\u{1}?é HTTP/9.9\r\n\r\n")
    let first = try await connection.response()
    #expect(first.status == 200 && first.reason == "OK")
    #expect(first.text == "1: GET /../\u{1}?é HTTP/9.9\r\n\r\n")
    try await connection.send([0xff, 0x00] + "\r\n\r\n".utf8)
    #expect(try await connection.response().text == "2: \u{FFFD}\0\r\n\r\n")
    #expect(try await connection.isClosed(within: .seconds(10)))
    #expect(try await connection.rest().isEmpty)
  }

  @Test func `two responses that come at once are told apart`() async throws {
    let server = try StandInServer { client in
      client.write(Self.hello + "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\nrest")
    }
    let connection = try RawConnection(port: server.port)
    let first = try await connection.response()
    #expect(first.text == "hello" && first["x-KIND"] == "plain" && first["X-None"] == nil)
    let second = try await connection.response()
    #expect(second.status == 404 && second.reason == "Not Found" && second.body.isEmpty)
    #expect(try await connection.rest() == Array("rest".utf8))
  }

  @Test func `sent slowly, the pieces come one by one`() async throws {
    let server = try StandInServer { client in
      var pieces: [Int] = []
      while let piece = client.read(), !piece.isEmpty { pieces.append(piece.count) }
      let body = "\(pieces)"
      client.write("HTTP/1.1 200 OK\r\n\r\n\(body)")
    }
    let connection = try RawConnection(port: server.port)
    let start = ContinuousClock.now
    try await connection.send("0123456789".utf8, inPiecesOf: 4, every: .milliseconds(60))
    #expect(ContinuousClock.now - start >= .milliseconds(120))
    // The server reads until this end; it can still answer.
    try connection.finishSending()
    #expect(try await connection.response().text == "[4, 4, 2]")
  }

  @Test func `a connection that is broken off is no end to the server`() async throws {
    let seen = Mutex<[String]>([])
    let server = try StandInServer { client in
      _ = client.read()
      client.write("seen")
      let more = client.read()
      seen.withLock { $0.append(more.map { "\($0.count)" } ?? "broken off") }
    }
    for isBrokenOff in [true, false] {
      let connection = try RawConnection(port: server.port)
      try await connection.send("x")
      // The server has read, and waits for more.
      #expect(try await !connection.isClosed(within: .milliseconds(50)))
      if isBrokenOff { try connection.reset() } else { try connection.finishSending() }
      try await poll(within: .seconds(10), "the server") {
        seen.withLock { $0.last } == (isBrokenOff ? "broken off" : "0") ? true : nil
      }
    }
  }

  @Test func `silence ends in an error after the time, with what had come`() async throws {
    let server = try StandInServer { client in
      client.write("HTTP/1.1 200 OK\r\nContent-Le")
      _ = client.read()
    }
    let connection = try RawConnection(port: server.port)
    await #expect(
      throws: RawConnection.Failure.timedOut(received: Array("HTTP/1.1 200 OK\r\nContent-Le".utf8))
    ) {
      try await connection.response(within: .milliseconds(200))
    }
    #expect(try await !connection.isClosed(within: .milliseconds(50)))
  }

  @Test func `a response that stops in the middle is an error`() async throws {
    let server = try StandInServer { $0.write(String(Self.hello.dropLast())) }
    let connection = try RawConnection(port: server.port)
    await #expect(throws: RawConnection.Failure.closed(received: Array(Self.hello.utf8.dropLast()))) {
      try await connection.response()
    }
  }

  @Test func `a server that takes nothing does not hold a test up`() async throws {
    let isDone = Mutex(false)
    let server = try StandInServer { _ in
      while !isDone.withLock({ $0 }) { usleep(10_000) }
    }
    let connection = try RawConnection(port: server.port)
    await #expect(throws: RawConnection.Failure.timedOut(received: [])) {
      try await connection.send([UInt8](repeating: 65, count: 64 << 20), within: .milliseconds(300))
    }
    isDone.withLock { $0 = true }
  }

  @Test func `a port where nobody listens is an error`() throws {
    let server = try StandInServer { _ in }
    let port = server.port
    server.stop()
    // Its thread may not have found out yet.
    #expect(throws: SystemCallError.self) {
      for _ in 0..<100 {
        _ = try RawConnection(port: port)
        usleep(20_000)
      }
    }
  }

  // MARK: Responses as bytes

  @Test(arguments: [
    (hello, "hello", ""),
    (
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\nA\r\n, you all!\r\n0\r\n\r\nmore",
      "hello, you all!", "more"
    ),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nTrailer: 1\r\n\r\n", "", ""),
    ("HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\nmore", "", "more"),
    ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK", "", "HTTP/1.1 200 OK"),
    ("HTTP/1.0 500 \r\nContent-Length: 0\r\n\r\n", "", ""),
  ])
  func `a body ends where its head says, wherever the bytes are cut`(
    response: String, body: String, rest: String
  ) async throws {
    let whole = response.utf8.count - rest.utf8.count
    // Whole responses come in two pieces, cut everywhere.
    for cut in stride(from: 0, through: whole, by: 1) {
      let bytes = Array(response.utf8)
      let server = try StandInServer { client in
        _ = client.read()
        client.write(String(decoding: bytes[..<cut], as: UTF8.self))
        if cut % 7 == 0 { usleep(2000) }
        client.write(String(decoding: bytes[cut...], as: UTF8.self))
      }
      let connection = try RawConnection(port: server.port)
      try await connection.send("go")
      #expect(try await connection.response().text == body)
      #expect(try await connection.rest() == Array(rest.utf8))
    }
  }

  @Test func `a body without a length ends with the connection, and HEAD has none`() async throws {
    let server = try StandInServer { client in
      client.write("HTTP/1.1 200 OK\r\n\r\nall of it")
      _ = client.read()
    }
    let connection = try RawConnection(port: server.port)
    await #expect(throws: RawConnection.Failure.self) {
      try await connection.response(within: .milliseconds(100))
    }
    try connection.finishSending()
    #expect(try await connection.response().text == "all of it")
    let other = try StandInServer { $0.write("HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n") }
    #expect(try await RawConnection(port: other.port).response(hasBody: false)["content-length"] == "900")
  }

  @Test(arguments: [
    "HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 999 OK\r\n\r\n", "<html>\r\n\r\n",
    "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n",
  ])
  func `what is no response is an error that says what is wrong`(bytes: String) async throws {
    let server = try StandInServer { $0.write(bytes) }
    let connection = try RawConnection(port: server.port)
    let failure = await #expect(throws: RawConnection.Failure.self) { try await connection.response() }
    guard case .malformed = failure else {
      Issue.record("\(failure.map { "\($0)" } ?? "no error")")
      return
    }
  }
}
