internal import Foundation

/// Rotary position embedding with the two halves of what is rotated of a head paired, as Hugging Face stores weights.
public struct RotaryEmbedding: Hashable, Sendable {
  /// `c`, the width of a head.
  public let dHead: Int
  /// Radians a position, `[pair]`; at most `dHead / 2` of them. What they do not reach of a head stays as it is.
  public let frequencies: [Double]
  /// What rotated numbers are multiplied by; 1 but for YaRN.
  public let amplitude: Double

  /// How long-context models stretch the frequencies.
  public enum Scaling: Hashable, Sendable {
    /// Every position is divided by a factor.
    case linear(factor: Double)
    /// Llama 3: slow frequencies are divided by the factor, fast ones kept, those between blended.
    case llama3(factor: Double, lowFactor: Double, highFactor: Double, originalContext: Double)
    /// YaRN: the same by the number of turns over the original context, and all is amplified; Peng et al. 2023, sections
    /// 3.2 to 3.4.
    case yarn(
      factor: Double, fastTurns: Double, slowTurns: Double, originalContext: Double, amplitude: Double,
      rounds: Bool)
  }

  /// The usual frequencies, `θ^(−2i / width)`, scaled if asked.
  /// - Parameter width: How much of a head is rotated, from its start; all if `nil`.
  public init(dHead: Int, width: Int? = nil, base: Double, scaling: Scaling? = nil) {
    let width = width ?? dHead
    self.dHead = dHead
    let plain = (0..<width / 2).map { pow(base, -2 * Double($0) / Double(width)) }
    guard let scaling else {
      frequencies = plain
      amplitude = 1
      return
    }
    switch scaling {
    case .linear(let factor):
      frequencies = plain.map { $0 / factor }
      amplitude = 1
    case .llama3(let factor, let low, let high, let context):
      frequencies = plain.map { frequency in
        let wavelength = 2 * Double.pi / frequency
        if wavelength < context / high { return frequency }
        if wavelength > context / low { return frequency / factor }
        let smooth = (context / wavelength - low) / (high - low)
        return (1 - smooth) * frequency / factor + smooth * frequency
      }
      amplitude = 1
    case .yarn(let factor, let fast, let slow, let context, let amplitude, let rounds):
      // The pair that makes so many turns over the original context.
      func pair(_ turns: Double) -> Double {
        Double(width) * log(context / (turns * 2 * .pi)) / (2 * log(base))
      }
      let ends = (
        rounds ? pair(fast).rounded(.down) : pair(fast), rounds ? pair(slow).rounded(.up) : pair(slow)
      )
      let low = max(ends.0, 0)
      let high = min(ends.1, Double(width - 1))
      frequencies = plain.enumerated().map { i, frequency in
        let ramp = min(max((Double(i) - low) / (high == low ? 0.001 : high - low), 0), 1)
        return ramp * frequency / factor + (1 - ramp) * frequency
      }
      self.amplitude = amplitude
    }
  }

  /// Turns every head of a row by its position, in place.
  /// ```
  /// (x[i], x[i + n]) → (x[i] cos − x[i + n] sin, x[i + n] cos + x[i] sin),  angle = position · frequency[i], n pairs
  /// ```
  /// - Parameters:
  ///   - x: `[head, dHead]`.
  ///   - position: The row's place in the text.
  public func rotate(_ x: inout MutableSpan<Float>, position: Int) {
    let half = frequencies.count
    for i in 0..<half {
      let (cosine, sine) = turn(Double(position) * frequencies[i])
      var first = i
      while first < x.count {
        let a = x[first], b = x[first + half]
        x[first] = a * cosine - b * sine
        x[first + half] = b * cosine + a * sine
        first += dHead
      }
    }
  }

  func turn(_ angle: Double) -> (cosine: Float, sine: Float) {
    (Float(amplitude * cos(angle)), Float(amplitude * sin(angle)))
  }
}
