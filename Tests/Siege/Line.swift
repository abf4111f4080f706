import Foundation

/// A plain connection to a port of this machine whose calls wait; for threads of attackers, of which there are many.
final class Line {
  private let socket: Int32

  /// - Parameters:
  ///   - patience: The most seconds that a call waits.
  ///   - source: The last number of the address of this machine, 127.0.0.x, that the connection comes from.
  /// - Returns: `nil` if nobody takes the connection.
  init?(port: Int, patience: Double = 5, from source: UInt8 = 1) {
    socket = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard socket >= 0 else { return nil }
    let seconds = Int(patience)
    var time = timeval(
      tv_sec: seconds, tv_usec: __suseconds_t((patience - Double(seconds)) * 1e6))
    var on: Int32 = 1
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(truncatingIfNeeded: port).bigEndian)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var own = sockaddr_in()
    own.sin_family = sa_family_t(AF_INET)
    own.sin_addr.s_addr = (0x7f00_0000 + UInt32(source)).bigEndian
    if source != 1 {
      let binding = withUnsafePointer(to: &own) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      guard binding == 0 else { return nil }
    }
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else { return nil }
  }

  deinit { if socket >= 0 { close(socket) } }

  /// Sends bytes, until the server takes no more of them.
  /// - Returns: Whether it took all.
  @discardableResult
  func send(_ bytes: [UInt8]) -> Bool {
    var offset = 0
    while offset < bytes.count {
      let count = bytes.withUnsafeBytes {
        Foundation.send(socket, $0.baseAddress.map { $0 + offset }, $0.count - offset, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      offset += count
    }
    return true
  }

  @discardableResult
  func send(_ text: String) -> Bool { send(Array(text.utf8)) }

  /// Waits for some bytes.
  /// - Returns: None if the server has closed the connection; `nil` if nothing came in time.
  func receive() -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = recv(socket, &bytes, bytes.count, 0)
    if count < 0 { return errno == EAGAIN || errno == EINTR ? nil : [] }
    return Array(bytes[..<count])
  }

  /// Whether the server has closed the connection, said without waiting.
  var isClosed: Bool {
    var byte: UInt8 = 0
    let count = recv(socket, &byte, 1, Int32(MSG_DONTWAIT) | Int32(MSG_PEEK))
    return count == 0 || count < 0 && errno != EAGAIN && errno != EINTR
  }

  /// Whether the server has closed the connection, whatever of what it sent is still unread.
  var isHungUp: Bool {
    // POLLRDHUP
    var request = pollfd(fd: socket, events: 0x2000, revents: 0)
    return Foundation.poll(&request, 1, 0) > 0
  }

  /// Reads one answer whose head says its length.
  /// - Returns: Its status; `nil` if it did not come whole.
  func status() -> Int? {
    var bytes: [UInt8] = []
    var wanted: Int?
    var status: Int?
    while wanted.map({ bytes.count < $0 }) ?? true {
      guard let more = receive(), !more.isEmpty else { return nil }
      bytes += more
      if wanted == nil, let end = Data(bytes).range(of: Data("\r\n\r\n".utf8)) {
        let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
        status = head.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        let length = head.split(separator: "\r\n")
          .first { $0.lowercased().hasPrefix("content-length:") }
          .flatMap { Int($0.split(separator: ":")[1].drop { $0 == " " }) }
        wanted = end.upperBound + (length ?? 0)
      }
    }
    return status
  }
}
