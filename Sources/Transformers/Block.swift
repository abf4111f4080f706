public import Tensors

/// A learned linear map with or without a bias.
public struct Linear: Sendable {
  /// `[outputs, inputs]`.
  public let weight: WeightMatrix
  /// `[outputs]`.
  public let bias: [Float]?

  public init(weight: WeightMatrix, bias: [Float]? = nil) {
    self.weight = weight
    self.bias = bias
  }

  /// `y[t] = W x[t] + b` for every row, `[position, outputs]`.
  public func callAsFunction(_ x: Matrix) -> Matrix { x.multiplied(byTransposed: weight, bias: bias) }
}

/// A norm with its learned numbers.
public struct NormLayer: Sendable {
  public let kind: Norm
  /// `[dModel]`.
  public let gain: [Float]
  /// `[dModel]`; zeros for RMS norms.
  public let bias: [Float]

  public init(kind: Norm, gain: [Float], bias: [Float]) {
    self.kind = kind
    self.gain = gain
    self.bias = bias
  }

  /// Normalises every row.
  /// - Parameters:
  ///   - x: `[position, dModel]`.
  ///   - frozenScales: Scales to use instead of the rows' own, `[position]`.
  /// - Returns: The result `[position, dModel]` and the scales used, `[position]`.
  public func callAsFunction(_ x: Matrix, frozenScales: [Float]? = nil) -> (y: Matrix, scales: [Float]) {
    var y = Matrix(rows: x.rows, columns: x.columns)
    var scales = [Float](repeating: 0, count: x.rows)
    let width = x.columns
    for row in 0..<x.rows {
      let source = x.values.span.extracting(row * width..<(row + 1) * width)
      scales[row] = y.withRow(row) { target in
        switch kind {
        case .rootMeanSquare(let epsilon):
          Kernels.rmsNorm(
            source, gain: gain.span, epsilon: epsilon, frozenScale: frozenScales?[row], into: &target)
        case .layer(let epsilon):
          Kernels.layerNorm(
            source, gain: gain.span, bias: bias.span, epsilon: epsilon, frozenScale: frozenScales?[row],
            into: &target)
        }
      }
    }
    return (y, scales)
  }
}

/// The maps of an attention layer; heads lie side by side.
public struct AttentionLayer: Sendable {
  /// `[head · dHead, dModel]`.
  public let query: Linear
  /// `[keyValueHead · dHead, dModel]`.
  public let key: Linear
  /// `[keyValueHead · dHead, dModel]`.
  public let value: Linear
  /// `[dModel, head · dHead]`.
  public let output: Linear
  /// A norm of each head's queries, before they are rotated; its gain is `[dHead]`.
  public let queryNorm: NormLayer?
  /// The same of keys.
  public let keyNorm: NormLayer?
  /// A score of each head that takes its share of the softmax and has no value, `[head]`: patterns then sum to less than 1.
  public let sinks: [Float]?

  public init(
    query: Linear, key: Linear, value: Linear, output: Linear, queryNorm: NormLayer? = nil,
    keyNorm: NormLayer? = nil, sinks: [Float]? = nil
  ) {
    self.query = query
    self.key = key
    self.value = value
    self.output = output
    self.queryNorm = queryNorm
    self.keyNorm = keyNorm
    self.sinks = sinks
  }
}

/// An MLP, plain or gated.
public struct MLPLayer: Sendable {
  /// `[dMLP, dModel]`; `nil` where the MLP is not gated.
  public let gate: Linear?
  /// `[dMLP, dModel]`.
  public let up: Linear
  /// `[dModel, dMLP]`.
  public let down: Linear
  public let activation: Activation

  public init(gate: Linear?, up: Linear, down: Linear, activation: Activation) {
    self.gate = gate
    self.up = up
    self.down = down
    self.activation = activation
  }

  /// `down(φ(gate x) ⊙ up x)`, or `down(φ(up x))` without a gate; `[position, dModel]`.
  public func callAsFunction(_ x: Matrix) -> Matrix {
    var inner = up(x)
    if let gate {
      var gates = gate(x)
      for i in gates.values.indices { gates.values[i] = activation(gates.values[i]) * inner.values[i] }
      inner = gates
    } else {
      var span = inner.values.mutableSpan
      Kernels.activate(&span, by: activation)
    }
    return down(inner)
  }
}

/// What stands behind the norm before a layer's MLP.
public enum FeedForward: Sendable {
  case dense(MLPLayer)
  case experts(ExpertLayer)

  /// What it writes, `[position, dModel]`.
  public func callAsFunction(_ x: Matrix) -> Matrix {
    switch self {
    case .dense(let mlp): mlp(x)
    case .experts(let experts): experts(x)
    }
  }

  /// Whether it is one MLP with a gate.
  var isGated: Bool {
    if case .dense(let mlp) = self { mlp.gate != nil } else { false }
  }
}

/// One layer of a pre-norm transformer: attention, then an MLP, each behind a norm and added to the residual.
public struct Block: Sendable {
  public let attentionNorm: NormLayer
  public let attention: AttentionLayer
  /// A norm of what attention adds.
  public let attentionPostNorm: NormLayer?
  public let mlpNorm: NormLayer
  public let feedForward: FeedForward
  /// A norm of what the MLP adds.
  public let mlpPostNorm: NormLayer?
  /// Whether the MLP reads the residual stream as it was before attention, side by side with it.
  public let isParallel: Bool

  public init(
    attentionNorm: NormLayer, attention: AttentionLayer, attentionPostNorm: NormLayer? = nil,
    mlpNorm: NormLayer, feedForward: FeedForward, mlpPostNorm: NormLayer? = nil, isParallel: Bool = false
  ) {
    self.attentionNorm = attentionNorm
    self.attention = attention
    self.attentionPostNorm = attentionPostNorm
    self.mlpNorm = mlpNorm
    self.feedForward = feedForward
    self.mlpPostNorm = mlpPostNorm
    self.isParallel = isParallel
  }

  /// Whether the layer is attention, then an MLP, with nothing but a norm before each: what training's own forward and
  /// backward runs know.
  var isPlain: Bool {
    guard case .dense = feedForward else { return false }
    return attentionPostNorm == nil && mlpPostNorm == nil && !isParallel && attention.queryNorm == nil
      && attention.keyNorm == nil && attention.sinks == nil
  }

  /// The one MLP of a plain layer.
  var mlp: MLPLayer {
    guard case .dense(let mlp) = feedForward else { preconditionFailure("a layer of experts has no one MLP") }
    return mlp
  }
}
