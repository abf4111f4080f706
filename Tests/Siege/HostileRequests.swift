/// Requests that no page of the explorer sends; `HOST` stands for the server's own name.
enum HostileRequests {
  static let socket =
    "GET /api/events HTTP/1.1\r\nHost: HOST\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"

  static let all: [String] =
    [
      // Names and sites that are not the server's.
      "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
      "GET /api/session HTTP/1.1\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: HOST\r\nHost: evil.example\r\n\r\n",
      "POST /api/graphs HTTP/1.1\r\nHost: HOST\r\nOrigin: http://evil.example\r\nContent-Length: 3\r\n\r\n{}\n",
      // Ways out of what is served.
      "GET /web/../../../etc/passwd HTTP/1.1\r\nHost: HOST\r\n\r\n",
      "GET /web/%2e%2e%2f%00 HTTP/1.1\r\nHost: HOST\r\n\r\n",
      "GET http://evil.example/ HTTP/1.1\r\nHost: HOST\r\n\r\n",
      // What is no HTTP, or not quite.
      "\r\n\r\n\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\nHost: HOST\r\n\r\n",
      "GET / HTTP/1.1\nHost: HOST\n\n", "\u{0}\u{1}\u{2}\u{3}\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}\u{0}",
      "GET / HTTP/1.1\r\nHost: HOST\r\n: nothing\r\n\r\n", "GET / HTTP/1.1\r\n Host: HOST\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: HOST\r\nX: a\r\n b\r\n\r\n",
      // Two lengths, none, and wrong ones.
      "POST /api/graphs HTTP/1.1\r\nHost: HOST\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
      "POST /api/graphs HTTP/1.1\r\nHost: HOST\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST /api/graphs HTTP/1.1\r\nHost: HOST\r\nContent-Length: -1\r\n\r\n",
      "POST /api/graphs HTTP/1.1\r\nHost: HOST\r\nContent-Length: 99999999999999999999\r\n\r\n",
      "POST /api/graphs HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
      "POST /api/graphs HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n",
      "POST /api/graphs HTTP/1.1\r\nHost: HOST\r\nExpect: 100-continue\r\nContent-Length: 999999999\r\n\r\n",
      // Many lines, many requests, many protocols.
      "GET / HTTP/1.1\r\nHost: HOST\r\n" + String(repeating: "X: y\r\n", count: 5000) + "\r\n",
      String(repeating: "GET /nothing HTTP/1.1\r\nHost: evil.example\r\n\r\n", count: 300),
      "GET / HTTP/1.1\r\nHost: HOST\r\nConnection: Upgrade\r\nUpgrade: "
        + String(repeating: "websocket,", count: 1000) + "\r\n\r\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "CONNECT evil.example:443 HTTP/1.1\r\nHost: HOST\r\n\r\n",
      "GET /api/events HTTP/1.1\r\nHost: HOST\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
      "GET /api/graphs/" + String(repeating: "%", count: 8000) + " HTTP/1.1\r\nHost: HOST\r\n\r\n",
      "POST /api/traces HTTP/1.1\r\nHost: HOST\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n"
        + String(repeating: "[", count: 60000),
    ]
}
