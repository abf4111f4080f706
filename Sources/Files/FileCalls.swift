internal import Foundation

/// The calls of the system that bring files into their place. Each gives its error number, 0 for none.
enum FileCalls {
  static func makeFolder(_ path: String) -> Int32 { call { mkdir(path, 0o777) } }
  static func move(_ path: String, to place: String) -> Int32 { call { rename(path, place) } }
  /// Gives a file a second name; a symbolic link is not followed.
  static func link(_ path: String, at place: String) -> Int32 { call { Foundation.link(path, place) } }
  /// Gives a file a second name, or where the file system has no such thing makes a second file of its bytes.
  static func linkOrCopy(_ path: String, at place: String) -> Int32 {
    let error = link(path, at: place)
    guard [EPERM, ENOTSUP, EMLINK].contains(error) else { return error }
    guard let bytes = try? Data(contentsOf: URL(filePath: path)) else { return error }
    var (descriptor, failure) = create(place)
    guard failure == 0 else { return failure }
    failure = write(Array(bytes), to: descriptor)
    if failure == 0 { failure = sync(descriptor) }
    return close(descriptor) != 0 && failure == 0 ? errno : failure
  }
  static func remove(_ path: String) -> Int32 { call { unlink(path) } }
  static func removeFolder(_ path: String) -> Int32 { call { rmdir(path) } }

  /// Exchanges two folders, so that at no time one of the two names is without one.
  /// - Returns: `ENOSYS` where the system cannot do that.
  static func exchange(_ path: String, with place: String) -> Int32 {
    guard !FileSteps.lacks(.exchange) else { return ENOSYS }
    #if os(Linux)
      // The C library declares it for programs in C with GNU's extensions only.
      typealias Call =
        @convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32) -> Int32
      guard let symbol = dlsym(nil, "renameat2") else { return ENOSYS }
      let renameat2 = unsafeBitCast(symbol, to: Call.self)
      let exchange: UInt32 = 2  // RENAME_EXCHANGE
      return call { renameat2(AT_FDCWD, path, AT_FDCWD, place, exchange) }
    #elseif canImport(Darwin)
      return call { renamex_np(path, place, UInt32(RENAME_SWAP)) }
    #else
      return ENOSYS
    #endif
  }

  /// Makes an empty file, or empties one, and opens it; a link is not followed.
  static func create(_ path: String) -> (descriptor: Int32, error: Int32) {
    var descriptor: Int32 = -1
    let error = call(URL(filePath: path).lastPathComponent) {
      descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o666)
      return descriptor < 0 ? -1 : 0
    }
    return (descriptor, error)
  }

  /// Waits until a file has reached the disk.
  static func sync(_ descriptor: Int32) -> Int32 {
    let error = call { fsync(descriptor) }
    // Some file systems have nothing to wait for.
    return [EINVAL, ENOTSUP, EBADF, EROFS].contains(error) ? 0 : error
  }

  /// Waits until the names in a folder have reached the disk.
  static func syncFolder(_ path: String) -> Int32 {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    // A folder that may be written to and not read can only be trusted.
    guard descriptor >= 0 else { return errno == EACCES ? 0 : errno }
    defer { close(descriptor) }
    return sync(descriptor)
  }

  /// Writes all bytes.
  static func write(_ part: [UInt8], to descriptor: Int32) -> Int32 {
    part.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        let count = Foundation.write(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done)
        if count < 0 {
          if errno == EINTR { continue }
          return errno
        }
        done += count
      }
      return 0
    }
  }

  /// The system's words for an error number.
  static func reason(_ error: Int32) -> String { String(cString: strerror(error)) }

  private static func call(_ file: String? = nil, _ body: () -> Int32) -> Int32 {
    let planned = FileSteps.next(file)
    guard planned == 0 else { return planned }
    return body() == 0 ? 0 : errno
  }
}

/// What tells a file or folder from every other, and whose it is.
struct FileIdentity: Equatable {
  let device: dev_t
  let inode: ino_t
  let owner: uid_t
  let group: gid_t
  let kind: mode_t
  let mode: mode_t

  /// That of an open file.
  init?(_ descriptor: Int32) {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_nlink > 0 else { return nil }
    self.init(status)
  }

  /// That of what lies at a path: of a link itself, unless links are followed.
  init?(_ path: String, followsLinks: Bool = false) {
    var status = stat()
    guard (followsLinks ? stat(path, &status) : lstat(path, &status)) == 0 else { return nil }
    self.init(status)
  }

  private init(_ status: stat) {
    (device, inode) = (status.st_dev, status.st_ino)
    (owner, group) = (status.st_uid, status.st_gid)
    (kind, mode) = (status.st_mode & S_IFMT, status.st_mode & 0o7777)
  }

  var isFolder: Bool { kind == S_IFDIR }
  var isPlainFile: Bool { kind == S_IFREG }

  static func == (left: Self, right: Self) -> Bool {
    left.device == right.device && left.inode == right.inode
  }
}

/// The names in a folder, none if it cannot be read.
func namesInFolder(_ path: String) -> [String] { listedFolder(path) ?? [] }

/// The names in a folder; `nil` if it cannot be read.
func listedFolder(_ path: String) -> [String]? {
  try? FileManager.default.contentsOfDirectory(atPath: path).sorted()
}
