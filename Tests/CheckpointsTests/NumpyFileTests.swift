import Checkpoints
import Foundation
import TestSupport
import Testing

struct NumpyFileTests {
  private func file(_ header: String, version: UInt8 = 1, data: [UInt8]) -> [UInt8] {
    let text = Array(header.utf8)
    let length = withUnsafeBytes(of: UInt32(text.count).littleEndian) {
      Array($0.prefix(version == 1 ? 2 : 4))
    }
    let magic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, version, 0]
    return magic + length + text + data
  }

  private static let arrays: [(String, [UInt8], [Int])] = [
    ("<u2", [1, 0, 0xFF, 0xFF], [1, 65535]), ("|u1", [7, 255], [7, 255]),
    ("<i4", [0xFE, 0xFF, 0xFF, 0xFF, 2, 0, 0, 0], [-2, 2]),
    ("<i8", [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0], [1, 1 << 32]),
  ]

  @Test(arguments: arrays)
  func `whole numbers come as they were saved`(type: String, data: [UInt8], values: [Int]) throws {
    let folder = try TemporaryFolder()
    for version in [1, 2] as [UInt8] {
      let header = "{'descr': '\(type)', 'fortran_order': False, 'shape': (2,), }\n"
      let url = try folder.write("a.npy", file(header, version: version, data: data))
      let array = try NumpyFile(integers: url)
      #expect(array.shape == [2])
      #expect(array.values(0..<2) == values)
      #expect(array.values(1..<2) == [values[1]])
    }
  }

  @Test(arguments: [
    "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}",
    "{'descr': '<u2', 'fortran_order': True, 'shape': (2,)}",
    "{'descr': '<u2', 'fortran_order': False, 'shape': (3,)}",
    "{'descr': '<u2', 'fortran_order': False, 'shape': (4611686018427387904, 4)}",
    "{'descr': '<u2', 'fortran_order': False, 'shape': (-2,)}", "{'descr': ", "",
  ])
  func `a header that lies is refused`(header: String) throws {
    let folder = try TemporaryFolder()
    let url = try folder.write("a.npy", file(header, data: [1, 0, 2, 0]))
    #expect(throws: CheckpointError.self) { try NumpyFile(integers: url) }
  }

  @Test func `what is no such file at all is refused`() throws {
    let folder = try TemporaryFolder()
    let cut: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0, 255, 255, 0, 0]
    for bytes in [[], Array("hello, this is text".utf8), cut] {
      let url = try folder.write("a.npy", bytes)
      #expect(throws: CheckpointError.self) { try NumpyFile(integers: url) }
    }
  }
}
