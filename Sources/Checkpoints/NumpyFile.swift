public import Foundation
public import Tensors

/// A NumPy `.npy` file of whole numbers, memory-mapped, its header checked before anything is used.
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
    file = try MappedFile(checkpoint: url)
    let widths = Dictionary(uniqueKeysWithValues: IntegerType.allCases.map { ($0.rawValue, $0.byteCount) })
    let header: NumpyHeader
    do throws(NumpyHeader.Fault) { header = try NumpyHeader(file.bytes, widths: widths) } catch {
      throw .badArray(path: url.path, reason: error.reason)
    }
    guard let type = IntegerType(rawValue: header.type) else {
      preconditionFailure("\(header.type) is not among the types that were asked for")
    }
    (shape, count, dataStart) = (header.shape, header.count, header.dataStart)
    self.type = type
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
