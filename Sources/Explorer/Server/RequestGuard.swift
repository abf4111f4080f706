/// Decides whether a request may be answered at all.
///
/// A page of another site can make a browser send requests to this machine. It cannot choose their `Host` or `Origin`
/// header, so those must be ours: a foreign `Host` is a name that was pointed at this machine (DNS rebinding), a
/// foreign `Origin` is another site's page.
struct RequestGuard {
  /// Why a request is refused.
  enum Refusal: Equatable {
    case foreignHost, foreignOrigin, noToken, method

    var status: Int {
      switch self {
      case .foreignHost: 421
      case .foreignOrigin: 403
      case .noToken: 401
      case .method: 405
      }
    }

    var sentence: String {
      switch self {
      case .foreignHost:
        "This server does not answer to that name. Open the address that clew explore printed."
      case .foreignOrigin: "Requests of other sites' pages are not answered."
      case .noToken: "This server needs its token. Open the whole address that clew explore printed."
      case .method: "Only GET, HEAD, POST and DELETE are answered."
      }
    }
  }

  /// Cookies do not tell ports apart, so the name does.
  let cookieName: String
  private let token: String?
  /// The names that the server answers to; `nil` for any, where the token keeps others out.
  private let hosts: Set<String>?

  init(settings: ExplorerSettings, port: UInt16) {
    token = settings.token
    cookieName = "clew-token-\(port)"
    if settings.isLoopback {
      hosts = Self.names(["127.0.0.1", "localhost", "[::1]", Self.authority(settings.host)], port)
    } else if ["0.0.0.0", "::"].contains(settings.host) {
      hosts = nil
    } else {
      hosts = Self.names(["127.0.0.1", "localhost", Self.authority(settings.host)], port)
    }
  }

  /// Names as browsers send them: with the port, unless it is the usual one.
  private static func names(_ hosts: [String], _ port: UInt16) -> Set<String> {
    Set(hosts.map { "\($0):\(port)" } + (port == 80 ? hosts : []))
  }

  /// A host as it stands in an address.
  static func authority(_ host: String) -> String { host.contains(":") ? "[\(host)]" : host }

  /// Why the request is refused; `nil` if it may be answered.
  func refusal(of request: RequestHead) -> Refusal? {
    if case .other = request.method { return .method }
    // Of two names nobody knows which one another reader goes by.
    guard request.values(of: "host").count <= 1 else { return .foreignHost }
    let host = request["host"]?.lowercased() ?? ""
    if let hosts {
      guard hosts.contains(host) else { return .foreignHost }
    } else if host.isEmpty {
      return .foreignHost
    }
    for origin in request.values(of: "origin") {
      guard origin.lowercased() == "http://\(host)" else { return .foreignOrigin }
    }
    // Browsers say where a request comes from; programs do not.
    for site in request.values(of: "sec-fetch-site") {
      let opensPage = request.method == .get && request["sec-fetch-mode"] == "navigate"
      guard ["same-origin", "none"].contains(site) || opensPage else { return .foreignOrigin }
    }
    guard token == nil || token.map({ knows($0, request) }) == true else { return .noToken }
    return nil
  }

  /// Whether the request's address holds the token, as the one that is printed does.
  func bringsToken(_ request: RequestHead) -> Bool {
    guard let token else { return false }
    return request.query.contains { $0.name == "token" && Self.isEqual($0.value, token) }
  }

  private func knows(_ token: String, _ request: RequestHead) -> Bool {
    if bringsToken(request) { return true }
    let bearer = request["authorization"].flatMap { $0.hasPrefix("Bearer ") ? $0.dropFirst(7) : nil }
    if let bearer, Self.isEqual(String(bearer), token) { return true }
    let cookies = request.values(of: "cookie").joined(separator: ";").split(separator: ";")
    return cookies.contains { cookie in
      let parts = cookie.split(separator: "=", maxSplits: 1)
      return parts.count == 2 && parts[0].allSatisfy({ $0 != "=" })
        && parts[0].trimmingPrefix(while: { $0 == " " }) == cookieName
        && Self.isEqual(String(parts[1]), token)
    }
  }

  /// Compares without telling by the time it takes how much is equal.
  static func isEqual(_ first: String, _ second: String) -> Bool {
    let (a, b) = (Array(first.utf8), Array(second.utf8))
    guard a.count == b.count else { return false }
    return zip(a, b).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
