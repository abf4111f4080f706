/// Rows of float32 in memory of their own, written and read one row at a time.
public final class RowTable: @unchecked Sendable {
  // Used by one task at a time.
  public let rowCount: Int
  public let width: Int
  private let memory: UnsafeMutableBufferPointer<Float>

  /// Rows of zeros.
  public init(rows: Int, width: Int) {
    rowCount = rows
    self.width = width
    memory = .allocate(capacity: max(1, rows * width))
    memory.initialize(repeating: 0)
  }

  deinit { memory.deallocate() }

  private func range(_ row: Int) -> Range<Int> {
    precondition(row >= 0 && row < rowCount, "row \(row) of \(rowCount)")
    return row * width..<(row + 1) * width
  }

  /// Reads one row, `[width]`.
  public func withRow<R>(_ row: Int, _ body: (Span<Float>) throws -> R) rethrows -> R {
    try body(UnsafeBufferPointer(rebasing: memory[range(row)]).span)
  }

  /// Writes one row, `[width]`.
  public func withMutableRow<R>(_ row: Int, _ body: (inout MutableSpan<Float>) throws -> R) rethrows -> R {
    var span = UnsafeMutableBufferPointer(rebasing: memory[range(row)]).mutableSpan
    return try body(&span)
  }

  /// Writes some numbers of one row.
  public func write(_ values: Span<Float>, row: Int, column: Int) {
    precondition(
      column >= 0 && column + values.count <= width, "\(values.count) numbers at \(column) of \(width)")
    let start = range(row).lowerBound + column
    values.withUnsafeBufferPointer { source in
      if let from = source.baseAddress, let to = memory.baseAddress {
        (to + start).update(from: from, count: source.count)
      }
    }
  }

  /// Makes one row equal to a row of another table of the same width.
  public func copy(row: Int, from other: RowTable, row source: Int) {
    other.withRow(source) { write($0, row: row, column: 0) }
  }

  /// Makes one row equal to a row of a learned matrix of the same width.
  public func copy(row: Int, from weight: WeightMatrix, row source: Int) {
    precondition(weight.inputs == width, "\(weight.inputs) numbers for a row of \(width)")
    weight.copyRow(source, to: UnsafeMutableBufferPointer(rebasing: memory[range(row)]))
  }
}
