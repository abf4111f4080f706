/// A norm's kind and its `ε`.
public enum Norm: Hashable, Sendable {
  /// `y = x · r ⊙ g`, `r = 1 / √(mean(x²) + ε)`.
  case rootMeanSquare(epsilon: Float)
  /// `y = (x − mean(x)) · r ⊙ g + b`, `r = 1 / √(var(x) + ε)`.
  case layer(epsilon: Float)

  /// Whether the mean is taken out first.
  public var centers: Bool {
    switch self {
    case .rootMeanSquare: false
    case .layer: true
    }
  }
}

extension Kernels {
  /// Scales a row by the reciprocal of its root mean square.
  /// ```
  /// y[i] = x[i] · r · g[i],   r = 1 / √(mean(x²) + ε)
  /// ```
  /// - Parameters:
  ///   - x: The row to normalise, `[dModel]`.
  ///   - gain: The learned scale `g`, `[dModel]`.
  ///   - epsilon: The `ε` under the root.
  ///   - scale: The scale to use instead of `r`, where it is frozen.
  ///   - y: Where the result goes, `[dModel]`.
  /// - Returns: The scale used, which the frozen pullback reuses as a constant.
  public static func rmsNorm(
    _ x: Span<Float>, gain: Span<Float>, epsilon: Float, frozenScale scale: Float? = nil,
    into y: inout MutableSpan<Float>
  ) -> Float {
    var squares = 0.0
    for i in x.indices { squares += Double(x[i]) * Double(x[i]) }
    let r = scale ?? Float(1 / (squares / Double(x.count) + Double(epsilon)).squareRoot())
    for i in x.indices { y[i] = x[i] * r * gain[i] }
    return r
  }

  /// Takes a row's mean out, scales it to unit variance, then by a learned gain, and adds a learned bias.
  /// ```
  /// y[i] = (x[i] − mean(x)) · r · g[i] + b[i],   r = 1 / √(var(x) + ε)
  /// ```
  /// - Parameters: as ``rmsNorm(_:gain:epsilon:frozenScale:into:)``, and `bias`, the learned `b`, `[dModel]`.
  /// - Returns: The scale used.
  public static func layerNorm(
    _ x: Span<Float>, gain: Span<Float>, bias: Span<Float>, epsilon: Float, frozenScale scale: Float? = nil,
    into y: inout MutableSpan<Float>
  ) -> Float {
    var sum = 0.0
    for i in x.indices { sum += Double(x[i]) }
    let mean = sum / Double(x.count)
    var squares = 0.0
    for i in x.indices { squares += (Double(x[i]) - mean) * (Double(x[i]) - mean) }
    let r = scale ?? Float(1 / (squares / Double(x.count) + Double(epsilon)).squareRoot())
    for i in x.indices { y[i] = Float(Double(x[i]) - mean) * r * gain[i] + bias[i] }
    return r
  }

  /// The pullback of either norm with its scale held constant.
  /// ```
  /// gx[i] = r · (g[i] · gy[i] − mean(g ⊙ gy))        (RMS norm: without the mean)
  /// ```
  /// - Parameters:
  ///   - gy: The gradient at the norm's output, `[dModel]`.
  ///   - gain: The learned scale `g`, `[dModel]`.
  ///   - scale: The frozen `r`.
  ///   - centers: Whether the norm takes the mean out.
  ///   - gx: Where the gradient at the input goes, `[dModel]`.
  public static func frozenNormPullback(
    _ gy: Span<Float>, gain: Span<Float>, scale: Float, centers: Bool, into gx: inout MutableSpan<Float>
  ) {
    var mean = 0.0
    if centers {
      for i in gy.indices { mean += Double(gain[i]) * Double(gy[i]) }
      mean /= Double(gy.count)
    }
    for i in gy.indices { gx[i] = scale * (gain[i] * gy[i] - Float(mean)) }
  }
}
