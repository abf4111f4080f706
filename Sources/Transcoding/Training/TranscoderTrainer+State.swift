public import Checkpoints
internal import Tensors

/// Everything that training goes on from, by name, for checkpoints and tests.
extension TranscoderTrainer {
  /// The learned lists by name.
  package var parameters: [String: [Float]] {
    Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0.list) })
  }

  /// Changes a learned list.
  package func setParameter(_ name: String, _ values: [Float]) {
    guard let tensor = tensors.first(where: { $0.name == name }), tensor.count == values.count else {
      preconditionFailure("\(values.count) numbers for '\(name)'")
    }
    tensor.set(values)
  }

  /// The loss's gradient by every learned list, and the errors and the penalty.
  package func gradients(
    _ batch: TrainingBatch
  ) throws(TrainingError) -> (lists: [String: [Float]], errors: [Double], penalty: Double) {
    let (errors, penalty, _) = try forwardAndBack(batch)
    return (Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0.gradientList) }), errors, penalty)
  }

  /// Makes features count as dead, or alive again.
  package func setIdleTokens(_ count: Int, layer: Int, feature: Int) {
    layers[layer].idleTokens[feature] = Int64(count)
  }

  /// What a checkpoint needs beside the settings: learned lists, the optimiser's memory, how long features have been
  /// idle.
  public func write(to writer: inout SafetensorsWriter) {
    for tensor in tensors {
      writer.add(tensor.name, tensor.list, shape: [tensor.count])
      writer.add("moments.\(tensor.name)", tensor.momentList, shape: [tensor.count])
      writer.add("squares.\(tensor.name)", tensor.squareList, shape: [tensor.count])
    }
    for layer in layers {
      writer.add("idle_\(layer.layer)", layer.idleTokens, shape: [layer.featureCount])
    }
  }

  /// Goes on from a checkpoint.
  public func restore(
    _ file: SafetensorsFile, stepCount: Int, controller: PenaltyController
  ) throws(CheckpointError) {
    for tensor in tensors {
      tensor.set(try file.tensor(tensor.name).vector(count: tensor.count))
      tensor.set(
        moments: try file.tensor("moments.\(tensor.name)").vector(count: tensor.count),
        squares: try file.tensor("squares.\(tensor.name)").vector(count: tensor.count))
    }
    for layer in layers {
      let stored = try file.tensor("idle_\(layer.layer)")
      let idle = try stored.integers()
      guard idle.count == layer.featureCount else {
        throw .wrongShape(
          name: stored.name, path: stored.file.path, expected: [layer.featureCount], actual: stored.shape)
      }
      guard idle.allSatisfy({ (0..<1 << 48).contains($0) }) else {
        throw .badHeader(
          path: stored.file.path, reason: "features were idle for impossible numbers of tokens")
      }
      layer.idleTokens = idle.map { Int64($0) }
    }
    self.stepCount = stepCount
    self.controller = controller
  }
}
