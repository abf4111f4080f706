internal import CKernels

/// A learned matrix `[outputs, inputs]` in a mapped file, in its own type, never copied whole.
///
/// Strides count numbers, so a transposed or sliced weight (GPT-2 stores `[inputs, outputs]` and keeps query,
/// key and value side by side) is a view like any other.
public struct WeightMatrix: Sendable {
  /// Rows of the matrix as it is used.
  public let outputs: Int
  /// Columns of the matrix as it is used.
  public let inputs: Int
  /// How its numbers are stored.
  public let type: ElementType
  let storage: WeightStorage
  let offset: Int  // bytes
  let outputStride: Int
  let inputStride: Int

  /// A view of `[outputs, inputs]` numbers that start at a byte of a mapped file.
  public init(
    file: MappedFile, byteOffset: Int, type: ElementType, outputs: Int, inputs: Int,
    outputStride: Int? = nil, inputStride: Int = 1
  ) {
    self.init(
      storage: .file(file), offset: byteOffset, type: type, outputs: outputs, inputs: inputs,
      outputStride: outputStride ?? inputs, inputStride: inputStride)
  }

  /// A matrix that lives in memory.
  public init(_ matrix: Matrix) {
    self.init(
      storage: .memory(matrix.values), offset: 0, type: .float32, outputs: matrix.rows,
      inputs: matrix.columns, outputStride: matrix.columns, inputStride: 1)
  }

  private init(
    storage: WeightStorage, offset: Int, type: ElementType, outputs: Int, inputs: Int, outputStride: Int,
    inputStride: Int
  ) {
    self.storage = storage
    self.offset = offset
    self.type = type
    self.outputs = outputs
    self.inputs = inputs
    self.outputStride = outputStride
    self.inputStride = inputStride
    if outputs > 0, inputs > 0 {
      let last = (outputs - 1) * outputStride + (inputs - 1) * inputStride
      let end = offset + (last + 1) * type.byteCount
      precondition(
        offset >= 0 && end <= storage.byteCount, "a weight ends at byte \(end) of \(storage.byteCount)")
    }
  }

  /// The matrix with rows and columns exchanged, `[inputs, outputs]`.
  public var transposed: WeightMatrix {
    WeightMatrix(
      storage: storage, offset: offset, type: type, outputs: inputs, inputs: outputs,
      outputStride: inputStride, inputStride: outputStride)
  }

  /// Some of the rows, `[range.count, inputs]`.
  public func outputs(_ range: Range<Int>) -> WeightMatrix {
    precondition(range.lowerBound >= 0 && range.upperBound <= outputs, "rows \(range) of \(outputs)")
    return WeightMatrix(
      storage: storage, offset: offset + range.lowerBound * outputStride * type.byteCount, type: type,
      outputs: range.count, inputs: inputs, outputStride: outputStride, inputStride: inputStride)
  }

  /// Rows from several places under one another, copied in the type that they are stored in, `[sum of counts, inputs]`.
  public func gathering(_ ranges: [Range<Int>]) -> WeightMatrix {
    precondition(inputStride == 1, "rows of a transposed weight are gathered")
    var bytes: [UInt8] = []
    let width = inputs * type.byteCount
    bytes.reserveCapacity(ranges.reduce(0) { $0 + $1.count } * width)
    for range in ranges {
      precondition(range.lowerBound >= 0 && range.upperBound <= outputs, "rows \(range) of \(outputs)")
      for row in range {
        withStart { start in
          bytes += UnsafeRawBufferPointer(start: start + row * outputStride * type.byteCount, count: width)
        }
      }
    }
    return WeightMatrix(
      storage: .copy(bytes), offset: 0, type: type, outputs: bytes.count / max(1, width), inputs: inputs,
      outputStride: inputs, inputStride: 1)
  }

  /// Some of the columns, `[outputs, range.count]`.
  public func inputs(_ range: Range<Int>) -> WeightMatrix { transposed.outputs(range).transposed }

  /// One row as float32, `[inputs]`.
  public func row(_ row: Int) -> [Float] {
    var result = [Float](repeating: 0, count: inputs)
    result.withUnsafeMutableBufferPointer { copyRow(row, to: $0) }
    return result
  }

  /// How many rows are worth reading together: columns of a transposed weight then come a cache line at a time.
  public static let rowBlock = 64

  /// Some rows as float32, `[range.count · inputs]`.
  public func rows(_ range: Range<Int>) -> [Float] {
    precondition(range.lowerBound >= 0 && range.upperBound <= outputs, "rows \(range) of \(outputs)")
    var result = [Float](repeating: 0, count: range.count * inputs)
    result.withUnsafeMutableBufferPointer { values in
      guard outputStride == 1, inputStride != 1 else {
        for (place, row) in range.enumerated() {
          copyRow(
            row, to: UnsafeMutableBufferPointer(rebasing: values[place * inputs..<(place + 1) * inputs]))
        }
        return
      }
      // Transposed: what lies together is a column.
      var column = [Float](repeating: 0, count: range.count)
      for i in 0..<inputs {
        column.withUnsafeMutableBufferPointer {
          transposed.outputs(i..<i + 1).inputs(range).copyRow(0, to: $0)
        }
        for place in 0..<range.count { values[place * inputs + i] = column[place] }
      }
    }
    return result
  }

  /// The whole matrix as float32, `[outputs, inputs]`; for small ones.
  public func matrix() -> Matrix { Matrix(rows: outputs, columns: inputs, values: rows(0..<outputs)) }

  /// The sum of all rows, `[inputs]`, in double precision.
  public func sumOfRows() -> [Double] {
    var sum = [Double](repeating: 0, count: inputs)
    var buffer = [Float](repeating: 0, count: inputs)
    for row in 0..<outputs {
      buffer.withUnsafeMutableBufferPointer { copyRow(row, to: $0) }
      for i in 0..<inputs { sum[i] += Double(buffer[i]) }
      if !Memory.keepsPages, row % tile == tile - 1 { outputs(row + 1 - tile..<row + 1).forgetPages() }
    }
    if !Memory.keepsPages { forgetPages() }
    return sum
  }

  /// Whether every number is finite; read in the order in which they lie.
  public var isFinite: Bool {
    let stored = inputStride == 1 ? self : transposed
    var buffer = [Float](repeating: 0, count: stored.inputs)
    for row in 0..<stored.outputs {
      buffer.withUnsafeMutableBufferPointer { stored.copyRow(row, to: $0) }
      // Zero but for what is not finite.
      guard buffer.reduce(0, { $0 + 0 * $1 }) == 0 else { return false }
      if !Memory.keepsPages, row % stored.tile == stored.tile - 1 {
        stored.outputs(row + 1 - stored.tile..<row + 1).forgetPages()
      }
    }
    return true
  }

  /// Rows that take about 16 MiB, whole panels of them; all of a transposed weight, whose rows do not lie together.
  var tile: Int {
    guard inputStride == 1 else { return max(1, outputs) }
    let bytes = max(1, inputs * type.byteCount)
    return max(1, (16 << 20) / bytes / Packing.panelColumns) * Packing.panelColumns
  }

  /// Bytes of the file that lie in memory together while it is read.
  public var tileByteCount: Int { min(tile, outputs) * inputs * type.byteCount }

  /// Lets the system take back the pages that this weight was read from.
  public func forgetPages() {
    guard case .file(let file) = storage, outputs > 0, inputs > 0 else { return }
    let last = (outputs - 1) * outputStride + (inputs - 1) * inputStride
    file.forget(offset..<offset + (last + 1) * type.byteCount)
  }

  func copyRow(_ row: Int, to destination: UnsafeMutableBufferPointer<Float>) {
    precondition(row >= 0 && row < outputs, "row \(row) of \(outputs)")
    guard let target = destination.baseAddress else { return }
    if inputStride == 1, !Memory.keepsPages, readRow(row, to: target) { return }
    withStart { start in
      let first = start + row * outputStride * type.byteCount
      if inputStride == 1 {
        ck_convert(first, type.kernelType, inputs, target)
      } else {
        for i in 0..<inputs {
          ck_convert(first + i * inputStride * type.byteCount, type.kernelType, 1, target + i)
        }
      }
    }
  }

  /// Reads a row from its file past the mapping; `false` if it lies in none.
  private func readRow(_ row: Int, to target: UnsafeMutablePointer<Float>) -> Bool {
    guard case .file(let file) = storage else { return false }
    let first = offset + row * outputStride * type.byteCount
    let range = first..<first + inputs * type.byteCount
    if type == .float32 { return file.read(range, into: target) }
    return withUnsafeTemporaryAllocation(byteCount: range.count, alignment: 16) { bytes in
      guard let start = bytes.baseAddress, file.read(range, into: start) else { return false }
      ck_convert(start, type.kernelType, inputs, target)
      return true
    }
  }

  func withStart<R>(_ body: (UnsafeRawPointer) throws -> R) rethrows -> R {
    try storage.withBytes { bytes in
      guard let start = bytes.baseAddress else { preconditionFailure("an empty weight was read") }
      return try body(start + offset)
    }
  }
}

/// Where a weight's numbers lie.
enum WeightStorage: Sendable {
  case file(MappedFile)
  case memory([Float])
  case copy([UInt8])

  var byteCount: Int {
    switch self {
    case .file(let file): file.bytes.count
    case .memory(let values): values.count * 4
    case .copy(let bytes): bytes.count
    }
  }

  func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    switch self {
    case .file(let file): try body(file.bytes)
    case .memory(let values): try values.withUnsafeBytes(body)
    case .copy(let bytes): try bytes.withUnsafeBytes(body)
    }
  }
}
