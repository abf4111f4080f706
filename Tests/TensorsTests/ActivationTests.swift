import Foundation
import Tensors
import TestSupport
import Testing

/// Nonlinearities, softmax and rotary embedding against their formulas in double precision.
struct ActivationTests {
  private func exact(_ activation: Activation, _ x: Double) -> Double {
    switch activation {
    case .relu: max(x, 0)
    case .squaredReLU: x > 0 ? x * x : 0
    case .leakyReLU: x > 0 ? x : 0.01 * x
    case .silu: x / (1 + exp(-x))
    case .gelu: x * 0.5 * erfc(-x / 2.0.squareRoot())
    case .geluTanh: 0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    case .quickGELU: x / (1 + exp(-1.702 * x))
    case .mish: x * tanh(log1p(exp(x)))
    case .tanh: tanh(x)
    case .sigmoid: 1 / (1 + exp(-x))
    }
  }

  @Test(arguments: Activation.allCases)
  func `a nonlinearity is its formula`(activation: Activation) {
    var inputs = stride(from: Float(-12), through: 12, by: 0.0625).map { $0 }
    inputs += [-100, 100, 1e-20, -1e-20, 0]
    var outputs = inputs
    var span = outputs.mutableSpan
    Kernels.activate(&span, by: activation)
    for (x, y) in zip(inputs, outputs) {
      let expected = exact(activation, Double(x))
      // A few roundings to 6e-8 of numbers as large as the input.
      #expect(
        abs(Double(y) - expected) <= 1e-6 * max(1, abs(Double(x)), abs(expected)), "\(activation) at \(x)")
    }
  }

  @Test(arguments: [
    ("gelu_new", Activation.geluTanh), ("gelu_pytorch_tanh", .geluTanh), ("gelu", .gelu), ("silu", .silu),
    ("swish", .silu), ("relu2", .squaredReLU), ("quick_gelu", .quickGELU), ("mish", .mish), ("relu", .relu),
  ])
  func `a configuration's name finds its nonlinearity`(name: String, activation: Activation) {
    #expect(Activation(configurationName: name) == activation)
  }

  @Test func `an unknown name finds none`() { #expect(Activation(configurationName: "sine") == nil) }

  @Test(arguments: [1, 2, 7, 64, 1000])
  func `softmax is its formula, also of large scores`(count: Int) {
    var generator = SeededGenerator(seed: 51)
    for offset in [0, 80, -300] as [Float] {
      let scores = generator.normals(count).map { 5 * $0 + offset }
      var probabilities = scores
      var span = probabilities.mutableSpan
      Kernels.softmax(&span)
      let largest = Double(scores.max() ?? 0)
      let weights = scores.map { exp(Double($0) - largest) }
      let sum = weights.reduce(0, +)
      // The difference of the scores, its exponential and the scale are each rounded; differences reach 30.
      #expect(largestDifference(probabilities, weights.map { Float($0 / sum) }) < 2e-6)
      #expect(abs(probabilities.reduce(0) { $0 + Double($1) } - 1) < 1e-5)
    }
  }

  @Test(arguments: [
    nil, RotaryEmbedding.Scaling.linear(factor: 4),
    .llama3(factor: 8, lowFactor: 1, highFactor: 4, originalContext: 64),
    .yarn(
      factor: 4, fastTurns: 32, slowTurns: 1, originalContext: 512, amplitude: 1, rounds: true),
  ])
  func `rotary embedding turns each pair of every head`(scaling: RotaryEmbedding.Scaling?) {
    var generator = SeededGenerator(seed: 52)
    let dHead = 8
    let rotary = RotaryEmbedding(dHead: dHead, base: 10_000, scaling: scaling)
    for position in [0, 1, 5, 63, 1000] {
      let x = generator.normals(3 * dHead)
      var turned = x
      var span = turned.mutableSpan
      rotary.rotate(&span, position: position)
      var expected = x
      for head in 0..<3 {
        for i in 0..<dHead / 2 {
          let angle = Double(position) * frequency(i, dHead: dHead, scaling)
          let (first, second) = (head * dHead + i, head * dHead + dHead / 2 + i)
          let (a, b) = (Double(x[first]), Double(x[second]))
          expected[first] = Float(a * cos(angle) - b * sin(angle))
          expected[second] = Float(b * cos(angle) + a * sin(angle))
        }
      }
      // Two products of size 3 and their sum, each rounded to 6e-8.
      #expect(largestDifference(turned, expected) < 2e-6)
    }
  }

  /// The formula of the Llama 3 scaling as its paper's code has it.
  private func frequency(_ i: Int, dHead: Int, _ scaling: RotaryEmbedding.Scaling?) -> Double {
    let plain = 1 / pow(10_000, Double(2 * i) / Double(dHead))
    switch scaling {
    case nil: return plain
    case .linear(let factor): return plain / factor
    case .llama3(let factor, let low, let high, let context):
      // Turns over the original context; few turns are a slow frequency.
      let turns = context * plain / (2 * Double.pi)
      let blend = min(1, max(0, (turns - low) / (high - low)))
      return plain * (blend + (1 - blend) / factor)
    case .yarn(let factor, let fast, let slow, let context, _, _):
      // The same, with the pairs between the two ends, in whole numbers, on a line.
      func pair(_ turns: Double) -> Double {
        Double(dHead) * log(context / (2 * .pi * turns)) / (2 * log(10_000))
      }
      let (low, high) = (max(0, floor(pair(fast))), min(Double(dHead) - 1, ceil(pair(slow))))
      let blend = min(1, max(0, (Double(i) - low) / (high - low)))
      return plain * (1 - blend + blend / factor)
    }
  }
}
