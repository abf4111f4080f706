internal import Foundation

/// Rotary position embedding with the two halves of a head paired, as Hugging Face stores weights.
public struct RotaryEmbedding: Sendable {
  /// `[dHead / 2]`, radians a position.
  public let frequencies: [Double]

  /// How long-context models stretch the frequencies.
  public enum Scaling: Hashable, Sendable {
    /// Every position is divided by a factor.
    case linear(factor: Double)
    /// Llama 3: slow frequencies are divided by the factor, fast ones kept, those between blended.
    case llama3(factor: Double, lowFactor: Double, highFactor: Double, originalContext: Double)
  }

  /// The usual frequencies, `θ^(−2i / dHead)`, scaled if asked.
  public init(dHead: Int, base: Double, scaling: Scaling? = nil) {
    frequencies = (0..<dHead / 2).map { i in
      let frequency = pow(base, -2 * Double(i) / Double(dHead))
      switch scaling {
      case nil: return frequency
      case .linear(let factor): return frequency / factor
      case .llama3(let factor, let low, let high, let context):
        let wavelength = 2 * Double.pi / frequency
        if wavelength < context / high { return frequency }
        if wavelength > context / low { return frequency / factor }
        let smooth = (context / wavelength - low) / (high - low)
        return (1 - smooth) * frequency / factor + smooth * frequency
      }
    }
  }

  /// Turns every head of a row by its position, in place.
  /// ```
  /// (x[i], x[i + c/2]) → (x[i] cos − x[i + c/2] sin, x[i + c/2] cos + x[i] sin),  angle = position · frequency[i]
  /// ```
  /// - Parameters:
  ///   - x: `[head, dHead]`.
  ///   - position: The row's place in the text.
  public func rotate(_ x: inout MutableSpan<Float>, position: Int) {
    let half = frequencies.count
    for i in 0..<half {
      let (cosine, sine) = Self.turn(Double(position) * frequencies[i])
      var first = i
      while first < x.count {
        let a = x[first], b = x[first + half]
        x[first] = a * cosine - b * sine
        x[first + half] = b * cosine + a * sine
        first += 2 * half
      }
    }
  }

  static func turn(_ angle: Double) -> (cosine: Float, sine: Float) { (Float(cos(angle)), Float(sin(angle))) }
}
