import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

/// Zip files of NumPy arrays, put together byte by byte.
struct NumpyArchiveTests {
  /// Lies that an archive can tell.
  struct Lies {
    var method = 0, flags = 0, crc = 0
    var storedSize: Int?, size: Int?, headerOffset: Int?
    var ownName: String?
    var count: Int?, directoryStart: Int?, directorySize: Int?
    var isWide = false
    var comment = ""
  }

  private func little(_ value: Int, _ width: Int) -> [UInt8] {
    (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  private func array(_ values: [Float]) -> [UInt8] {
    let header = Array("{'descr': '<f4', 'fortran_order': False, 'shape': (\(values.count),), }\n".utf8)
    return [0x93] + Array("NUMPY".utf8) + [1, 0] + little(header.count, 2) + header
      + values.flatMap { value in withUnsafeBytes(of: value) { Array($0) } }
  }

  private func archive(_ members: [(String, [UInt8])], _ lies: Lies = Lies()) -> [UInt8] {
    var bytes: [UInt8] = [], directory: [UInt8] = []
    for (name, content) in members {
      let start = bytes.count
      let own = Array((lies.ownName ?? name).utf8)
      bytes += little(0x0403_4B50, 4) + little(20, 2) + little(lies.flags, 2) + little(lies.method, 2)
      bytes += little(0, 4) + little(lies.crc, 4) + little(content.count, 4) + little(content.count, 4)
      bytes += little(own.count, 2) + little(0, 2) + own + content
      let sizes = [lies.size ?? content.count, lies.storedSize ?? content.count, lies.headerOffset ?? start]
      let extra = lies.isWide ? little(1, 2) + little(24, 2) + sizes.flatMap { little($0, 8) } : []
      func narrow(_ value: Int) -> [UInt8] { little(lies.isWide ? 0xFFFF_FFFF : value, 4) }
      directory += little(0x0201_4B50, 4) + little(20, 2) + little(20, 2) + little(lies.flags, 2)
      directory += little(lies.method, 2) + little(0, 4) + little(lies.crc, 4) + narrow(sizes[1])
      directory += narrow(sizes[0]) + little(name.utf8.count, 2) + little(extra.count, 2) + little(0, 2)
      directory += little(0, 2) + little(0, 2) + little(0, 4) + narrow(sizes[2]) + Array(name.utf8) + extra
    }
    let count = lies.count ?? members.count
    let (start, size) = (lies.directoryStart ?? bytes.count, lies.directorySize ?? directory.count)
    bytes += directory
    if lies.isWide {
      let record = bytes.count
      bytes += little(0x0606_4B50, 4) + little(44, 8) + little(45, 2) + little(45, 2) + little(0, 8)
      bytes += little(count, 8) + little(count, 8) + little(size, 8) + little(start, 8)
      bytes += little(0x0706_4B50, 4) + little(0, 4) + little(record, 8) + little(1, 4)
    }
    bytes += little(0x0605_4B50, 4) + little(0, 4) + little(lies.isWide ? 0xFFFF : count, 2)
    bytes += little(lies.isWide ? 0xFFFF : count, 2) + little(lies.isWide ? 0xFFFF_FFFF : size, 4)
    bytes += little(lies.isWide ? 0xFFFF_FFFF : start, 4) + little(lies.comment.utf8.count, 2)
    return bytes + Array(lies.comment.utf8)
  }

  private func open(_ bytes: [UInt8]) throws -> NumpyArchive {
    let folder = try TemporaryFolder()
    return try NumpyArchive(try folder.write("a.npz", bytes))
  }

  @Test(arguments: [false, true]) func `arrays come as they were saved`(isWide: Bool) throws {
    let members = [("a.npy", array([1, -2.5, 3])), ("b.npy", array([])), ("c", array([7]))]
    for comment in ["", "made by hand PK\u{5}\u{6}"] {
      let found = try open(archive(members, Lies(isWide: isWide, comment: comment)))
      #expect(found.tensors.keys.sorted() == ["a", "b", "c"])
      #expect(try found.tensor("a").floats() == [1, -2.5, 3])
      #expect(try found.tensor("c").vector(count: 1) == [7])
      #expect(throws: CheckpointError.self) { try found.tensor("d") }
    }
  }

  static var lies: [(Lies, String)] {
    [
      (Lies(method: 8), "compressed"), (Lies(storedSize: 5), "compressed"), (Lies(flags: 1), "encrypted"),
      (Lies(storedSize: 1 << 30, size: 1 << 30), "would be 1073741824 bytes"),
      (Lies(headerOffset: 5), "not where the directory says"),
      (Lies(headerOffset: 1 << 31), "not where the directory says"),
      (Lies(ownName: "x.npy"), "not where the directory says"), (Lies(count: 3), "would be 3 entries"),
      (Lies(count: 1), "entries take"), (Lies(count: 60_000), "would be 60000 entries"),
      (Lies(directoryStart: 3), "breaks off"), (Lies(directoryStart: 1 << 31), "from byte 2147483648 on"),
      (Lies(directorySize: 10), "would be 2 entries in 10 bytes"),
      (Lies(headerOffset: 0), "not where the directory says"),
      (Lies(storedSize: 20, size: 20), "'a': its header has"),
      (Lies(storedSize: 1 << 61, size: 1 << 61, isWide: true), "would be 2305843009213693952 bytes"),
      (Lies(headerOffset: 1 << 61, isWide: true), "not where the directory says"),
      (Lies(directoryStart: 1 << 60, isWide: true), "from byte 1152921504606846976 on"),
    ]
  }

  @Test(arguments: lies.indices) func `a directory that lies is refused`(place: Int) throws {
    let (lie, reason) = Self.lies[place]
    let bytes = archive([("a.npy", array([1, 2])), ("b.npy", array([3]))], lie)
    let error = try #require(throws: CheckpointError.self) { try open(bytes) }
    #expect(error.description.contains(reason), "\(error)")
  }

  @Test func `a member that is there twice is refused`() throws {
    let error = try #require(throws: CheckpointError.self) {
      try open(archive([("a.npy", array([1])), ("a", array([2]))]))
    }
    #expect(error.description.contains("'a': it is there twice"))
  }

  @Test func `an archive cut anywhere is refused`() throws {
    let bytes = archive([("a.npy", array([1, 2])), ("b.npy", array([3]))])
    for length in bytes.indices {
      #expect(throws: CheckpointError.self) { try open(Array(bytes.prefix(length))) }
    }
  }
}
