internal import Foundation

/// What a path that is to be written leads to, links followed.
public enum OutputPlace: Equatable {
  /// A plain file, or nothing yet: it appears whole, and the links that lead to it stay.
  case file(String)
  /// A device or a pipe: it is written to, and never replaced.
  case stream(String)
  /// A file that this process has open, as `/dev/stdout` is.
  case descriptor(Int32)

  /// Follows a path.
  /// - Throws: ``FileError/cannotWrite(path:reason:)`` for what no file can be written to.
  public init(_ path: String) throws(FileError) {
    func refuse(_ reason: String) -> FileError { .cannotWrite(path: path, reason: reason) }
    var next = Self.absolute(path)
    for _ in 0..<40 {
      if let descriptor = Self.descriptor(at: next) {
        guard fcntl(descriptor, F_GETFD) >= 0 else { throw refuse(FileCalls.reason(EBADF)) }
        self = .descriptor(descriptor)
        return
      }
      guard let found = FileIdentity(next) else {
        guard errno == ENOENT else { throw refuse(FileCalls.reason(errno)) }
        self = .file(next)
        return
      }
      switch found.kind {
      case S_IFLNK:
        guard let target = Self.target(ofLink: next) else { throw refuse(FileCalls.reason(errno)) }
        next = target
        continue
      case S_IFREG:
        guard access(next, W_OK) == 0 else { throw refuse(FileCalls.reason(errno)) }
        self = .file(next)
      case S_IFDIR: throw refuse("there is a folder of that name")
      case S_IFCHR, S_IFIFO: self = .stream(next)
      case S_IFBLK: throw refuse("it is a disk")
      case S_IFSOCK: throw refuse("it is a socket")
      default: throw refuse("it is no plain file")
      }
      return
    }
    throw refuse(FileCalls.reason(ELOOP))
  }

  /// Where a folder is or will be, links followed.
  public static func folder(_ path: String) throws(FileError) -> String {
    var next = absolute(path)
    for _ in 0..<40 {
      if let real = realpath(next, nil) {
        defer { free(real) }
        return String(cString: real)
      }
      guard let target = target(ofLink: next) else { return next }
      next = target
    }
    throw .cannotWrite(path: path, reason: FileCalls.reason(ELOOP))
  }

  /// Whether what is written there is this process's standard output.
  public var isStandardOutput: Bool { self == .descriptor(1) }

  /// Writes a path: whole or not at all where it is a plain file, else to what it leads to.
  public static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
    switch try OutputPlace(path) {
    case .file(let place):
      let url = URL(filePath: place)
      let files = try StagedFiles(folder: url.deletingLastPathComponent().path)
      try files.stage(url.lastPathComponent) { _ = $0(bytes) }
      try files.commit()
    case .stream(let place):
      let descriptor = open(place, O_WRONLY | O_NOCTTY | O_CLOEXEC)
      guard descriptor >= 0 else { throw .cannotWrite(path: path, reason: FileCalls.reason(errno)) }
      var error = FileCalls.write(bytes, to: descriptor)
      if close(descriptor) != 0, error == 0 { error = errno }
      guard error == 0 else { throw .cannotWrite(path: path, reason: FileCalls.reason(error)) }
    case .descriptor(let descriptor):
      let error = FileCalls.write(bytes, to: descriptor)
      guard error == 0 else { throw .cannotWrite(path: path, reason: FileCalls.reason(error)) }
    }
  }

  /// Gives a whole file its place, and waits until the disk has it there.
  public static func move(_ path: String, to place: String) throws(FileError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    var error = descriptor < 0 ? errno : FileCalls.sync(descriptor)
    if descriptor >= 0 { close(descriptor) }
    if error == 0 { error = FileCalls.move(path, to: place) }
    guard error == 0 else { throw .cannotWrite(path: place, reason: FileCalls.reason(error)) }
    error = FileCalls.syncFolder(URL(filePath: place).deletingLastPathComponent().path)
    guard error == 0 else { throw .unconfirmed(path: place, reason: FileCalls.reason(error)) }
  }

  /// From the root, with nothing resolved: `..` after a link is not what it says.
  private static func absolute(_ path: String) -> String {
    var text = path
    while text.count > 1, text.hasSuffix("/") { text.removeLast() }
    return text.hasPrefix("/") ? text : FileManager.default.currentDirectoryPath + "/" + text
  }

  private static func target(ofLink path: String) -> String? {
    guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path) else { return nil }
    guard !target.hasPrefix("/") else { return target }
    return String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)]) + "/" + target
  }

  /// The number of an open file of this process that a path names, as `/dev/fd/3` does.
  private static func descriptor(at path: String) -> Int32? {
    guard let slash = path.lastIndex(of: "/"), let number = Int32(path[path.index(after: slash)...]),
      number >= 0, let real = realpath(String(path[..<slash]), nil)
    else { return nil }
    defer { free(real) }
    return String(cString: real) == "/proc/\(getpid())/fd" ? number : nil
  }
}
