public import Foundation

/// Files that are read whole, and only if they lie on a disk: a pipe can be read once, and may never be written.
public enum PlainFile {
  /// Reads a file.
  /// - Parameter count: How many bytes to read at most.
  /// - Throws: ``TensorError/cannotRead(path:reason:)`` if it is missing, unreadable, or not a plain file.
  public static func data(of url: URL, upTo count: Int = .max) throws(TensorError) -> Data {
    let path = url.path
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .cannotRead(path: path, reason: String(cString: strerror(errno))) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw .cannotRead(path: path, reason: String(cString: strerror(errno)))
    }
    if let reason = refusal(of: status) { throw .cannotRead(path: path, reason: reason) }
    do {
      let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: false)
      return try file.read(upToCount: min(count, Int(status.st_size))) ?? Data()
    } catch {
      throw .cannotRead(path: path, reason: error.localizedDescription)
    }
  }

  /// What is wrong with a file that is not a plain one.
  static func refusal(of status: stat) -> String? {
    switch status.st_mode & S_IFMT {
    case S_IFREG: nil
    case S_IFDIR: "it is a folder and not a plain file"
    case S_IFIFO: "it is a pipe, and has to be a file on a disk"
    default: "it is not a plain file"
    }
  }
}
