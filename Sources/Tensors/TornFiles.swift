internal import CKernels
internal import Foundation
internal import Synchronization

/// Mapped files that have become shorter while they are read.
///
/// The system ends a process without a word when it touches a page that its file does not have any more. A command says
/// which file it was and ends; a program that does more than one piece of work reads zeros there, and refuses what was
/// computed with them.
public enum TornFiles {
  /// The watched files by number.
  private static let paths = Mutex<[Int32: String]>([:])

  /// Ends the process when a page is missing.
  /// - Parameter end: Says so and ends the process: called on a thread of its own, while the one that needs the page waits.
  /// - Throws: ``TensorError/cannotRead(path:reason:)`` if the system does not let it be caught.
  public static func endProcess(by end: @escaping @Sendable (TensorError) -> Void) throws(TensorError) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else {
      throw .cannotRead(path: "a pipe", reason: String(cString: strerror(errno)))
    }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    let reader = ends[0]
    let thread = Thread {
      var number: Int32 = 0
      while read(reader, &number, 4) != 4 {}
      end(.torn(path: paths.withLock { $0[number] ?? "a mapped file" }))
    }
    thread.name = "clew.torn-files"
    thread.stackSize = 1 << 18
    thread.start()
    let failure = ck_catch_torn_mappings(ends[1])
    guard failure == 0 else {
      throw .cannotRead(path: "a signal", reason: String(cString: strerror(failure)))
    }
  }

  /// From now on zeros are read where pages are missing; ``check()`` then tells of it.
  public static func readZeros() { ck_set_torn_rule(CK_TORN_READS_ZERO) }

  /// Refuses what was computed from a file that is not whole any more.
  /// - Throws: ``TensorError/torn(path:)`` if pages of a file that is still mapped were missing.
  public static func check() throws(TensorError) {
    let torn = paths.withLock { paths in
      paths.filter { ck_mapping_is_torn($0.key) != 0 }.map(\.value).min()
    }
    if let torn { throw .torn(path: torn) }
  }

  /// One file that is watched.
  struct Watch {
    private let number: Int32

    init(_ bytes: UnsafeRawBufferPointer, of path: String) {
      let number = ck_watch_mapping(bytes.baseAddress, bytes.count)
      self.number = number
      if number >= 0 { paths.withLock { $0[number] = path } }
    }

    /// Comes before the file is unmapped.
    func end() {
      guard number >= 0 else { return }
      let number = number
      paths.withLock { $0[number] = nil }
      ck_forget_mapping(number)
    }
  }
}
