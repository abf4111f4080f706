internal import AttributionGraphs
internal import Foundation

/// The answers to requests, with the headers that all of them carry.
enum Answers {
  /// What pages may load and run: their own files alone. No script or style stands within a page, so that text which
  /// is taken for markup by mistake cannot run.
  static let contentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    + "font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

  static func bytes(
    _ body: Data, type: String, status: Int = 200, cache: String = "no-store"
  ) -> Response {
    Response(
      status: status,
      fields: [
        ("Content-Type", type), ("Content-Security-Policy", contentSecurityPolicy),
        ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Opener-Policy", "same-origin"), ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Cache-Control", cache),
      ], body: body)
  }

  static func json(_ value: JSON, status: Int = 200) -> Response {
    do {
      return bytes(Data(try value.bytes()), type: "application/json; charset=utf-8", status: status)
    } catch {
      return failure(500, "\(error)")
    }
  }

  /// An answer that says in one sentence what went wrong.
  static func failure(_ status: Int, _ sentence: String) -> Response {
    json(["error": .string(sentence)], status: status)
  }

  static func failure(_ error: ExplorerError) -> Response {
    error == .busy ? forNow("\(error)") : failure(error.status, "\(error)")
  }

  static func failure(_ refusal: ModelRefusal) -> Response {
    refusal.isForNow ? forNow(refusal.description) : failure(422, refusal.description)
  }

  /// An answer that may be another a little later.
  private static func forNow(_ sentence: String) -> Response {
    var response = failure(503, sentence)
    response.fields.append(("Retry-After", "1"))
    return response
  }

  /// A file to be kept.
  static func download(_ body: Data, type: String, name: String) -> Response {
    var response = bytes(body, type: type)
    response.fields.append(("Content-Disposition", "attachment; filename=\"\(name)\""))
    return response
  }
}
