import Foundation
import Transcoding

/// The trainer's loss and gradients as plain loops in double precision, over dense activations.
struct PlainTrainer {
  let shape: TranscoderShape
  let settings: TranscoderTrainingSettings
  let penalty: [Double]  // λ by layer
  var parameters: [String: [Double]]
  /// `[token][layer][dModel]`.
  let inputs, targets: [[[Double]]]
  /// Features that count as dead, by layer.
  var dead: [Set<Int>]

  private func list(_ name: String, _ layer: Int) -> [Double] { parameters["\(name)_\(layer)"] ?? [] }

  /// `z` of all features, `[token][feature]`.
  func preactivations(_ layer: Int) -> [[Double]] {
    let encoder = list("W_enc", layer), bias = list("b_enc", layer), d = shape.dModel
    return inputs.map { input in
      (0..<shape.featureCount).map { feature in
        var z = bias[feature]
        for i in 0..<d { z += encoder[feature * d + i] * input[layer][i] }
        return z
      }
    }
  }

  /// `a`, `[token][layer][feature]`.
  private func activations(_ z: [[[Double]]], _ gates: [[[Bool]]]) -> [[[Double]]] {
    inputs.indices.map { token in
      z.indices.map { layer in
        z[layer][token].indices.map { gates[token][layer][$0] ? z[layer][token][$0] : 0 }
      }
    }
  }

  func norm(_ layer: Int, _ feature: Int) -> Double {
    let width = shape.outputLayers(of: layer).count * shape.dModel
    return list("W_dec", layer)[feature * width..<(feature + 1) * width].reduce(0) { $0 + $1 * $1 }
      .squareRoot()
  }

  func threshold(_ layer: Int, _ feature: Int) -> Double {
    settings.activation == .jumpReLU ? exp(list("log_threshold", layer)[feature]) : 0
  }

  /// Which features count, `[token][layer][feature]`.
  func gates() -> [[[Bool]]] {
    let all = (0..<shape.layerCount).map { preactivations($0) }
    return inputs.indices.map { token in
      (0..<shape.layerCount).map { layer in
        let z = all[layer][token]
        if case .topK(let k) = settings.activation {
          let order = z.indices.sorted { (-z[$0], $0) < (-z[$1], $1) }.prefix(k)
          return z.indices.map { order.contains($0) && z[$0] > 0 }
        }
        return z.indices.map { z[$0] > threshold(layer, $0) }
      }
    }
  }

  func reconstruction(_ token: Int, _ activations: [[Double]]) -> [[Double]] {
    var y = (0..<shape.layerCount).map { list("b_dec", $0) }
    for layer in 0..<shape.layerCount {
      let outputs = shape.outputLayers(of: layer), d = shape.dModel
      let decoder = list("W_dec", layer)
      for feature in 0..<shape.featureCount {
        for (k, output) in outputs.enumerated() {
          guard activations[layer][feature] != 0 else { continue }
          for i in 0..<d {
            y[output][i] += activations[layer][feature] * decoder[(feature * outputs.count + k) * d + i]
          }
        }
      }
      if shape.hasSkip {
        let skip = list("W_skip", layer)
        for o in 0..<d { for i in 0..<d { y[layer][o] += skip[o * d + i] * inputs[token][layer][i] } }
      }
    }
    return y
  }

  /// The loss with given gates; its derivative by all but thresholds is what training uses.
  func loss(_ gates: [[[Bool]]]) -> (errors: [Double], penalty: Double, revival: Double) {
    var errors = [Double](repeating: 0, count: shape.layerCount)
    var sparsity = 0.0, revival = 0.0
    let count = Double(inputs.count)
    let z = (0..<shape.layerCount).map { preactivations($0) }
    let activations = activations(z, gates)
    let norms = (0..<shape.layerCount).map { layer in (0..<shape.featureCount).map { norm(layer, $0) } }
    for token in inputs.indices {
      let a = activations[token]
      let y = reconstruction(token, a)
      for layer in 0..<shape.layerCount {
        for i in 0..<shape.dModel { errors[layer] += pow(y[layer][i] - targets[token][layer][i], 2) / count }
        for f in 0..<shape.featureCount {
          sparsity += penalty[layer] * tanh(settings.sharpness * norms[layer][f] * a[layer][f]) / count
          if dead[layer].contains(f), !gates[token][layer][f] {
            revival -= settings.deadPenalty * z[layer][token][f] * norms[layer][f] / count
          }
        }
      }
    }
    return (errors, sparsity, revival)
  }

  /// `d ln θ` by its formula, `[feature]`.
  func thresholdGradient(_ layer: Int, gates: [[[Bool]]]) -> [Double] {
    let half = settings.bandwidth / 2, count = Double(inputs.count)
    var result = [Double](repeating: 0, count: shape.featureCount)
    let outputs = shape.outputLayers(of: layer), d = shape.dModel, decoder = list("W_dec", layer)
    let all = (0..<shape.layerCount).map { preactivations($0) }
    let activations = activations(all, gates)
    for token in inputs.indices {
      let a = activations[token]
      let y = reconstruction(token, a)
      for f in 0..<shape.featureCount {
        let z = all[layer][token][f], theta = threshold(layer, f)
        guard abs(z - theta) < half else { continue }
        var change = 0.0
        for (k, output) in outputs.enumerated() {
          for i in 0..<d {
            change +=
              2 / count * (y[output][i] - targets[token][output][i])
              * decoder[(f * outputs.count + k) * d + i]
          }
        }
        let n = norm(layer, f), slope = 1 - pow(tanh(settings.sharpness * n * a[layer][f]), 2)
        change += penalty[layer] * settings.sharpness * n * slope / count
        result[f] -= theta * theta / settings.bandwidth * change
      }
    }
    return result
  }
}
