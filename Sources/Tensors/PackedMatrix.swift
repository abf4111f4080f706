internal import CKernels

/// How panels are laid out.
package enum Packing {
  /// Columns of one panel.
  package static let panelColumns = Int(CK_PANEL)
}

/// A matrix `B` `[inner, columns]` repacked for products `A · B` that are taken many times.
///
/// Columns lie in panels of 32, `[panel, inner, 32]`, so that a product reads it once from end to end.
public final class PackedMatrix: @unchecked Sendable {
  // Written only in init.
  /// Rows of `B`, the axis that is summed over.
  public let inner: Int
  /// Columns of `B`.
  public let columns: Int
  private let panels: UnsafeMutablePointer<Float>

  /// Packs `B = Wᵀ`, for products with the rows of a learned matrix `W` `[columns, inner]`.
  public init(transposing weight: WeightMatrix) {
    inner = weight.inputs
    columns = weight.outputs
    panels = Self.allocate(columns: columns, inner: inner)
    guard inner > 0, columns > 0 else { return }
    weight.withStart {
      ck_pack(
        $0, weight.type.kernelType, columns, inner, weight.outputStride, weight.inputStride, panels)
    }
    if !Memory.keepsPages { weight.forgetPages() }
  }

  /// Packs `B = Xᵀ` for the rows of a matrix in memory `X` `[columns, inner]`.
  public convenience init(transposing matrix: Matrix) { self.init(transposing: WeightMatrix(matrix)) }

  /// Packs columns that `fill` writes one after the other: it is called with a column's place and `[inner]`
  /// numbers to fill.
  public init(
    columns: Int, inner: Int, fill: (_ column: Int, _ values: inout MutableSpan<Float>) throws -> Void
  ) rethrows {
    self.inner = inner
    self.columns = columns
    panels = Self.allocate(columns: columns, inner: inner)
    let block = Scratch(count: Packing.panelColumns * inner)
    for first in stride(from: 0, to: columns, by: Packing.panelColumns) {
      let count = min(Packing.panelColumns, columns - first)
      for column in 0..<count {
        var span = UnsafeMutableBufferPointer(start: block.pointer + column * inner, count: inner).mutableSpan
        try fill(first + column, &span)
      }
      ck_pack(block.pointer, CK_F32, count, inner, inner, 1, panels + first * inner)
    }
  }

  deinit { panels.deallocate() }

  private static func allocate(columns: Int, inner: Int) -> UnsafeMutablePointer<Float> {
    let count = max(1, ck_packed_count(columns, inner))
    return UnsafeMutableRawPointer.allocate(byteCount: count * 4, alignment: 64)
      .bindMemory(to: Float.self, capacity: count)
  }

  /// Bytes that a packed matrix `[inner, columns]` holds.
  public static func byteCount(inner: Int, columns: Int) -> Int { ck_packed_count(columns, inner) * 4 }

  /// Bytes held.
  public var byteCount: Int { Self.byteCount(inner: inner, columns: columns) }

  /// Adds or writes `C = A · B` for `rows` rows of `A`.
  /// ```
  /// C[i, j] (+)= Σ_s Σ_x A[s][i, x] · B[s · k + x, j]
  /// ```
  /// - Parameters:
  ///   - a: Row `i` of piece `s` starts at `aStart + s · segmentStride + i · rowStride`.
  ///   - rows: Rows of `A` and `C`.
  ///   - rowStride: Numbers from one row of `A` to the next.
  ///   - segments: `A` comes in this many pieces, `inner / segments` columns each.
  ///   - segmentStride: Numbers from one piece of `A` to the next.
  ///   - c: Where the result goes, rows of `columns`, the first at `cStart`.
  ///   - resultStride: Numbers from one row of `C` to the next.
  ///   - accumulating: Whether the product is added to what is there.
  public func multiply(
    _ a: borrowing Scratch, at aStart: Int, rows: Int, rowStride: Int, segments: Int = 1,
    segmentStride: Int = 0, into c: inout Scratch, at cStart: Int, resultStride: Int, accumulating: Bool
  ) {
    let inner = self.inner / segments
    guard rows > 0, columns > 0 else { return }
    let aEnd = aStart + (segments - 1) * segmentStride + (rows - 1) * rowStride + inner
    let cEnd = cStart + (rows - 1) * resultStride + columns
    precondition(
      inner * segments == self.inner && aEnd <= a.count && cEnd <= c.count,
      "a product of [\(rows), \(self.inner)] reaches \(aEnd) of \(a.count), its result \(cEnd) of \(c.count)")
    var product = ck_product(
      m: rows, n: columns, k: inner, segments: segments, a: a.pointer + aStart, a_row_stride: rowStride,
      a_segment_stride: segmentStride, b: panels, b_panel_stride: self.inner * Packing.panelColumns,
      b_row_stride: Packing.panelColumns, c: c.pointer + cStart, c_row_stride: resultStride,
      accumulate: accumulating ? 1 : 0)
    ck_multiply(&product)
  }
}

extension Kernels {
  /// `C (+)= A · B` for matrices as they lie in memory: `A` `[m, k]`, `B` `[k, n]`, `C` `[m, n]`, row-major.
  package static func multiply(
    _ a: UnsafePointer<Float>, rowStride aStride: Int, _ b: UnsafePointer<Float>, rowStride bStride: Int,
    into c: UnsafeMutablePointer<Float>, rowStride cStride: Int, m: Int, k: Int, n: Int, accumulating: Bool
  ) {
    var product = ck_product(
      m: m, n: n, k: k, segments: 1, a: a, a_row_stride: aStride, a_segment_stride: 0, b: b,
      b_panel_stride: Packing.panelColumns, b_row_stride: bStride, c: c, c_row_stride: cStride,
      accumulate: accumulating ? 1 : 0)
    ck_multiply(&product)
  }

  /// `C (+)= A · B` in working memory, each matrix row-major from a given place on; `A` is `[m, k]`, `B` `[k, n]`.
  public static func multiply(
    _ a: [Float], at aStart: Int, rowStride aStride: Int, _ b: borrowing Scratch, at bStart: Int,
    rowStride bStride: Int, into c: inout Scratch, at cStart: Int, rowStride cStride: Int, m: Int, k: Int,
    n: Int, accumulating: Bool
  ) {
    guard m > 0, k > 0, n > 0 else { return }
    precondition(
      aStart + (m - 1) * aStride + k <= a.count && bStart + (k - 1) * bStride + n <= b.count
        && cStart + (m - 1) * cStride + n <= c.count,
      "a product of [\(m), \(k)] and [\(k), \(n)] leaves its memory")
    a.withUnsafeBufferPointer { values in
      guard let start = values.baseAddress else { return }
      multiply(
        start + aStart, rowStride: aStride, b.pointer + bStart, rowStride: bStride, into: c.pointer + cStart,
        rowStride: cStride, m: m, k: k, n: n, accumulating: accumulating)
    }
  }
}

extension Kernels {
  /// Runs fused multiply-adds in registers for a while, for a bound on what any product can reach.
  /// - Returns: Floating-point operations done.
  public static func peakRound() -> Double {
    let rounds = 100_000
    let value = ck_peak(rounds)
    return value.isNaN ? 0 : ck_peak_operations(rounds)
  }
}
