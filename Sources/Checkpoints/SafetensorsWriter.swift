public import Tensors

/// Puts a safetensors file together, tensors in the order given, the data 8-byte aligned.
///
/// Large tensors are made row by row while the file is written, and never lie in memory whole.
public struct SafetensorsWriter {
  private var header: [(name: String, type: String, shape: [Int], count: Int)] = []
  private var pieces: [() -> [UInt8]] = []
  private let metadata: [(String, String)]
  private var isSealed = false

  /// An empty file with free texts under `__metadata__`.
  public init(metadata: [(String, String)] = []) { self.metadata = metadata }

  /// Adds a tensor of float32.
  public mutating func add(_ name: String, _ values: [Float], shape: [Int]) {
    add(name, type: "F32", values.withUnsafeBytes { Array($0) }, shape: shape, count: values.count)
  }

  /// Adds a tensor of numbers that are stored in a type of their own, rounded to the nearest, ties to even.
  public mutating func add(_ name: String, _ values: [Float], shape: [Int], type: ElementType) {
    precondition(type != .float16, "'\(name)' cannot be stored as float16")
    add(
      name, type: type == .float32 ? "F32" : "BF16", Self.bytes(values, type), shape: shape,
      count: values.count)
  }

  /// Adds a tensor of float64.
  public mutating func add(_ name: String, _ values: [Double], shape: [Int]) {
    add(name, type: "F64", values.withUnsafeBytes { Array($0) }, shape: shape, count: values.count)
  }

  /// Adds a tensor of 32-bit integers.
  public mutating func add(_ name: String, _ values: [Int32], shape: [Int]) {
    add(name, type: "I32", values.withUnsafeBytes { Array($0) }, shape: shape, count: values.count)
  }

  /// Adds a tensor of 64-bit integers.
  public mutating func add(_ name: String, _ values: [Int64], shape: [Int]) {
    add(name, type: "I64", values.withUnsafeBytes { Array($0) }, shape: shape, count: values.count)
  }

  /// Adds a tensor of bytes.
  public mutating func add(_ name: String, _ values: [UInt8], shape: [Int]) {
    add(name, type: "U8", values, shape: shape, count: values.count)
  }

  private mutating func add(_ name: String, type: String, _ bytes: [UInt8], shape: [Int], count: Int) {
    precondition(shape.reduce(1, *) == count, "'\(name)' has \(count) numbers, not \(shape)")
    header.append((name, type, shape, bytes.count))
    pieces.append { bytes }
  }

  /// Adds a matrix of float32 that is made row by row.
  /// - Parameter row: Gives the numbers of one row, `[columns]`.
  public mutating func add(_ name: String, rows: Int, columns: Int, row: @escaping (Int) -> [Float]) {
    header.append((name, "F32", [rows, columns], rows * columns * 4))
    for index in 0..<rows { pieces.append { row(index).withUnsafeBytes { Array($0) } } }
  }

  /// Adds a vector of float32 that is made in runs.
  /// - Parameters:
  ///   - lengths: How many numbers each run has.
  ///   - run: Gives the numbers of one run.
  public mutating func add(_ name: String, lengths: [Int], run: @escaping (Int) -> [Float]) {
    let count = lengths.reduce(0, +)
    header.append((name, "F32", [count], count * 4))
    for index in lengths.indices { pieces.append { run(index).withUnsafeBytes { Array($0) } } }
  }

  /// The same of 32-bit integers.
  public mutating func add(_ name: String, lengths: [Int], run: @escaping (Int) -> [Int32]) {
    let count = lengths.reduce(0, +)
    header.append((name, "I32", [count], count * 4))
    for index in lengths.indices { pieces.append { run(index).withUnsafeBytes { Array($0) } } }
  }

  /// Adds a tensor that is made a piece of numbers at a time and stored in a type of its own, rounded to the nearest, ties
  /// to even.
  /// - Parameters:
  ///   - pieceCount: How many pieces there are, all of the same length.
  ///   - piece: Gives the numbers of one piece; called once for each, in order.
  public mutating func add(
    _ name: String, shape: [Int], type: ElementType, pieceCount: Int, piece: @escaping (Int) -> [Float]
  ) {
    precondition(type != .float16, "'\(name)' cannot be stored as float16")
    header.append(
      (name, type == .float32 ? "F32" : "BF16", shape, shape.reduce(1, *) * type.byteCount))
    let count = shape.reduce(1, *) / max(1, pieceCount)
    for index in 0..<pieceCount {
      pieces.append {
        let values = piece(index)
        precondition(values.count == count, "a piece of '\(name)' has \(values.count) numbers, not \(count)")
        return Self.bytes(values, type)
      }
    }
  }

  /// Adds a learned matrix, read some rows at a time while the file is written and stored in a type of its own, rounded to
  /// the nearest, ties to even.
  public mutating func add(_ name: String, _ weight: WeightMatrix, shape: [Int], type: ElementType) {
    precondition(type != .float16, "'\(name)' cannot be stored as float16")
    precondition(
      shape.reduce(1, *) == weight.outputs * weight.inputs,
      "'\(name)' is [\(weight.outputs), \(weight.inputs)]")
    header.append(
      (name, type == .float32 ? "F32" : "BF16", shape, shape.reduce(1, *) * type.byteCount))
    for first in stride(from: 0, to: weight.outputs, by: WeightMatrix.rowBlock) {
      let rows = first..<min(first + WeightMatrix.rowBlock, weight.outputs)
      pieces.append { Self.bytes(weight.rows(rows), type) }
    }
  }

  private static func bytes(_ values: [Float], _ type: ElementType) -> [UInt8] {
    guard type == .bfloat16 else { return values.withUnsafeBytes { Array($0) } }
    return values.map { $0.bfloat16Pattern }.withUnsafeBytes { Array($0) }
  }

  /// Adds a matrix of bytes that is made row by row.
  /// - Parameter row: Gives the numbers of one row, `[columns]`.
  public mutating func add(_ name: String, rows: Int, columns: Int, row: @escaping (Int) -> [UInt8]) {
    header.append((name, "U8", [rows, columns], rows * columns))
    for index in 0..<rows { pieces.append { row(index) } }
  }

  /// Ends the file with a checksum of all that was added; see ``SafetensorsFile/isIntact``.
  public mutating func seal() {
    precondition(!isSealed, "a file has one checksum")
    header.append((SafetensorsFile.sealName, "U8", [8], 8))
    isSealed = true
  }

  /// Bytes of the file, nearly: the header counts with what its entries take on average.
  public var byteCount: Int { header.reduce(8) { $0 + $1.count + $1.name.utf8.count + 90 } }

  /// The file's parts in order: the header, then the tensors, each part made when it is asked for.
  public func parts() -> some Sequence<[UInt8]> {
    var entries: [String] = []
    if !metadata.isEmpty {
      let texts = metadata.map { "\(quoted($0.0)):\(quoted($0.1))" }
      entries.append("\"__metadata__\":{\(texts.joined(separator: ","))}")
    }
    var offset = 0
    for entry in header {
      let end = offset + entry.count
      entries.append(
        "\(quoted(entry.name)):{\"dtype\":\"\(entry.type)\",\"shape\":\(entry.shape),"
          + "\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    var text = Array("{\(entries.joined(separator: ","))}".utf8)
    while text.count % 8 != 0 { text.append(UInt8(ascii: " ")) }
    let length = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) }
    let start = length + text
    return SafetensorsParts([{ start }] + pieces, isSealed: isSealed)
  }

  private func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case _ where scalar.value < 0x20:
        let hex = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

extension Float {
  /// The upper half of the nearest number that has only those bits, ties to even; not a number stays one.
  public var bfloat16Pattern: UInt16 {
    if isNaN { return 0x7FC0 }
    let bits = bitPattern
    return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
  }
}
