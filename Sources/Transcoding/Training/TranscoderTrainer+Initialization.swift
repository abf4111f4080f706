internal import Foundation
internal import Tensors

extension TranscoderTrainer {
  /// Sets all learned numbers to where training starts.
  ///
  /// Encoder rows are random unit vectors, decoders uniform within `±0.1 / √(targets · d)`, and the bias of each
  /// feature is such that it is active on the wanted share of the batch's tokens.
  /// - Throws: ``TrainingError/diverged(step:layer:what:kept:)`` if the batch holds what is not finite.
  public func initialize(from batch: TrainingBatch) throws(TrainingError) {
    var generator = SeededGenerator(seed: settings.seed)
    for layer in layers {
      for feature in 0..<layer.featureCount {
        let row = (0..<layer.inputWidth).map { _ in generator.normal() }
        let norm = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
        for (i, value) in row.enumerated() {
          layer.encoder.start[feature * layer.inputWidth + i] = Float(value / norm)
        }
      }
      let reach = 0.1 / Double(layer.decoderWidth).squareRoot()
      for i in 0..<layer.decoder.count { layer.decoder.start[i] = Float(reach * (2 * generator.unit() - 1)) }
      let threshold = settings.activation == .jumpReLU ? settings.initialThreshold : 0
      for feature in 0..<layer.featureCount {
        layer.logThreshold.start[feature] = Float(log(settings.initialThreshold))
      }
      try setBiases(layer, batch, threshold: Float(threshold))
    }
  }

  private func setBiases(
    _ layer: FeatureParameters, _ batch: TrainingBatch, threshold: Float
  ) throws(TrainingError) {
    let rows = min(batch.rows, 4096)
    let inputs = Matrix(
      rows: rows, columns: layer.inputWidth,
      values: Array(
        UnsafeBufferPointer(start: batch.input(layer: layer.layer, row: 0), count: rows * layer.inputWidth)))
    let place = min(rows - 1, Int(Double(rows) * (1 - settings.initialDensity)))
    for first in stride(from: 0, to: layer.featureCount, by: 256) {
      let features = first..<min(first + 256, layer.featureCount)
      let encoder = Matrix(
        rows: features.count, columns: layer.inputWidth,
        values: layer.encoder.values.values(
          first * layer.inputWidth..<features.upperBound * layer.inputWidth))
      let values = WeightMatrix(inputs)
      let products = encoder.multiplied(byTransposed: values)  // [feature, token]
      for (row, feature) in features.enumerated() {
        let sorted = products.row(row).sorted()
        guard let last = sorted.last, last.isFinite, sorted[0].isFinite else {
          throw .diverged(step: 0, layer: layer.layer, what: "an input", kept: nil)
        }
        layer.encoderBias.start[feature] = threshold - sorted[place]
      }
    }
  }
}
