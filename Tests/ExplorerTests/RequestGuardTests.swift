import Testing

@testable import Explorer

/// Requests as a browser sends them for pages of other sites, and as programs send them.
@Suite struct RequestGuardTests {
  private func request(
    _ method: RequestHead.Method = .get, host: String? = "127.0.0.1:7321", _ headers: [String: String] = [:],
    query: String = ""
  ) -> RequestHead {
    let named = host.map { [(name: "Host", value: $0)] } ?? []
    return RequestHead(
      method: method, target: "/api/session" + query,
      fields: named + headers.map { (name: $0.key, value: $0.value) })
  }

  private let loopback = RequestGuard(settings: ExplorerSettings(), port: 7321)

  @Test(arguments: ["127.0.0.1:7321", "localhost:7321", "LOCALHOST:7321", "[::1]:7321"])
  func `this machine's own names are answered`(host: String) {
    #expect(loopback.refusal(of: request(host: host)) == nil)
  }

  @Test(arguments: [
    nil, "", "evil.example", "evil.example:7321", "127.0.0.1", "127.0.0.1:80", "localhost.evil.example:7321",
    "127.0.0.1:7321.evil.example",
  ])
  func `a name that was pointed at this machine is refused`(host: String?) {
    #expect(loopback.refusal(of: request(host: host)) == .foreignHost)
  }

  @Test(arguments: [
    "http://evil.example", "https://127.0.0.1:7321", "http://127.0.0.1:80", "null", "http://localhost:7321",
  ])
  func `another site's page is refused`(origin: String) {
    #expect(loopback.refusal(of: request(.post, ["Origin": origin])) == .foreignOrigin)
    #expect(loopback.refusal(of: request(.get, ["Origin": origin])) == .foreignOrigin)
  }

  @Test func `of two names or two sites none is believed`() {
    let own = (name: "Host", value: "127.0.0.1:7321")
    let twice = RequestHead(
      method: .get, target: "/", fields: [own, (name: "host", value: "evil.example")])
    #expect(loopback.refusal(of: twice) == .foreignHost)
    let sites = RequestHead(
      method: .post, target: "/",
      fields: [
        own, (name: "Origin", value: "http://127.0.0.1:7321"), (name: "origin", value: "http://evil.example"),
      ])
    #expect(loopback.refusal(of: sites) == .foreignOrigin)
  }

  @Test func `on the usual port names come without it`() {
    let usual = RequestGuard(settings: ExplorerSettings(), port: 80)
    #expect(usual.refusal(of: request(host: "localhost")) == nil)
    #expect(usual.refusal(of: request(host: "evil.example")) == .foreignHost)
  }

  @Test func `the page itself is answered`() {
    let own = ["Origin": "http://127.0.0.1:7321", "Sec-Fetch-Site": "same-origin"]
    #expect(loopback.refusal(of: request(.post, own)) == nil)
  }

  @Test func `other sites' images and scripts get nothing, but their links open the page`() {
    let embedded = ["Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"]
    #expect(loopback.refusal(of: request(.get, embedded)) == .foreignOrigin)
    let link = ["Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"]
    #expect(loopback.refusal(of: request(.get, link)) == nil)
    #expect(loopback.refusal(of: request(.post, link)) == .foreignOrigin)
  }

  @Test(arguments: ["PUT", "PATCH", "OPTIONS", "TRACE", "CONNECT", "BREW", "get"])
  func `other methods are refused`(method: String) {
    #expect(loopback.refusal(of: request(RequestHead.Method(method))) == .method)
  }

  @Test func `beyond this machine the token decides`() {
    let settings = ExplorerSettings(host: "0.0.0.0", port: 7321, token: "s3cret")
    let guarded = RequestGuard(settings: settings, port: 7321)
    let host = "192.0.2.7:7321"
    #expect(guarded.refusal(of: request(host: host)) == .noToken)
    #expect(guarded.refusal(of: request(host: host, ["Cookie": "clew-token-7321=s3cre"])) == .noToken)
    #expect(guarded.refusal(of: request(host: host, ["Cookie": "clew-token-7321=s3cretx"])) == .noToken)
    #expect(guarded.refusal(of: request(host: host, ["Cookie": "other=1; clew-token-7321=s3cret"])) == nil)
    #expect(guarded.refusal(of: request(host: host, ["Authorization": "Bearer s3cret"])) == nil)
    #expect(guarded.refusal(of: request(host: host, ["Authorization": "Basic s3cret"])) == .noToken)
    #expect(guarded.refusal(of: request(host: host, query: "?token=s3cret")) == nil)
    #expect(guarded.refusal(of: request(host: host, query: "?token=")) == .noToken)
  }

  @Test func `without a token nothing listens beyond this machine`() {
    #expect(throws: ExplorerError.tokenMissing(host: "0.0.0.0")) {
      try ExplorerServer(settings: ExplorerSettings(host: "0.0.0.0"), sources: [])
    }
    #expect(throws: ExplorerError.tokenMissing(host: "192.0.2.7")) {
      try ExplorerServer(settings: ExplorerSettings(host: "192.0.2.7", token: ""), sources: [])
    }
  }
}
