internal import AttributionGraphs

extension Request {
  /// The object that the body is. It must be sent as JSON, which other sites' forms cannot do.
  /// - Throws: ``ExplorerError``, and ``GraphError`` for what is no JSON.
  func json() throws -> JSONObject {
    guard head["content-type"]?.hasPrefix("application/json") == true else {
      throw ExplorerError.badRequest(reason: "it is not sent as JSON")
    }
    guard let object = try JSON(parsing: body).object else {
      throw ExplorerError.badRequest(reason: "it is no JSON object")
    }
    return object
  }
}
