import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

/// safetensors files: what is written is read back, and every lie of a header is refused.
struct SafetensorsTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test func `numbers of every written type are read back`() throws {
    var writer = SafetensorsWriter(metadata: [("format", "clew"), ("note", "a \"quoted\"\nline")])
    let floats: [Float] = [0, -0.0, 1.5, .pi, -.leastNonzeroMagnitude, .greatestFiniteMagnitude]
    writer.add("floats", floats, shape: [2, 3])
    writer.add("small", [Int32.min, -1, 0, Int32.max], shape: [4])
    writer.add("large", [Int64.min, -1, 0, Int64.max], shape: [2, 2])
    writer.add("bytes", [0, 1, 127, 255] as [UInt8], shape: [4, 1])
    writer.add("none", [Float](), shape: [0, 7])
    writer.add("rows", rows: 3, columns: 2) { [Float($0), Float($0) + 0.5] }
    writer.add("mask", rows: 2, columns: 3) { row -> [UInt8] in [UInt8(row), 2, 3] }
    let file = try SafetensorsFile(try folder.write("all.safetensors", writer.parts().flatMap { $0 }))
    #expect(try file.tensor("floats").floats().map(\.bitPattern) == floats.map(\.bitPattern))
    #expect(try file.tensor("floats").shape == [2, 3])
    #expect(try file.tensor("small").integers() == [Int(Int32.min), -1, 0, Int(Int32.max)])
    #expect(try file.tensor("large").integers() == [.min, -1, 0, .max])
    #expect(try file.tensor("bytes").integers() == [0, 1, 127, 255])
    #expect(try file.tensor("none").floats().isEmpty)
    #expect(try file.tensor("rows").weight().matrix().values == [0, 0.5, 1, 1.5, 2, 2.5])
    #expect(try file.tensor("mask").integers() == [0, 2, 3, 1, 2, 3])
    #expect(file.metadata == ["format": "clew", "note": "a \"quoted\"\nline"])
    #expect(file.tensors.count == 7)
  }

  @Test func `every float16 is read as the number it stands for`() throws {
    let read = try halves("F16")
    for bits in UInt16.min...UInt16.max {
      // Sign, 5 bits of exponent, 10 of mantissa.
      let sign: Double = bits >> 15 == 0 ? 1 : -1
      let (exponent, mantissa) = (Int(bits >> 10 & 31), Double(bits & 1023) / 1024)
      let value = read[Int(bits)]
      switch exponent {
      case 31 where mantissa > 0: #expect(value.isNaN)
      case 31: #expect(value == Float(sign * .infinity))
      case 0: #expect(value.bitPattern == Float(sign * mantissa * 0x1p-14).bitPattern)
      default:
        #expect(
          value == Float(sign * (1 + mantissa) * Double(sign: .plus, exponent: exponent - 15, significand: 1))
        )
      }
    }
  }

  @Test func `every bfloat16 is read as the number it stands for`() throws {
    let read = try halves("BF16")
    for bits in UInt16.min...UInt16.max {
      // The upper half of a float32.
      let expected = Float(bitPattern: UInt32(bits) << 16)
      let value = read[Int(bits)]
      #expect(expected.isNaN ? value.isNaN : value.bitPattern == expected.bitPattern)
    }
  }

  /// All 65,536 patterns of a 16-bit type as float32.
  private func halves(_ type: String) throws -> [Float] {
    let data = (UInt16.min...UInt16.max).flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
    let header = #"{"h":{"dtype":"\#(type)","shape":[65536],"data_offsets":[0,131072]}}"#
    let file = try folder.write("halves.safetensors", RawSafetensors.file(header: header, data: data))
    return try SafetensorsFile(file).tensor("h").floats()
  }

  @Test(arguments: [
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,12]}}"#, "takes 8"),
    (#"{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}"#, "points to bytes 0 to 16 of 12"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}"#, "points to bytes -4"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[8,4]}}"#, "points to bytes 8 to 4"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,1152921504606846976]}}"#, "points to bytes"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,18446744073709551615]}}"#, "offsets"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#, "offsets"),
    (#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0.5,4.5]}}"#, "offsets"),
    (#"{"a":{"dtype":"F32","shape":[1]}}"#, "offsets"),
    (#"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}"#, "impossible shape"),
    (#"{"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,4]}}"#, "impossible shape"),
    (#"{"a":{"dtype":"F32","shape":[-1,-1],"data_offsets":[0,4]}}"#, "shape"),
    (
      #"{"a":{"dtype":"F32","shape":[0,1099511627776,1099511627776],"data_offsets":[0,0]}}"#,
      "impossible shape"
    ),
    (#"{"a":{"dtype":"F32","shape":[-9223372036854775808],"data_offsets":[0,4]}}"#, "shape"),
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,-9223372036854775808]}}"#, "points to bytes 0 to -9"
    ),
    (#"{"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}"#, "shape"),
    (#"{"a":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}"#, "shape"),
    (#"{"a":{"dtype":"F12","shape":[1],"data_offsets":[0,4]}}"#, "unknown type F12"),
    (#"{"a":{"shape":[1],"data_offsets":[0,4]}}"#, "unknown type"),
    (#"{"a":7}"#, "not an object"),
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#,
      "overlaps"
    ),
    ("[]", "not a JSON object"), ("{", "not a JSON object"), ("", "not a JSON object"),
    (String(repeating: "[", count: 100_000), "not a JSON object"),
  ])
  func `a header that lies is refused`(header: String, reason: String) throws {
    let bytes = RawSafetensors.file(header: header, data: Array(repeating: 0, count: 12))
    let file = try folder.write("lie.safetensors", bytes)
    let error = #expect(throws: CheckpointError.self) { try SafetensorsFile(file) }
    let message = error?.description ?? ""
    #expect(message.contains(reason), "\(message)")
    #expect(message.contains(file.path))
  }

  @Test(arguments: [13, 1 << 60, 100_000_001, UInt64.max])
  func `a header that would reach past the file is refused`(length: UInt64) throws {
    let file = try folder.write(
      "long.safetensors", RawSafetensors.file(header: "{}          ", length: length))
    let error = #expect(throws: CheckpointError.self) { try SafetensorsFile(file) }
    #expect(error?.description.contains("\(length) bytes long") == true)
  }

  @Test(arguments: 0..<8)
  func `a file too short for a header is refused`(count: Int) throws {
    let file = try folder.write("short.safetensors", Array(repeating: 0, count: count))
    let error = #expect(throws: CheckpointError.self) { try SafetensorsFile(file) }
    #expect(error?.description.contains("\(count) bytes") == true)
  }

  @Test func `a file that is not there and a folder are refused`() throws {
    let missing = #expect(throws: CheckpointError.self) { try SafetensorsFile(folder.url("absent")) }
    #expect(missing?.description.contains("No such file") == true)
    let wrong = #expect(throws: CheckpointError.self) { try SafetensorsFile(folder.url) }
    #expect(wrong?.description.contains("not a plain file") == true)
  }

  @Test func `a missing tensor's error names those that are spelled almost like it`() throws {
    var writer = SafetensorsWriter()
    for name in ["W_enc_1", "W_enc_2", "b_enc_1", "threshold"] { writer.add(name, [Float(0)], shape: [1]) }
    let file = try SafetensorsFile(try folder.write("names.safetensors", writer.parts().flatMap { $0 }))
    let error = #expect(throws: CheckpointError.self) { try file.tensor("W_enc_3") }
    #expect(
      error
        == .tensorNotFound(name: "W_enc_3", path: file.file.path, nearest: ["W_enc_1", "W_enc_2", "b_enc_1"]))
  }

  @Test func `a tensor of another shape or type is refused, with both`() throws {
    var writer = SafetensorsWriter()
    writer.add("floats", [Float](repeating: 1, count: 6), shape: [2, 3])
    writer.add("integers", [1, 2] as [Int64], shape: [2])
    let file = try SafetensorsFile(try folder.write("shapes.safetensors", writer.parts().flatMap { $0 }))
    let path = file.file.path
    #expect(
      throws: CheckpointError.wrongShape(name: "floats", path: path, expected: [3, 2], actual: [2, 3])
    ) {
      try file.tensor("floats").weight(outputs: 3, inputs: 2)
    }
    #expect(throws: CheckpointError.wrongShape(name: "floats", path: path, expected: [6], actual: [2, 3])) {
      try file.tensor("floats").vector(count: 6)
    }
    #expect(
      throws: CheckpointError.wrongShape(name: "floats", path: path, expected: [1, 2, 3], actual: [2, 3])
    ) {
      try file.tensor("floats").rows([1, 2, 3])
    }
    #expect(
      throws: CheckpointError.wrongType(
        name: "integers", path: path, type: "I64", expected: "F32, F16 or BF16")
    ) { try file.tensor("integers").floats() }
    #expect(
      throws: CheckpointError.wrongType(
        name: "floats", path: path, type: "F32", expected: "I64, I32, U8 or BOOL")
    ) { try file.tensor("floats").integers() }
  }
}
