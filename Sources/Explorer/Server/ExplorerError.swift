/// What can go wrong in the explorer: what happened, where, and what to do next.
public enum ExplorerError: Error, Equatable, Sendable {
  /// A request names a graph that the server was not given.
  case noGraph(id: String)
  /// A request is not understood.
  case badRequest(reason: String)
  /// A request or file is larger than the server takes.
  case tooLarge(limit: Int)
  /// Too little of a request came in too long a time.
  case tooSlow
  /// As much is being done already as the server does at a time.
  case busy
  /// No more graphs are taken.
  case shelfFull(limit: Int)
  /// A graph that was sent cannot be kept.
  case cannotKeep(path: String, reason: String)
  /// The pages are not where the program looks for them.
  case pagesMissing(path: String)
  /// The server could not listen.
  case cannotListen(host: String, port: UInt16, reason: String)
  /// Others could reach the server, and nothing would keep them out.
  case tokenMissing(host: String)
  /// What was asked for needs a model, and there is none.
  case noModel
}

extension ExplorerError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .noGraph(let id): "There is no graph '\(id)' here. Choose one of those in the list."
    case .badRequest(let reason): "The request is not understood: \(reason). Load the page again."
    case .tooLarge(let limit):
      "The request is larger than the \(limit) bytes that are taken. Give a large graph to clew explore as a file."
    case .tooSlow: "The rest of the request did not come. Send it again."
    case .busy: "The explorer is busy with other requests. Try again in a moment."
    case .shelfFull(let limit):
      "\(limit) graphs have been sent already. Start the explorer again, or give graphs to it as files."
    case .cannotKeep(let path, let reason):
      "The graph cannot be kept at \(path): \(reason). Make room there, or give its file to clew explore."
    case .pagesMissing(let path):
      "The explorer's pages are not at \(path). Keep the program together with the folder that was built beside it."
    case .cannotListen(let host, let port, let reason):
      "Nothing can listen on \(host), port \(port): \(reason). Choose another with --port, or 0 for any that is free."
    case .tokenMissing(let host):
      "On \(host) others can reach the explorer, so it needs a token. Give one, or listen on 127.0.0.1."
    case .noModel:
      "There is no model here to run. Start clew explore with --model and --transcoders."
    }
  }
}

extension ExplorerError {
  /// The status with which a request is answered.
  var status: Int {
    switch self {
    case .noGraph: 404
    case .tooLarge: 413
    case .tooSlow: 408
    case .busy: 503
    case .shelfFull, .cannotKeep: 507
    case .noModel: 409
    default: 400
    }
  }
}
