internal import Foundation

/// A nonlinearity inside an MLP, under the names that model configurations give it.
public enum Activation: String, Sendable, CaseIterable {
  case relu
  case squaredReLU = "relu2"
  case leakyReLU = "leaky_relu"
  case silu
  /// `x · Φ(x)`, by the error function.
  case gelu
  /// GELU by its tanh approximation.
  case geluTanh = "gelu_pytorch_tanh"
  case quickGELU = "quick_gelu"
  case mish
  case tanh
  case sigmoid

  /// The nonlinearity that a configuration names, `nil` if the name is unknown.
  public init?(configurationName name: String) {
    switch name {
    case "gelu_new", "gelu_fast", "gelu_accurate", "gelu_tanh": self = .geluTanh
    case "gelu_python", "gelu_erf": self = .gelu
    case "swish": self = .silu
    case "relu_squared": self = .squaredReLU
    default: self.init(rawValue: name)
    }
  }

  /// Its value at `x`.
  public func callAsFunction(_ x: Float) -> Float {
    switch self {
    case .relu: max(x, 0)
    case .squaredReLU: max(x, 0) * max(x, 0)
    case .leakyReLU: x > 0 ? x : 0.01 * x
    case .silu: x / (1 + expf(-x))
    case .gelu: 0.5 * x * (1 + erff(x * 0.707_106_781_186_547_5))
    case .geluTanh: 0.5 * x * (1 + tanhf(0.797_884_560_802_865_4 * (x + 0.044715 * x * x * x)))
    case .quickGELU: x / (1 + expf(-1.702 * x))
    case .mish: x * tanhf(log1pf(expf(x)))
    case .tanh: tanhf(x)
    case .sigmoid: 1 / (1 + expf(-x))
    }
  }

  /// Its slope at `x`; at a kink, the slope from the left.
  public func derivative(_ x: Float) -> Float {
    switch self {
    case .relu: return x > 0 ? 1 : 0
    case .squaredReLU: return 2 * max(x, 0)
    case .leakyReLU: return x > 0 ? 1 : 0.01
    case .silu:
      let s = 1 / (1 + expf(-x))
      return s * (1 + x * (1 - s))
    case .gelu:
      // Φ(x) + x φ(x), φ the normal density
      return 0.5 * (1 + erff(x * 0.707_106_781_186_547_5)) + x * 0.398_942_280_401_432_7 * expf(-0.5 * x * x)
    case .geluTanh:
      let t = tanhf(0.797_884_560_802_865_4 * (x + 0.044715 * x * x * x))
      return 0.5 * (1 + t)
        + 0.5 * x * (1 - t * t) * 0.797_884_560_802_865_4 * (1 + 3 * 0.044715 * x * x)
    case .quickGELU:
      let s = 1 / (1 + expf(-1.702 * x))
      return s * (1 + 1.702 * x * (1 - s))
    case .mish:
      let t = tanhf(log1pf(expf(x)))
      return t + x * (1 - t * t) / (1 + expf(-x))
    case .tanh:
      let t = tanhf(x)
      return 1 - t * t
    case .sigmoid:
      let s = 1 / (1 + expf(-x))
      return s * (1 - s)
    }
  }
}

extension Kernels {
  /// Applies a nonlinearity to every number in place.
  public static func activate(_ x: inout MutableSpan<Float>, by activation: Activation) {
    for i in x.indices { x[i] = activation(x[i]) }
  }

  /// Turns scores into probabilities in place.
  /// ```
  /// p[i] = exp(x[i] − max x) / Σ_j exp(x[j] − max x)
  /// ```
  public static func softmax(_ x: inout MutableSpan<Float>) {
    guard x.count > 0 else { return }
    var largest = x[0]
    for i in x.indices { largest = max(largest, x[i]) }
    var sum = 0.0
    for i in x.indices {
      x[i] = expf(x[i] - largest)
      sum += Double(x[i])
    }
    let scale = Float(1 / sum)
    for i in x.indices { x[i] *= scale }
  }
}
