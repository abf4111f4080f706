internal import CKernels

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019), one step over lists of numbers.
/// ```
/// m ← β1 m + (1 − β1) g      v ← β2 v + (1 − β2) g²
/// w ← w − rate · (m / (1 − β1ⁿ) / (√(v / (1 − β2ⁿ)) + ε) + decay · w)
/// ```
public struct Adam: Sendable {
  public var beta1: Float
  public var beta2: Float
  /// `ε`, added to the root.
  public var epsilon: Float

  public init(beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8) {
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
  }

  /// Takes one step.
  /// - Parameters:
  ///   - weights: `w`, changed in place; `moments` and `squares` are `m` and `v`, of the same count.
  ///   - gradient: Of the same count.
  ///   - gradientScale: What the gradient is multiplied by first, where its norm is clipped.
  ///   - number: `n`, the number of this step, from 1.
  public func step(
    _ weights: inout [Float], gradient: [Float], moments: inout [Float], squares: inout [Float],
    gradientScale: Float = 1, rate: Float, decay: Float = 0, number: Int
  ) {
    let count = weights.count
    precondition(
      gradient.count == count && moments.count == count && squares.count == count && number > 0,
      "step \(number) over \(count) weights, \(gradient.count) gradients, \(moments.count) moments")
    var step = ck_adam_step(
      gradient_scale: gradientScale, beta1: beta1, beta2: beta2, correction1: Self.correction(beta1, number),
      correction2: Self.correction(beta2, number), epsilon: epsilon, rate: rate, decay: decay)
    weights.withUnsafeMutableBufferPointer { weights in
      moments.withUnsafeMutableBufferPointer { moments in
        squares.withUnsafeMutableBufferPointer { squares in
          gradient.withUnsafeBufferPointer { gradient in
            ck_adam(
              &step, gradient.baseAddress, moments.baseAddress, squares.baseAddress, weights.baseAddress,
              count)
          }
        }
      }
    }
  }

  /// `1 − βⁿ`.
  private static func correction(_ beta: Float, _ number: Int) -> Float {
    var power = 1.0, base = Double(beta), n = number
    while n > 0 {
      if n % 2 == 1 { power *= base }
      base *= base
      n /= 2
    }
    return Float(1 - power)
  }
}

extension Kernels {
  /// The sum of squares of a list of numbers, in double precision.
  public static func sumOfSquares(_ x: [Float]) -> Double {
    x.withUnsafeBufferPointer { x in
      guard let start = x.baseAddress else { return 0 }
      return ck_sum_of_squares(start, x.count)
    }
  }
}
