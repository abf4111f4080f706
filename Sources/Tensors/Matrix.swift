internal import CKernels

/// A dense matrix of float32 in memory, `[rows, columns]`, row-major.
public struct Matrix: Sendable, Equatable {
  public let rows: Int
  public let columns: Int
  /// The numbers, row after row, `[rows · columns]`.
  public var values: [Float]

  /// A matrix of zeros.
  public init(rows: Int, columns: Int) {
    self.init(rows: rows, columns: columns, values: Array(repeating: 0, count: rows * columns))
  }

  /// A matrix of given numbers, row after row.
  public init(rows: Int, columns: Int, values: [Float]) {
    precondition(values.count == rows * columns, "\(values.count) values for [\(rows), \(columns)]")
    self.rows = rows
    self.columns = columns
    self.values = values
  }

  /// One row, copied, `[columns]`.
  public func row(_ row: Int) -> [Float] { Array(self[row]) }

  /// One row, `[columns]`.
  public subscript(row: Int) -> ArraySlice<Float> {
    get { values[row * columns..<(row + 1) * columns] }
    set { values.replaceSubrange(row * columns..<(row + 1) * columns, with: newValue) }
  }

  /// The rows from `range`, `[range.count, columns]`.
  public func rows(_ range: Range<Int>) -> Matrix {
    Matrix(
      rows: range.count, columns: columns,
      values: Array(values[range.lowerBound * columns..<range.upperBound * columns]))
  }

  /// Works on some of the numbers in place.
  public mutating func withValues<R>(
    _ range: Range<Int>, _ body: (inout MutableSpan<Float>) -> R
  ) -> R {
    values.withUnsafeMutableBufferPointer { values in
      var span = UnsafeMutableBufferPointer(rebasing: values[range]).mutableSpan
      return body(&span)
    }
  }

  /// Works on one row in place, `[columns]`.
  public mutating func withRow<R>(_ row: Int, _ body: (inout MutableSpan<Float>) -> R) -> R {
    withValues(row * columns..<(row + 1) * columns, body)
  }

  /// Adds another matrix of the same shape, number by number.
  public static func += (left: inout Matrix, right: Matrix) {
    precondition(
      left.rows == right.rows && left.columns == right.columns,
      "[\(left.rows), \(left.columns)] += [\(right.rows), \(right.columns)]")
    left.values.withUnsafeMutableBufferPointer { sum in
      right.values.withUnsafeBufferPointer { addend in
        for i in 0..<addend.count { sum[i] += addend[i] }
      }
    }
  }

  /// Adds `scale` times a vector to one row.
  public mutating func add(
    _ vector: some RandomAccessCollection<Float>, scaledBy scale: Float = 1, toRow row: Int
  ) {
    precondition(vector.count == columns && row < rows, "\(vector.count) numbers to row \(row) of \(columns)")
    values.withUnsafeMutableBufferPointer { sum in
      let place: ()? = vector.withContiguousStorageIfAvailable { addend in
        for i in 0..<addend.count { sum[row * columns + i] += scale * addend[i] }
      }
      if place == nil {
        for (i, value) in vector.enumerated() { sum[row * columns + i] += scale * value }
      }
    }
  }
}

extension Kernels {
  /// The inner product of two vectors, in a fixed order of summation.
  public static func dot(_ x: Span<Float>, _ y: Span<Float>) -> Float {
    precondition(x.count == y.count, "the inner product of \(x.count) and \(y.count) numbers")
    return x.withUnsafeBufferPointer { x in
      y.withUnsafeBufferPointer { y in
        guard let first = x.baseAddress, let second = y.baseAddress else { return 0 }
        return ck_dot(first, second, x.count)
      }
    }
  }
}
