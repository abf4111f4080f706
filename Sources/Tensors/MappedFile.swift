internal import CKernels
public import Foundation

/// A file in memory, read-only, its pages fetched when touched.
///
/// A page that is not there any more, since the file has become shorter, is found by ``TornFiles``.
public final class MappedFile: @unchecked Sendable {
  // Immutable after init: the mapping is private and read-only.
  /// The whole file.
  public let bytes: UnsafeRawBufferPointer
  /// Where it lies.
  public let path: String
  private let descriptor: Int32
  private let watch: TornFiles.Watch

  /// Maps a file.
  /// - Throws: ``TensorError/cannotRead(path:reason:)`` if it is missing, unreadable or not a plain file.
  public init(_ url: URL) throws(TensorError) {
    path = url.path
    // The opening of a pipe would wait for somebody who writes.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .cannotRead(path: path, reason: String(cString: strerror(errno))) }
    do throws(TensorError) {
      bytes = try Self.map(descriptor, path)
    } catch {
      close(descriptor)
      throw error
    }
    self.descriptor = descriptor
    watch = TornFiles.Watch(bytes, of: path)
  }

  private static func map(_ descriptor: Int32, _ path: String) throws(TensorError) -> UnsafeRawBufferPointer {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw .cannotRead(path: path, reason: String(cString: strerror(errno)))
    }
    if let reason = PlainFile.refusal(of: status) { throw .cannotRead(path: path, reason: reason) }
    let count = Int(status.st_size)
    guard count > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
    guard let start = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else {
      throw .cannotRead(path: path, reason: String(cString: strerror(errno)))
    }
    return UnsafeRawBufferPointer(start: start, count: count)
  }

  deinit {
    watch.end()
    close(descriptor)
    if let start = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: start), bytes.count) }
  }

  /// Copies some bytes without mapping their pages, which would bring their neighbours into memory too.
  /// - Returns: Whether all of them came; if not, they are to be read from ``bytes``.
  func read(_ range: Range<Int>, into destination: UnsafeMutableRawPointer) -> Bool {
    var done = 0
    while done < range.count {
      let count = pread(descriptor, destination + done, range.count - done, off_t(range.lowerBound + done))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      done += count
    }
    return true
  }

  /// Gives the touched pages of a range back to the system; they are read again when next touched.
  public func forget(_ range: Range<Int>) {
    guard let start = bytes.baseAddress, !range.isEmpty else { return }
    let page = Int(getpagesize())
    let first = (range.lowerBound + page - 1) / page * page
    let end = range.upperBound == bytes.count ? bytes.count : range.upperBound / page * page
    guard first < end else { return }
    madvise(UnsafeMutableRawPointer(mutating: start + first), end - first, MADV_DONTNEED)
  }
}
