internal import CKernels

/// Kernels over the first rows of matrices, each beside its full pullback: nothing is held constant here.
extension Kernels {
  /// Normalises rows.
  /// ```
  /// y[t] = (x[t] − mean) · r[t] ⊙ g + b,   r[t] = 1 / √(mean((x[t] − mean)²) + ε)    (RMS norm: mean = 0)
  /// ```
  /// - Parameter scales: Where `r` goes, `[at least rows]`.
  public static func norm(
    _ x: Matrix, rows: Int, kind: Norm, gain: [Float], bias: [Float]?, into y: inout Matrix,
    scales: inout [Float]
  ) {
    let width = x.columns
    precondition(
      gain.count == width && y.columns == width && rows <= x.rows && rows <= y.rows && rows <= scales.count
        && (bias == nil || bias?.count == width), "a norm of \(rows) rows of \(width)")
    withPointers(x, &y) { x, y in
      scales.withUnsafeMutableBufferPointer { scales in
        (bias ?? []).withUnsafeBufferPointer { bias in
          ck_norm(
            x, rows, width, gain, bias.isEmpty ? nil : bias.baseAddress, kind.centers ? 1 : 0, kind.epsilon,
            y,
            scales.baseAddress)
        }
      }
    }
  }

  /// The pullback of ``norm(_:rows:kind:gain:bias:into:scales:)``, its scale not frozen; every gradient is added
  /// to what is there.
  /// ```
  /// gx[t] += r · (w − mean(w) − n · mean(w ⊙ n)),  w = g ⊙ gy[t],  n = (x[t] − mean) · r    (RMS: no mean(w))
  /// ```
  public static func normPullback(
    _ gy: Matrix, _ x: Matrix, rows: Int, kind: Norm, gain: [Float], scales: [Float],
    addingTo gx: inout Matrix,
    gainGradient: inout [Float], biasGradient: inout [Float]
  ) {
    let width = x.columns
    precondition(
      gy.columns == width && gx.columns == width && gain.count == width && gainGradient.count == width
        && rows <= gy.rows && rows <= x.rows && rows <= gx.rows && rows <= scales.count,
      "the pullback of a norm of \(rows) rows of \(width)")
    withPointers(gy, &gx) { gy, gx in
      x.values.withUnsafeBufferPointer { x in
        gainGradient.withUnsafeMutableBufferPointer { gainGradient in
          biasGradient.withUnsafeMutableBufferPointer { biasGradient in
            ck_norm_pullback(
              gy, x.baseAddress, rows, width, gain, kind.centers ? 1 : 0, scales, gx,
              gainGradient.baseAddress,
              biasGradient.isEmpty ? nil : biasGradient.baseAddress)
          }
        }
      }
    }
  }

  /// `inner = φ(gate) ⊙ up`, or `φ(gate)` where `up` is `nil`, on the first rows.
  public static func gate(
    _ gate: Matrix, by activation: Activation, up: Matrix?, rows: Int, into inner: inout Matrix
  ) {
    let count = rows * gate.columns
    precondition(count <= gate.values.count && count <= inner.values.count, "\(rows) rows to gate")
    withPointers(gate, &inner) { gate, inner in
      guard let up else {
        for i in 0..<count { inner[i] = activation(gate[i]) }
        return
      }
      precondition(count <= up.values.count, "\(rows) rows to gate")
      up.values.withUnsafeBufferPointer { up in
        guard let up = up.baseAddress else { return }
        if activation == .silu {
          ck_silu_gate(gate, up, inner, count)
        } else {
          for i in 0..<count { inner[i] = activation(gate[i]) * up[i] }
        }
      }
    }
  }

  /// The pullback of ``gate(_:by:up:rows:into:)``: replaces `gate` and `up` by their gradients.
  public static func gatePullback(
    _ innerGradient: Matrix, by activation: Activation, rows: Int, gate: inout Matrix, up: inout Matrix?
  ) {
    let count = rows * gate.columns
    precondition(count <= gate.values.count && count <= innerGradient.values.count, "\(rows) rows to gate")
    withPointers(innerGradient, &gate) { gradient, gate in
      guard up != nil else {
        for i in 0..<count { gate[i] = gradient[i] * activation.derivative(gate[i]) }
        return
      }
      up?.values.withUnsafeMutableBufferPointer { up in
        guard let up = up.baseAddress else { return }
        if activation == .silu {
          ck_silu_gate_pullback(gradient, gate, up, count)
        } else {
          for i in 0..<count {
            let x = gate[i]
            gate[i] = gradient[i] * up[i] * activation.derivative(x)
            up[i] = gradient[i] * activation(x)
          }
        }
      }
    }
  }

  /// The cross-entropy of a row of logits, in nats; the row becomes `weight · (softmax − onehot(target))`, which
  /// is the gradient of `weight` times the loss.
  public static func crossEntropy(
    _ logits: inout Matrix, row: Int, target: Int, weight: Float
  ) -> Float {
    let width = logits.columns
    precondition(row < logits.rows && target >= 0 && target < width, "token \(target) of \(width)")
    return logits.values.withUnsafeMutableBufferPointer { values in
      guard let start = values.baseAddress else { return 0 }
      return ck_cross_entropy(start + row * width, width, target, weight)
    }
  }
}

extension Norm {
  var epsilon: Float {
    switch self {
    case .rootMeanSquare(let epsilon), .layer(let epsilon): epsilon
    }
  }
}
