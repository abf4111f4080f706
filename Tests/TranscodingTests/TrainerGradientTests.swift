import Clew
import Foundation
import TestSupport
import Testing
import Transcoding

struct TrainerGradientTests {
  /// A trainer after a few random changes, its batch, and the same as plain numbers. Seed 3.
  private struct Case {
    let trainer: TranscoderTrainer
    let batch: TrainingBatch
    let plain: PlainTrainer
  }

  private static func make(
    _ shape: TranscoderShape, _ activation: TranscoderTrainingSettings.Activation, tokens: Int = 140,
    denseShare: Double = 2, deadFeatures: Bool = false
  ) throws -> Case {
    var settings = TranscoderTrainingSettings()
    settings.activation = activation
    settings.targetL0 = [3]
    settings.batchTokens = tokens
    settings.stepCount = 10
    settings.initialPenalty = 0.05
    settings.initialDensity = 0.2
    settings.denseShare = denseShare
    settings.deadPenalty = 0.01
    var generator = SeededGenerator(seed: 3)
    let batch = TrainingBatch(shape: shape, capacity: tokens)
    var inputs: [[[Double]]] = [], targets: [[[Double]]] = []
    let width = shape.layerCount * shape.dModel
    for _ in 0..<tokens {
      let row = (0..<2 * width).map { _ in Float(generator.normal()) }
      batch.append(row.span)
      func part(_ start: Int) -> [[Double]] {
        (0..<shape.layerCount).map { layer in
          row[start + layer * shape.dModel..<start + (layer + 1) * shape.dModel].map(Double.init)
        }
      }
      inputs.append(part(0))
      targets.append(part(width))
    }
    let trainer = try TranscoderTrainer(shape, settings: settings)
    try trainer.initialize(from: batch)
    for (name, values) in trainer.parameters.sorted(by: { $0.key < $1.key }) {
      // Large decoders, so that the penalty bends; other lists move a little.
      let scale = name.hasPrefix("W_dec") ? 0.3 : 0.1
      trainer.setParameter(name, values.map { $0 + Float(scale * generator.normal()) })
    }
    var dead = [Set<Int>](repeating: [], count: shape.layerCount)
    if deadFeatures {
      for layer in 0..<shape.layerCount {
        for feature in [0, 3] {
          trainer.setIdleTokens(settings.deadAfter, layer: layer, feature: feature)
          dead[layer].insert(feature)
        }
      }
    }
    let isPenalized = [.jumpReLU, .reLU].contains(activation)
    let plain = PlainTrainer(
      shape: shape, settings: settings,
      penalty: (0..<shape.layerCount).map { isPenalized ? trainer.controller.penalty(layer: $0) : 0 },
      parameters: trainer.parameters.mapValues { $0.map(Double.init) }, inputs: inputs, targets: targets,
      dead: dead)
    return Case(trainer: trainer, batch: batch, plain: plain)
  }

  private static let cross = TranscoderShape(kind: .crossLayer, layerCount: 3, dModel: 20, featureCount: 24)
  private static let skip = TranscoderShape(
    kind: .perLayer, layerCount: 2, dModel: 20, featureCount: 24, hasSkip: true)

  private typealias Variant = (TranscoderShape, TranscoderTrainingSettings.Activation, Double, Bool)
  /// Shape, activation, from which share on products are used, and whether some features are dead.
  private static let variants: [Variant] = [
    (cross, .jumpReLU, 2, false), (cross, .jumpReLU, 0, true), (cross, .reLU, 2, true),
    (skip, .jumpReLU, 2, false), (skip, .jumpReLU, 0, false), (cross, .topK(4), 2, false),
    (cross, .topK(4), 0, false),
  ]

  @Test(arguments: variants)
  func `gradients are those of plain loops in double precision`(
    shape: TranscoderShape, activation: TranscoderTrainingSettings.Activation, denseShare: Double, dead: Bool
  ) throws {
    let sample = try Self.make(shape, activation, tokens: 24, denseShare: denseShare, deadFeatures: dead)
    let (gradients, errors, penalty) = try sample.trainer.gradients(sample.batch)
    let gates = sample.plain.gates()
    let loss = sample.plain.loss(gates)
    #expect(largestDifference(errors.map { Float($0) }, loss.errors.map { Float($0) }) < 1e-4)
    #expect(abs(penalty - loss.penalty) < 1e-5)
    var generator = SeededGenerator(seed: 5)
    for (name, gradient) in gradients.sorted(by: { $0.key < $1.key }) where !name.hasPrefix("log_threshold") {
      // Central differences in double precision with gates held: their error is 1e-8.
      for _ in 0..<4 {
        let place = Int(generator.unit() * Double(gradient.count))
        var plain = sample.plain
        // What draws dead features up reaches encoders alone: norms are constants there.
        let reachesRevival = name.hasPrefix("W_enc") || name.hasPrefix("b_enc")
        func value(_ change: Double) -> Double {
          plain.parameters[name]?[place] = (sample.plain.parameters[name]?[place] ?? 0) + change
          let loss = plain.loss(gates)
          return loss.errors.reduce(0, +) + loss.penalty + (reachesRevival ? loss.revival : 0)
        }
        let expected = (value(1e-4) - value(-1e-4)) / 2e-4
        #expect(abs(Double(gradient[place]) - expected) < 2e-4 * max(1, abs(expected)), "\(name)[\(place)]")
      }
    }
    guard activation == .jumpReLU else { return }
    for layer in 0..<shape.layerCount {
      let expected = sample.plain.thresholdGradient(layer, gates: gates).map { Float($0) }
      #expect(largestDifference(gradients["log_threshold_\(layer)"] ?? [], expected) < 1e-4)
    }
  }

  @Test(arguments: [
    TranscoderTrainingSettings.Activation.jumpReLU, .reLU, .topK(5), .batchTopK(5),
  ])
  func `products and sparse sums give the same gradients`(
    activation: TranscoderTrainingSettings.Activation
  ) throws {
    let sparse = try Self.make(Self.cross, activation, tokens: 300, deadFeatures: true)
    let dense = try Self.make(Self.cross, activation, tokens: 300, denseShare: 0, deadFeatures: true)
    let left = try sparse.trainer.gradients(sparse.batch), right = try dense.trainer.gradients(dense.batch)
    for (name, gradient) in left.lists {
      // Rounding alone: the order of the sums differs.
      #expect(largestDifference(gradient, right.lists[name] ?? []) < 2e-5, "\(name)")
    }
    #expect(largestDifference(left.errors.map { Float($0) }, right.errors.map { Float($0) }) < 1e-5)
  }

  @Test(arguments: [TranscoderTrainingSettings.Activation.jumpReLU, .batchTopK(5)], [2.0, 0])
  func `one thread and three learn the same bits`(
    activation: TranscoderTrainingSettings.Activation, denseShare: Double
  ) throws {
    let before = Parallel.threadCount
    defer { Parallel.threadCount = before }
    var results: [[String: [Float]]] = []
    for threads in [1, 3] {
      Parallel.threadCount = threads
      let sample = try Self.make(Self.cross, activation, tokens: 700, denseShare: denseShare)
      for _ in 0..<3 { _ = try sample.trainer.step(sample.batch) }
      results.append(sample.trainer.parameters)
    }
    #expect(results[0] == results[1])
  }

  @Test func `TopK keeps k positive features, of equals the first`() throws {
    let shape = TranscoderShape(kind: .crossLayer, layerCount: 1, dModel: 4, featureCount: 10)
    let sample = try Self.make(shape, .topK(3), tokens: 20)
    // All encoders alike: every preactivation of a token is the same.
    sample.trainer.setParameter("W_enc_0", (0..<40).map { [1, -1, 0.5, 0][$0 % 4] })
    sample.trainer.setParameter("b_enc_0", Array(repeating: 0, count: 10))
    let step = try sample.trainer.gradients(sample.batch)
    let moved = try #require(step.lists["b_enc_0"]).indices.filter { step.lists["b_enc_0"]?[$0] != 0 }
    #expect(moved == [0, 1, 2])
  }

  @Test func `BatchTopK keeps k features a token on average, however the batch before was`() throws {
    let sample = try Self.make(Self.cross, .batchTopK(4), tokens: 256)
    for _ in 0..<4 {
      let step = try sample.trainer.step(sample.batch)
      for active in step.active { #expect(abs(active - 4) < 1e-9) }
    }
  }

  @Test func `what is not a number stops training and names the layer`() throws {
    let sample = try Self.make(Self.cross, .jumpReLU)
    let before = sample.trainer.parameters
    var bias = try #require(before["b_dec_1"])
    bias[3] = .nan
    sample.trainer.setParameter("b_dec_1", bias)
    let error = #expect(throws: TrainingError.self) { _ = try sample.trainer.step(sample.batch) }
    #expect(error == .diverged(step: 1, layer: 1, what: "the reconstruction", kept: nil))
    #expect(sample.trainer.parameters["W_enc_0"] == before["W_enc_0"])
  }

  @Test(arguments: [[3.0], [2, 3, 5]])
  func `the controller reaches the L0 wanted, and calibration meets it`(wanted: [Double]) throws {
    var settings = TranscoderTrainingSettings()
    settings.targetL0 = wanted
    settings.batchTokens = 512
    settings.stepCount = 1200
    settings.controllerGain = 0.02
    settings.seed = 4
    let shape = TranscoderShape(kind: .crossLayer, layerCount: 3, dModel: 16, featureCount: 48)
    // Sparse causes behind inputs and targets. Seed 6.
    var generator = SeededGenerator(seed: 6)
    let causes = (0..<40).map { _ in (0..<96).map { _ in Float(generator.normal() * 0.3) } }
    func batch() -> TrainingBatch {
      let batch = TrainingBatch(shape: shape, capacity: 512)
      for _ in 0..<512 {
        var row = [Float](repeating: 0, count: 96)
        for cause in causes where generator.unit() < 0.1 {
          let size = Float(0.5 + generator.unit())
          for i in row.indices { row[i] += size * cause[i] }
        }
        batch.append(row.span)
      }
      return batch
    }
    let batches = (0..<8).map { _ in batch() }, heldOut = [batch(), batch()]
    let trainer = try TranscoderTrainer(shape, settings: settings)
    try trainer.initialize(from: batches[0])
    for step in 0..<settings.stepCount { _ = try trainer.step(batches[step % 8]) }
    let reached = trainer.activeFeatures(heldOut, thresholds: trainer.thresholds)
    let calibrated = trainer.calibratedThresholds(heldOut, tolerance: 0.02).thresholds
    let met = trainer.activeFeatures(heldOut, thresholds: calibrated)
    func compare(_ active: [Double], _ tolerance: Double) {
      let values = wanted.count == 1 ? [active.reduce(0, +) / 3] : active
      for (value, wanted) in zip(values, wanted) {
        #expect(abs(value / wanted - 1) < tolerance, "\(active)")
      }
    }
    // The controller follows slowly, and the last steps change little.
    compare(reached, 0.5)
    compare(met, 0.05)
    let error = trainer.evaluate(heldOut, thresholds: calibrated)
    #expect(error.unexplainedVariance.allSatisfy { $0 < 0.9 })
    #expect(error.activeFeatures == met)
  }
}
