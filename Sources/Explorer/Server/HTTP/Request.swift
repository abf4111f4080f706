internal import Foundation

/// The head of a request: all that decides whether it is answered, before anything of its body is read.
struct RequestHead: Sendable {
  enum Method: Equatable, Sendable {
    case get, head, post, delete
    /// Any other, by its name.
    case other(String)

    init(_ name: String) {
      switch name {
      case "GET": self = .get
      case "HEAD": self = .head
      case "POST": self = .post
      case "DELETE": self = .delete
      default: self = .other(name)
      }
    }
  }

  let method: Method
  /// The path without the query, as it was sent.
  let path: String
  /// The query's names and values, decoded.
  let query: [(name: String, value: String)]
  private let fields: [(name: String, value: String)]

  /// - Parameter target: The path and the query, as they stand in the first line.
  init(method: Method, target: String, fields: [(name: String, value: String)]) {
    self.method = method
    self.fields = fields
    let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    path = String(parts[0].prefix { $0 != "#" })
    let pairs = parts.count < 2 ? [] : parts[1].prefix { $0 != "#" }.split(separator: "&")
    query = pairs.map { pair in
      let words = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (Self.decoded(words[0]), words.count < 2 ? "" : Self.decoded(words[1]))
    }
  }

  private static func decoded(_ text: Substring) -> String { text.removingPercentEncoding ?? "" }

  /// All values of a header.
  /// - Parameter name: In lower case.
  func values(of name: String) -> [String] {
    fields.filter { $0.name.lowercased() == name }.map(\.value)
  }

  /// The first value of a header.
  /// - Parameter name: In lower case.
  subscript(name: String) -> String? { fields.first { $0.name.lowercased() == name }?.value }

  /// The decoded parts of the path. What cannot be decoded is empty, and the name of nothing.
  var parts: [String] { path.split(separator: "/").map(Self.decoded) }
}

/// A request with its body.
struct Request: Sendable {
  let head: RequestHead
  let body: [UInt8]
}
