internal import AttributionGraphs
internal import FlyingFox

/// What a request sends.
struct RequestBody {
  private let read: [UInt8]
  private let limit: Int
  private let isTooLarge: Bool
  private let isJSON: Bool

  /// Reads a body to its end, and keeps as much of it as is taken.
  init(of request: HTTPRequest, limit: Int) async throws {
    var bytes: [UInt8] = []
    var isTooLarge = (request.bodySequence.count ?? 0) > limit
    for try await part in request.bodySequence {
      isTooLarge = isTooLarge || bytes.count + part.count > limit
      if isTooLarge { bytes = [] } else { bytes.append(contentsOf: part) }
    }
    (read, self.limit, self.isTooLarge) = (bytes, limit, isTooLarge)
    isJSON = request.headers[.contentType]?.hasPrefix("application/json") == true
  }

  /// The bytes.
  /// - Throws: ``ExplorerError/tooLarge(limit:)``.
  func bytes() throws(ExplorerError) -> [UInt8] {
    if isTooLarge { throw .tooLarge(limit: limit) }
    return read
  }

  /// The object that the bytes are. They must be sent as JSON, which other sites' forms cannot do.
  /// - Throws: ``ExplorerError``, and ``GraphError`` for what is no JSON.
  func json() throws -> JSONObject {
    let bytes = try bytes()
    guard isJSON else { throw ExplorerError.badRequest(reason: "it is not sent as JSON") }
    guard let object = try JSON(parsing: bytes).object else {
      throw ExplorerError.badRequest(reason: "it is no JSON object")
    }
    return object
  }
}
