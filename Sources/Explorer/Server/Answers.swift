internal import AttributionGraphs
internal import FlyingFox
internal import Foundation

/// The answers to requests, with the headers that all of them carry.
enum Answers {
  /// What pages may load and run: their own files alone. No script or style stands within a page, so that text which
  /// is taken for markup by mistake cannot run.
  static let contentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    + "font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

  static func bytes(
    _ body: Data, type: String, status: HTTPStatusCode = .ok, cache: String = "no-store"
  ) -> HTTPResponse {
    var response = HTTPResponse(statusCode: status, body: body)
    response.headers = [
      .contentType: type,
      HTTPHeader("Content-Security-Policy"): contentSecurityPolicy,
      HTTPHeader("X-Content-Type-Options"): "nosniff",
      HTTPHeader("Referrer-Policy"): "no-referrer",
      HTTPHeader("Cross-Origin-Opener-Policy"): "same-origin",
      HTTPHeader("Cross-Origin-Resource-Policy"): "same-origin",
      .cacheControl: cache,
    ]
    return response
  }

  static func json(_ value: JSON, status: HTTPStatusCode = .ok) -> HTTPResponse {
    do {
      return bytes(Data(try value.bytes()), type: "application/json; charset=utf-8", status: status)
    } catch {
      return failure(HTTPStatusCode(500, phrase: "Internal Server Error"), "\(error)")
    }
  }

  /// An answer that says in one sentence what went wrong.
  static func failure(_ status: HTTPStatusCode, _ sentence: String) -> HTTPResponse {
    json(["error": .string(sentence)], status: status)
  }

  /// A file to be kept.
  static func download(_ body: Data, type: String, name: String) -> HTTPResponse {
    var response = bytes(body, type: type)
    response.headers[.contentDisposition] = "attachment; filename=\"\(name)\""
    return response
  }
}
