public import Tensors
internal import Foundation

/// A matrix of one expert: as it is stored, or in blocks of 32 numbers of 4 bits with a scale each (MXFP4).
public enum ExpertMatrix: Sendable {
  case plain(WeightMatrix)
  case blocks(BlockScaledMatrix)

  /// The matrix to multiply with; blocks are decoded into memory.
  var weight: WeightMatrix {
    switch self {
    case .plain(let weight): weight
    case .blocks(let blocks): WeightMatrix(blocks.matrix())
    }
  }
}

/// Some MLPs of which each position takes a few, as a router says, and adds up what they write by its weights.
/// ```
/// s = softmax over the k greatest of (W_R x + b_R),   y = Σ_e s[e] · (D_e (clip(u) + 1) ⊙ g σ(α g) + b_D)
/// ```
/// with `g = min(gate, m)` and `u = up` within −m … m, gate and up in turn in the rows of one matrix.
public struct ExpertLayer: Sendable {
  /// One of the MLPs.
  public struct Expert: Sendable {
    /// `[2 · dMLP, dModel]`, gate and up in turn.
    let gateUp: ExpertMatrix
    /// `[2 · dMLP]`.
    let gateUpBias: [Float]
    /// `[dModel, dMLP]`.
    let down: ExpertMatrix
    /// `[dModel]`.
    let downBias: [Float]
  }

  /// `[expert, dModel]`.
  let router: Linear
  /// How many experts a position takes.
  let expertsPerToken: Int
  let experts: [Expert]

  /// `m`, beyond which gate and up are cut off.
  let limit: Float
  /// `α`, how steep the gate is.
  let slope: Float

  /// What the experts write, `[position, dModel]`.
  public func callAsFunction(_ x: Matrix) -> Matrix {
    let scores = router(x)
    var takers = Array(repeating: [(row: Int, weight: Float)](), count: experts.count)
    for row in 0..<x.rows {
      let own = Array(scores[row])
      let chosen = own.indices.sorted { (-own[$0], $0) < (-own[$1], $1) }.prefix(expertsPerToken)
      let greatest = chosen.first.map { own[$0] } ?? 0
      let weights = chosen.map { exp(own[$0] - greatest) }
      let sum = weights.reduce(0, +)
      for (expert, weight) in zip(chosen, weights) { takers[expert].append((row, weight / sum)) }
    }
    var result = Matrix(rows: x.rows, columns: x.columns)
    // In the order of the experts, so that sums do not depend on threads.
    for (expert, takers) in zip(experts, takers) where !takers.isEmpty {
      var input = Matrix(rows: takers.count, columns: x.columns)
      for (place, taker) in takers.enumerated() { input[place] = x[taker.row] }
      let written = write(input, by: expert)
      for (place, taker) in takers.enumerated() {
        result.add(written[place], scaledBy: taker.weight, toRow: taker.row)
      }
    }
    return result
  }

  private func write(_ x: Matrix, by expert: Expert) -> Matrix {
    let both = x.multiplied(byTransposed: expert.gateUp.weight, bias: expert.gateUpBias)
    var inner = Matrix(rows: x.rows, columns: both.columns / 2)
    for i in inner.values.indices {
      let gate = min(both.values[2 * i], limit)
      let up = min(max(both.values[2 * i + 1], -limit), limit)
      inner.values[i] = (up + 1) * gate / (1 + exp(-slope * gate))
    }
    return inner.multiplied(byTransposed: expert.down.weight, bias: expert.downBias)
  }

  func forgetPages() {
    router.weight.forgetPages()
    for expert in experts {
      for matrix in [expert.gateUp, expert.down] {
        switch matrix {
        case .plain(let weight): weight.forgetPages()
        case .blocks(let blocks): blocks.forgetPages()
        }
      }
    }
  }
}
