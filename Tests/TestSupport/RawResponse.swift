/// A response of HTTP/1.1, as it came.
public struct RawResponse: Sendable, Equatable {
  /// A line of the head.
  public struct Header: Sendable, Equatable {
    public let name: String
    public let value: String
  }

  public let status: Int
  public let reason: String
  /// All lines of the head, in their order.
  public let headers: [Header]
  /// The body, put together if it came in chunks.
  public let body: [UInt8]

  /// The body as text.
  public var text: String { String(decoding: body, as: UTF8.self) }

  /// The value of the first header of a name, in whatever case.
  public subscript(name: String) -> String? {
    headers.first { $0.name.lowercased() == name.lowercased() }?.value
  }

  /// Reads the response that some bytes begin with.
  /// - Parameters:
  ///   - isAll: Whether nothing comes behind them any more, so that a body without a length ends there.
  ///   - hasBody: Whether a body comes if the head says so.
  /// - Returns: The response and its count of bytes; `nil` if it is not whole.
  /// - Throws: ``RawConnection/Failure/malformed(_:)``.
  static func parse(
    _ bytes: [UInt8], isAll: Bool, hasBody: Bool = true
  ) throws(RawConnection.Failure) -> (RawResponse, Int)? {
    guard let headEnd = end(of: [13, 10, 13, 10], in: bytes, from: 0) else { return nil }
    let lines = String(decoding: bytes[..<(headEnd - 4)], as: UTF8.self).split(
      separator: "\r\n", omittingEmptySubsequences: false)
    let (status, reason) = try statusLine(lines[0])
    var headers: [Header] = []
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { throw .malformed("the line '\(line)' has no colon") }
      let value = line[line.index(after: colon)...].drop { $0 == " " }
      headers.append(Header(name: String(line[..<colon]), value: String(value)))
    }
    func response(_ body: ArraySlice<UInt8>) -> RawResponse {
      RawResponse(status: status, reason: reason, headers: headers, body: Array(body))
    }
    let head = response([])
    if !hasBody || status < 200 || status == 204 || status == 304 { return (head, headEnd) }
    if head["Transfer-Encoding"]?.lowercased() == "chunked" {
      return try chunks(in: bytes, from: headEnd).map { (response($0.body[...]), $0.end) }
    }
    guard let text = head["Content-Length"] else {
      return isAll ? (response(bytes[headEnd...]), bytes.count) : nil
    }
    guard let length = Int(text), length >= 0 else { throw .malformed("Content-Length is '\(text)'") }
    guard bytes.count - headEnd >= length else { return nil }
    return (response(bytes[headEnd..<(headEnd + length)]), headEnd + length)
  }

  private static func statusLine(_ line: Substring) throws(RawConnection.Failure) -> (Int, String) {
    let parts = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count >= 2, parts[0] == "HTTP/1.1" || parts[0] == "HTTP/1.0", parts[1].utf8.count == 3,
      let status = Int(parts[1]), (100..<600).contains(status)
    else { throw .malformed("the status line is '\(line)'") }
    return (status, parts.count == 3 ? String(parts[2]) : "")
  }

  /// Puts a body of chunks together, and says where it ends.
  private static func chunks(
    in bytes: [UInt8], from start: Int
  ) throws(RawConnection.Failure) -> (body: [UInt8], end: Int)? {
    var body: [UInt8] = []
    var place = start
    while let lineEnd = end(of: [13, 10], in: bytes, from: place) {
      let line = String(decoding: bytes[place..<(lineEnd - 2)], as: UTF8.self)
      guard let size = Int(line.prefix { $0 != ";" }, radix: 16), size >= 0 else {
        throw .malformed("the size of a chunk is '\(line)'")
      }
      if size == 0 {
        // Headers may come behind the last chunk; an empty line ends them.
        var line = lineEnd
        while let next = end(of: [13, 10], in: bytes, from: line) {
          if next == line + 2 { return (body, next) }
          line = next
        }
        return nil
      }
      guard bytes.count - lineEnd >= size + 2 else { return nil }
      guard bytes[lineEnd + size] == 13, bytes[lineEnd + size + 1] == 10 else {
        throw .malformed("behind a chunk of \(size) bytes there is no end of a line")
      }
      body += bytes[lineEnd..<(lineEnd + size)]
      place = lineEnd + size + 2
    }
    return nil
  }

  /// Where the first occurrence of some bytes ends.
  private static func end(of mark: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
    var place = start
    while place + mark.count <= bytes.count {
      if bytes[place..<(place + mark.count)].elementsEqual(mark) { return place + mark.count }
      place += 1
    }
    return nil
  }
}
