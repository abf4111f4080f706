internal import CKernels

extension Kernels {
  /// A learned linear map on the first rows of a matrix, on the calling thread alone.
  /// ```
  /// y[t, j] = bias[j] + Σ_i x[t, i] · W[j, i]
  /// ```
  /// - Parameters:
  ///   - x: `[at least rows, inputs]`.
  ///   - y: Where the result goes, `[at least rows, outputs]`.
  public static func linear(
    _ x: Matrix, rows: Int, weight: WeightMatrix, bias: [Float]? = nil, into y: inout Matrix
  ) {
    precondition(
      x.columns == weight.inputs && y.columns == weight.outputs && rows <= x.rows && rows <= y.rows,
      "\(rows) rows of [\(x.rows), \(x.columns)] times [\(weight.outputs), \(weight.inputs)] into "
        + "[\(y.rows), \(y.columns)]")
    precondition(bias == nil || bias?.count == weight.outputs, "a bias for \(weight.outputs) outputs")
    guard rows > 0, weight.inputs > 0, weight.outputs > 0 else { return }
    var scratch = Scratch(count: ck_linear_scratch_count(weight.inputs))
    withPointers(x, &y) { x, y in
      weight.withStart { start in
        (bias ?? []).withUnsafeBufferPointer { bias in
          scratch.withUnsafeMutableBufferPointer { scratch in
            ck_linear(
              x, rows, weight.inputs, weight.inputs, start, weight.type.kernelType, weight.outputStride,
              weight.inputStride, 0, weight.outputs, bias.isEmpty ? nil : bias.baseAddress, y, weight.outputs,
              scratch.baseAddress)
          }
        }
      }
    }
  }

  /// The gradient of a linear map's weight, added to what is there.
  /// ```
  /// gW[j, i] += Σ_t gy[t, j] · x[t, i]
  /// ```
  /// - Parameters:
  ///   - gy: The gradient at the map's output, `[at least rows, outputs]`.
  ///   - x: The map's input, `[at least rows, inputs]`.
  public static func addWeightGradient(_ gy: Matrix, _ x: Matrix, rows: Int, to gradient: inout Matrix) {
    precondition(
      gradient.rows == gy.columns && gradient.columns == x.columns && rows <= gy.rows && rows <= x.rows,
      "a weight gradient of [\(gradient.rows), \(gradient.columns)] from \(rows) rows of \(gy.columns) and "
        + "\(x.columns)")
    guard rows > 0 else { return }
    let (outputs, inputs) = (gy.columns, x.columns)
    withPointers(x, &gradient) { x, target in
      gy.values.withUnsafeBufferPointer { gy in
        guard let gy = gy.baseAddress else { return }
        ck_multiply_transposed(gy, outputs, x, inputs, target, inputs, outputs, rows, inputs, 1)
      }
    }
  }

  /// Adds the sum of the first rows to a vector: the gradient of a bias.
  public static func addRows(_ x: Matrix, rows: Int, to sum: inout [Float]) {
    precondition(
      rows <= x.rows && sum.count == x.columns, "\(rows) of \(x.rows) rows into \(sum.count) numbers")
    x.values.withUnsafeBufferPointer { x in
      sum.withUnsafeMutableBufferPointer { sum in
        guard let from = x.baseAddress, let to = sum.baseAddress else { return }
        ck_add_rows(from, rows, sum.count, to)
      }
    }
  }

  /// Runs `body` with the numbers of two matrices; empty ones are left alone.
  static func withPointers(
    _ x: Matrix, _ y: inout Matrix, _ body: (UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  ) {
    x.values.withUnsafeBufferPointer { x in
      y.values.withUnsafeMutableBufferPointer { y in
        guard let x = x.baseAddress, let y = y.baseAddress else { return }
        body(x, y)
      }
    }
  }
}

extension Matrix {
  /// Adds the first rows of a matrix of the same width.
  public mutating func add(rows count: Int, of other: Matrix) {
    precondition(columns == other.columns && count <= rows && count <= other.rows, "\(count) rows to add")
    Kernels.withPointers(other, &self) { from, to in
      for i in 0..<count * other.columns { to[i] += from[i] }
    }
  }
}
