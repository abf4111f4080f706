import Foundation

/// The bytes of a file, or of a pipe to its end.
enum FileBytes {
  /// The most bytes that are taken from a pipe, which does not say how many it has.
  static let longestPipe = 1 << 32
  /// Milliseconds of silence of a pipe after which somebody is told that it is waited for.
  private static let patience: Int32 = 2_000

  /// Reads all of a file.
  /// - Parameter whileWaiting: Called once if a pipe has been silent for two seconds.
  /// - Throws: ``GraphError/fileFailed(path:action:reason:)``.
  static func read(_ path: String, whileWaiting: () -> Void = {}) throws(GraphError) -> [UInt8] {
    func failed(_ reason: String) -> GraphError { .fileFailed(path: path, action: "read", reason: reason) }
    // The opening of a pipe would wait without a word for somebody who writes.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw failed(String(cString: strerror(errno))) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failed(String(cString: strerror(errno))) }
    let isPlain = status.st_mode & S_IFMT == S_IFREG
    var bytes = [UInt8](repeating: 0, count: isPlain ? Int(status.st_size) + 1 : 1 << 16)
    var count = 0
    var isOpened = false
    var isTold = false
    while true {
      if count == bytes.count {
        guard isPlain || count < longestPipe else {
          throw failed("more than \(longestPipe >> 30) GiB came from it, and there is no end")
        }
        bytes.append(contentsOf: repeatElement(0, count: bytes.count))
      }
      let room = bytes.count - count
      let taken = bytes.withUnsafeMutableBytes {
        Foundation.read(descriptor, $0.baseAddress.map { $0 + count }, room)
      }
      if taken > 0 {
        count += taken
      } else if taken == 0, isPlain || count > 0 || isOpened {
        break
      } else if taken == 0 || errno == EAGAIN {
        // A named pipe that nobody has opened for writing yet seems to end at once; it is not readable, though.
        var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        if poll(&request, 1, isTold ? -1 : patience) == 0 {
          isTold = true
          whileWaiting()
          _ = poll(&request, 1, -1)
        }
        isOpened = request.revents != 0
      } else if errno != EINTR {
        throw failed(String(cString: strerror(errno)))
      }
    }
    bytes.removeLast(bytes.count - count)
    return bytes
  }
}
