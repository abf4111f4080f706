import Clew
import Foundation
import Tensors
import Testing

/// Thresholds that are set at the end of a training, on tokens of which many are the same.
struct ThresholdCalibrationTests {
  private static let shape = TranscoderShape(kind: .perLayer, layerCount: 2, dModel: 8, featureCount: 12)
  private static let scaling = ActivationScaling(identityFor: shape)
  private static let activations: [TranscoderTrainingSettings.Activation] = [
    .jumpReLU, .topK(3), .batchTopK(3),
  ]

  /// A trainer and the tokens that its thresholds are set on.
  private struct Sample {
    let trainer: TranscoderTrainer
    let rows: [[Float]]
    let batches: [TrainingBatch]
    var rowCount: Int { batches.reduce(0) { $0 + $1.rows } }

    /// Tokens as where texts begin alike: nine that come 33 times each, and 60 others. Seed 8.
    init(_ activation: TranscoderTrainingSettings.Activation, wanted: [Double] = [3]) throws {
      var settings = TranscoderTrainingSettings()
      settings.activation = activation
      settings.targetL0 = wanted
      settings.batchTokens = 200
      settings.stepCount = 10
      settings.initialDensity = 0.6
      var generator = SeededGenerator(seed: 8)
      func row() -> [Float] {
        (0..<2 * ThresholdCalibrationTests.shape.layerCount * ThresholdCalibrationTests.shape.dModel).map {
          _ in Float(generator.normal())
        }
      }
      var rows: [[Float]] = []
      for _ in 0..<9 { rows += Array(repeating: row(), count: 33) }
      for _ in 0..<60 { rows.append(row()) }
      rows.shuffle(using: &generator)
      batches = stride(from: 0, to: rows.count, by: 200).map { first in
        let batch = TrainingBatch(shape: ThresholdCalibrationTests.shape, capacity: 200)
        for row in rows[first..<min(first + 200, rows.count)] { batch.append(row.span) }
        return batch
      }
      trainer = try TranscoderTrainer(ThresholdCalibrationTests.shape, settings: settings)
      try trainer.initialize(from: batches[0])
      self.rows = rows
    }
    /// `z` by a plain loop, `[layer][feature][token]`.
    func preactivations() throws -> [[[Double]]] {
      let d = ThresholdCalibrationTests.shape.dModel
      return try (0..<ThresholdCalibrationTests.shape.layerCount).map { layer in
        let encoder = try #require(trainer.parameters["W_enc_\(layer)"])
        let bias = try #require(trainer.parameters["b_enc_\(layer)"])
        return bias.enumerated().map { feature, bias in
          rows.map { row in
            (0..<d).reduce(Double(bias)) {
              $0 + Double(encoder[feature * d + $1]) * Double(row[layer * d + $1])
            }
          }
        }
      }
    }

    func calibrated(_ wanted: [Double]? = nil) -> [[Float]] {
      let found = trainer.calibratedThresholds(batches, wanted: wanted, tolerance: 0.02)
      return trainer.cleared(
        found.thresholds, batches: batches, wanted: wanted, scaling: ThresholdCalibrationTests.scaling,
        share: 0.01)
    }
  }

  @Test(arguments: activations)
  func `no preactivation lies so near to its threshold that rounding could decide`(
    activation: TranscoderTrainingSettings.Activation
  ) throws {
    let sample = try Sample(activation)
    let thresholds = sample.calibrated()
    let z = try sample.preactivations()
    var active = [0.0, 0.0]
    for (layer, features) in z.enumerated() {
      for (feature, values) in features.enumerated() {
        let threshold = Double(thresholds[layer][feature])
        // Preactivations of size 1 are summed to 2e-7 here.
        #expect(values.allSatisfy { abs($0 - threshold) > 2e-6 }, "layer \(layer), feature \(feature)")
        active[layer] += Double(values.count { $0 > threshold })
      }
    }
    #expect(
      sample.trainer.activeFeatures(sample.batches, thresholds: thresholds)
        == active.map { $0 / Double(sample.rowCount) })
    let undecided = sample.trainer.undecidedFeatures(
      sample.batches, thresholds: thresholds, scaling: Self.scaling)
    #expect(undecided == [0, 0])
  }

  @Test(arguments: activations, [1.0, 2.0, 2.6])
  func `of the ends of a step of L0 the one nearer to the wanted counts`(
    activation: TranscoderTrainingSettings.Activation, wanted: Double
  ) throws {
    let sample = try Sample(activation)
    let z = try sample.preactivations()
    let learned = sample.trainer.thresholds
    // What is passed one after another as the factor, or the threshold, falls.
    func ladder(_ layers: Range<Int>) -> [Double] {
      var passed: [Double] = []
      for layer in layers {
        for (feature, values) in z[layer].enumerated() {
          let unit = activation == .jumpReLU ? Double(learned[layer][feature]) : 1
          passed += values.map { $0 / unit }
        }
      }
      let lowest = activation == .jumpReLU ? 1.0 : 0
      return passed.filter { $0 > lowest }.sorted(by: >)
    }
    func reachable(_ ladder: [Double]) -> [Int] {
      [0] + (1...ladder.count).filter { $0 == ladder.count || ladder[$0 - 1] - ladder[$0] > 1e-5 }
    }
    let met = sample.trainer.activeFeatures(sample.batches, thresholds: sample.calibrated([wanted]))
    let groups = activation == .jumpReLU ? [0..<2] : [0..<1, 1..<2]
    for group in groups {
      let aim = wanted * Double(sample.rowCount * group.count)
      let best = reachable(ladder(group)).map { abs(Double($0) - aim) }.min() ?? 0
      let count = met[group].reduce(0, +) * Double(sample.rowCount)
      #expect(abs(count - aim) < best + 0.5, "\(count) of \(aim)")
    }
  }

  @Test func `thresholds that are far from every preactivation stay where they are`() throws {
    let sample = try Sample(.jumpReLU)
    let far = sample.trainer.thresholds.map { $0.map { _ in Float(1000) } }
    let cleared = sample.trainer.cleared(
      far, batches: sample.batches, scaling: Self.scaling, share: 0.01)
    #expect(cleared == far)
  }

  @Test func `a threshold of zero leaves what is zero but for rounding`() throws {
    let sample = try Sample(.topK(3))
    // Features that read nothing, and whose bias is nothing, or nearly so.
    sample.trainer.setParameter("W_enc_0", Array(repeating: 0, count: 96))
    sample.trainer.setParameter("b_enc_0", (0..<12).map { $0 % 2 == 0 ? 0 : 1e-12 })
    let thresholds = sample.calibrated([8])
    #expect(thresholds[0].allSatisfy { $0 >= 0 })
    let active = sample.trainer.activeFeatures(sample.batches, thresholds: thresholds)
    #expect(active[0] == 0 || active[0] == 6)
    #expect(thresholds[0].enumerated().allSatisfy { $0 % 2 == 0 || $1 != 1e-12 })
  }

  @Test func `thresholds far over what training has seen are found`() throws {
    let sample = try Sample(.batchTopK(3))
    sample.trainer.setParameter(
      "W_enc_1", (sample.trainer.parameters["W_enc_1"] ?? []).map { 1e4 * $0 })
    let met = sample.trainer.activeFeatures(sample.batches, thresholds: sample.calibrated([1]))
    #expect(abs(met[1] - 1) < 0.2, "\(met)")
  }
}
