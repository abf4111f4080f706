public import Foundation
public import Tensors

/// A NumPy `.npy` file of whole numbers, memory-mapped, its header checked before anything is used.
///
/// Layout: `\x93NUMPY`, two bytes of version, a little-endian header length, the header as a Python dictionary with
/// `descr`, `fortran_order` and `shape`, the numbers.
public struct NumpyFile: Sendable {
  /// Outermost axis first.
  public let shape: [Int]
  /// How many numbers it holds.
  public let count: Int
  /// The file.
  public let file: MappedFile
  private let type: IntegerType
  private let dataStart: Int

  /// The whole numbers that can be read, as NumPy spells them.
  enum IntegerType: String, CaseIterable, Sendable {
    case uint8 = "|u1"
    case uint16 = "<u2"
    case int16 = "<i2"
    case uint32 = "<u4"
    case int32 = "<i4"
    case int64 = "<i8"

    var byteCount: Int {
      switch self {
      case .uint8: 1
      case .uint16, .int16: 2
      case .uint32, .int32: 4
      case .int64: 8
      }
    }
  }

  /// Maps a file and checks its header.
  public init(integers url: URL) throws(CheckpointError) {
    do throws(TensorError) {
      file = try MappedFile(url)
    } catch {
      switch error {
      case .cannotRead(let path, let reason): throw .cannotRead(path: path, reason: reason)
      }
    }
    func bad(_ reason: String) -> CheckpointError { .badArray(path: url.path, reason: reason) }
    let bytes = file.bytes
    guard bytes.count >= 12, bytes.prefix(6).elementsEqual([0x93] + Array("NUMPY".utf8)) else {
      throw bad("it does not begin as such a file does")
    }
    let lengthBytes = bytes[6] == 1 ? 2 : 4
    guard (1...3).contains(bytes[6]) else { throw bad("its format version is \(bytes[6])") }
    let length = (0..<lengthBytes).reduce(0) { $0 | Int(bytes[8 + $1]) << (8 * $1) }
    let start = 8 + lengthBytes + length
    guard start <= bytes.count, length < 1 << 16 else { throw bad("its header has \(length) bytes") }
    let header = NumpyHeader(String(decoding: bytes[8 + lengthBytes..<start], as: UTF8.self))
    guard let name = header.text("descr") else { throw bad("its header names no type") }
    guard let type = IntegerType(rawValue: name) else {
      let known = IntegerType.allCases.map(\.rawValue).joined(separator: ", ")
      throw bad("it holds numbers of type '\(name)', not one of \(known)")
    }
    guard header.word("fortran_order") == "False" else { throw bad("its axes are not in C order") }
    guard let shape = header.shape else { throw bad("its header names no shape") }
    var count = 1
    for side in shape {
      let (product, overflows) = count.multipliedReportingOverflow(by: side)
      guard !overflows, product < 1 << 48 else { throw bad("it has the impossible shape \(shape)") }
      count = product
    }
    guard bytes.count - start == count * type.byteCount else {
      throw bad("\(count) numbers take \(count * type.byteCount) bytes, but \(bytes.count - start) are there")
    }
    self.shape = shape
    self.count = count
    self.type = type
    dataStart = start
  }

  /// Some of the numbers in storage order.
  public func values(_ range: Range<Int>) -> [Int] {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "numbers \(range) of \(count)")
    let bytes = file.bytes
    func load<T: FixedWidthInteger>(_: T.Type) -> [Int] {
      range.map { place in
        let offset = dataStart + place * MemoryLayout<T>.size
        return Int(
          truncatingIfNeeded: T(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: T.self)))
      }
    }
    return switch type {
    case .uint8: load(UInt8.self)
    case .uint16: load(UInt16.self)
    case .int16: load(Int16.self)
    case .uint32: load(UInt32.self)
    case .int32: load(Int32.self)
    case .int64: load(Int64.self)
    }
  }
}

/// The Python dictionary in front of the numbers, of which three entries are read.
struct NumpyHeader {
  private let content: Substring

  init(_ text: String) { content = text[...] }

  /// What follows `'key':`.
  private func rest(_ key: String) -> Substring? {
    for quote in ["'", "\""] {
      if let range = content.firstRange(of: "\(quote)\(key)\(quote):") {
        return content[range.upperBound...].drop { $0 == " " }
      }
    }
    return nil
  }

  func text(_ key: String) -> String? {
    guard let rest = rest(key), let quote = rest.first, quote == "'" || quote == "\"" else { return nil }
    return String(rest.dropFirst().prefix { $0 != quote })
  }

  func word(_ key: String) -> String? { rest(key).map { String($0.prefix { $0.isLetter }) } }

  var shape: [Int]? {
    guard let rest = rest("shape"), rest.first == "(", rest.contains(")") else { return nil }
    var shape: [Int] = []
    for part in rest.dropFirst().prefix(while: { $0 != ")" }).split(separator: ",") {
      guard let side = Int(part.filter { $0 != " " }), side >= 0 else { return nil }
      shape.append(side)
    }
    return shape
  }
}
