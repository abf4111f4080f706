internal import Foundation

/// What a request is answered with.
struct Response: Sendable {
  let status: Int
  /// All headers but those of the transport: the body's length, and whether the connection stays.
  var fields: [(name: String, value: String)]
  let body: Data
}
