import Foundation
import TestSupport

/// A server of a test's own: a socket on the loopback address, and a thread that does with each connection what the
/// test says, one after another. It listens until it is told to stop, or the tests end: a test may let go of it while it
/// still talks to it.
final class StandInServer: Sendable {
  let port: Int
  private let listener: Int32

  init(_ serve: @escaping @Sendable (Client) -> Void) throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isListening = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, length) == 0 && listen(listener, 16) == 0
          && getsockname(listener, $0, &length) == 0
      }
    }
    guard listener >= 0, isListening else { throw SystemCallError(call: "listening") }
    self.listener = listener
    port = Int(UInt16(bigEndian: address.sin_port))
    Thread {
      while case let descriptor = accept(listener, nil, nil), descriptor >= 0 {
        serve(Client(descriptor: descriptor))
        close(descriptor)
      }
      close(listener)
    }.start()
  }

  /// Listens no more; the thread that waits for connections finds an end of them.
  func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

  /// One connection, on the server's side.
  struct Client {
    let descriptor: Int32

    /// What has come, at least one byte; empty at the end, `nil` if the connection was broken off.
    func read() -> [UInt8]? {
      var chunk = [UInt8](repeating: 0, count: 4096)
      let count = recv(descriptor, &chunk, chunk.count, 0)
      return count < 0 ? nil : Array(chunk[..<count])
    }

    /// What comes until an empty line, or until the end.
    func readHead() -> String {
      var head: [UInt8] = []
      while !head.suffix(4).elementsEqual("\r\n\r\n".utf8), let more = read(), !more.isEmpty { head += more }
      return String(decoding: head, as: UTF8.self)
    }

    func write(_ text: String) {
      var rest = Array(text.utf8)[...]
      while !rest.isEmpty {
        let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        if count <= 0 { return }
        rest = rest.dropFirst(count)
      }
    }
  }
}
