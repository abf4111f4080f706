/// Who decides what a connection's requests lead to.
protocol RequestAnswering: Sendable {
  /// Asked as soon as a request's head is there.
  func admission(of head: RequestHead) -> Admission
  /// Answers a request that was admitted.
  func response(to request: Request) async -> Response
  /// Where the news of a socket come from.
  var hub: EventHub { get }
}

/// What becomes of a request after its head.
enum Admission: Sendable {
  /// It is answered at once, whatever its body.
  case refused(Response)
  /// Its body is read.
  case admitted(bodyLimit: Int)
  /// The connection becomes a socket for news.
  case socket
}
