internal import CKernels

/// The numeric kernels: each forward function stands beside its pullback.
public enum Kernels {}

extension Matrix {
  /// Applies a learned linear map to every row.
  /// ```
  /// y[t, j] = bias[j] + Σ_i x[t, i] · W[j, i]
  /// ```
  /// - Parameters:
  ///   - weight: `W`, `[outputs, inputs]`, read in its own type tile by tile.
  ///   - bias: `[outputs]`, if there is one.
  /// - Returns: `[rows, outputs]`.
  public func multiplied(byTransposed weight: WeightMatrix, bias: [Float]? = nil) -> Matrix {
    precondition(columns == weight.inputs, "rows of \(columns) times a weight of \(weight.inputs) inputs")
    precondition(bias == nil || bias?.count == weight.outputs, "a bias for \(weight.outputs) outputs")
    var result = Matrix(rows: rows, columns: weight.outputs)
    guard rows > 0, weight.outputs > 0, columns > 0 else { return result }
    let panels = (weight.outputs + Packing.panelColumns - 1) / Packing.panelColumns
    let shares = Swift.min(Parallel.threadCount, panels)
    result.values.withUnsafeMutableBufferPointer { target in
      let target = SharedPointer(target)
      values.withUnsafeBufferPointer { source in
        let source = SharedPointer(source)
        Parallel.forEach(shares) { share in
          let first = panels * share / shares * Packing.panelColumns
          let end = Swift.min(panels * (share + 1) / shares * Packing.panelColumns, weight.outputs)
          // Where pages are not kept, weights come and go in tiles.
          let tile = Memory.keepsPages ? end - first : weight.tile
          for start in stride(from: first, to: end, by: max(1, tile)) {
            let range = start..<Swift.min(start + tile, end)
            linear(source.pointer, weight, bias, columns: range, into: target.pointer)
            if !Memory.keepsPages { weight.outputs(range).forgetPages() }
          }
        }
      }
    }
    return result
  }

  private func linear(
    _ source: UnsafeBufferPointer<Float>, _ weight: WeightMatrix, _ bias: [Float]?, columns range: Range<Int>,
    into target: UnsafeMutableBufferPointer<Float>
  ) {
    guard let x = source.baseAddress, let y = target.baseAddress else { return }
    var scratch = Scratch(count: ck_linear_scratch_count(columns))
    weight.withStart { start in
      (bias ?? []).withUnsafeBufferPointer { bias in
        scratch.withUnsafeMutableBufferPointer { scratch in
          ck_linear(
            x, rows, columns, columns, start, weight.type.kernelType, weight.outputStride, weight.inputStride,
            range.lowerBound, range.count, bias.isEmpty ? nil : bias.baseAddress, y, weight.outputs,
            scratch.baseAddress)
        }
      }
    }
  }
}
