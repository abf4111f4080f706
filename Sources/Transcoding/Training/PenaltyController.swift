internal import Foundation

/// Finds the penalty `λ` at which features are as sparse as wanted.
/// ```
/// e = clamp(ln L0 + h · slope of ln L0 − aim in h steps, −1, 1)      ln λ = e + gain · Σ e
/// ```
/// Features follow a penalty after hundreds of steps, and go on when it changes again; so what is steered is the L0
/// that the present slope leads to `h` steps later. The aim goes from the first L0 to the wanted over the first steps,
/// evenly in its logarithm. With one wanted number there is one `λ`, steered by the mean over layers; with one a layer
/// each layer has its own. It runs to the end of training.
public struct PenaltyController: Codable, Hashable, Sendable {
  /// `L0*`, one or one a layer.
  public let wanted: [Double]
  public let gain: Double
  /// Steps over which the aim moves.
  public let rampSteps: Int
  private var stepCount = 0
  private var start: [Double] = []
  /// `ln L0`, averaged over the last tens of steps, and over a few times as many.
  private var near: [Double] = []
  private var far: [Double] = []
  private var sums: [Double]
  private var errors: [Double]

  /// `h`, in steps.
  private static let horizon = 400.0
  /// The reach of the averages, in steps.
  private static let (nearSteps, farSteps) = (30.0, 120.0)

  public init(wanted: [Double], gain: Double, rampSteps: Int, initial: Double) {
    self.wanted = wanted
    self.gain = gain
    self.rampSteps = rampSteps
    sums = wanted.map { _ in log(initial) }
    errors = wanted.map { _ in 0 }
  }

  /// Whether it is one that training with these numbers wanted has made: what is read from a file may be anything.
  public func isSound(wanted: [Double]) -> Bool {
    let begun = stepCount == 0 ? 0 : wanted.count
    return self.wanted == wanted && stepCount >= 0 && stepCount < 1 << 48 && rampSteps < 1 << 48
      && [sums, errors].allSatisfy { $0.count == wanted.count && $0.allSatisfy(\.isFinite) }
      && [start, near, far].allSatisfy { $0.count == begun && $0.allSatisfy(\.isFinite) }
  }

  /// `λ` of a layer.
  public func penalty(layer: Int) -> Double {
    let place = wanted.count == 1 ? 0 : layer
    return exp(errors[place] + sums[place])
  }

  /// Takes note of a step's active features a token, `[layer]`.
  public mutating func update(active: [Double]) {
    let measured = (wanted.count == 1 ? [active.reduce(0, +) / Double(active.count)] : active)
      .map { log(max($0, 1e-6)) }
    if stepCount == 0 { (start, near, far) = (measured, measured, measured) }
    let part = min(1, (Double(stepCount) + Self.horizon) / Double(max(1, rampSteps)))
    for (place, value) in measured.enumerated() {
      near[place] += (value - near[place]) / Self.nearSteps
      far[place] += (value - far[place]) / Self.farSteps
      let slope = (near[place] - far[place]) / (Self.farSteps - Self.nearSteps)
      let aim = (1 - part) * start[place] + part * log(wanted[place])
      errors[place] = max(-1, min(1, near[place] + Self.horizon * slope - aim))
      sums[place] += gain * errors[place]
    }
    stepCount += 1
  }
}
