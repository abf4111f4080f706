import Clew
import Foundation
import TestSupport
import Testing

@Suite(.enabled(if: SharedFiles.areAvailable, Comment(rawValue: SharedFiles.reason)))
struct ReconstructionCheckTests {
  @Test(arguments: ["clt", "plt"])
  func `the measures are those of a plain loop over rows`(coder: String) throws {
    let model = try TracingModel(
      model: SharedFiles.url("models/stories260K"),
      transcoders: SharedFiles.url("transcoders/stories260K-\(coder)"))
    let prompt = try Prompt("Tim had a red ball. He loved his red", tokenizer: model.tokenizer)
    var check = ReconstructionCheck(layerCount: 5)
    try check.add(prompt.tokens, with: model)
    let recording = try model.transformer.record(prompt.tokens)
    for layer in 0..<5 {
      let rows = try plainRows(model, recording, layer: layer)
      let width = 64
      var (unexplained, variance, squares, cosine, share) = (0.0, 0.0, 0.0, 0.0, 0.0)
      let mean = (0..<width).map { i in rows.reduce(0) { $0 + $1.y[i] } / Double(rows.count) }
      for (y, r) in rows {
        let ee = zip(y, r).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        let yy = y.reduce(0) { $0 + $1 * $1 }
        unexplained += ee
        squares += yy
        variance += zip(y, mean).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        let rr = r.reduce(0) { $0 + $1 * $1 }
        cosine += zip(y, r).reduce(0) { $0 + $1.0 * $1.1 } / (yy * rr).squareRoot()
        share += (ee / yy).squareRoot()
      }
      let measured = check.layers[layer]
      #expect(measured.rows == rows.count)
      // The loop sums float64, the model float32.
      #expect(abs(try #require(measured.unexplainedVariance) - unexplained / variance) < 1e-4)
      #expect(abs(measured.normalizedSquaredError - unexplained / squares) < 1e-4)
      #expect(abs(measured.cosine - cosine / Double(rows.count)) < 1e-4)
      #expect(abs(measured.errorNormShare - share / Double(rows.count)) < 1e-4)
    }
  }

  /// What the MLP writes and what all features write, row by row, from the dense weights.
  private func plainRows(
    _ model: TracingModel, _ recording: Recording, layer: Int
  ) throws -> [(y: [Double], r: [Double])] {
    let transcoder = model.transcoder
    return (1..<recording.positionCount).map { position in
      var reconstruction = transcoder.layers[layer].decoderBias.map { Double($0) }
      for source in 0...layer where transcoder.outputLayers(of: source).contains(layer) {
        let h = input(model, recording.residualMid[source].row(position), layer: source)
        for index in 0..<transcoder.featureCount(layer: source) {
          let feature = FeatureID(layer: source, index: index)
          let z = zip(transcoder.encoderVector(feature), h).reduce(
            Double(transcoder.layers[source].encoderBias[index])
          ) { $0 + Double($1.0) * $1.1 }
          guard case .jumpReLU(let thresholds) = transcoder.layers[source].activation,
            z > Double(thresholds[index])
          else { continue }
          for (i, d) in transcoder.decoderVector(feature, to: layer).enumerated() {
            reconstruction[i] += z * Double(d)
          }
        }
      }
      return (recording.mlpOutput[layer].row(position).map { Double($0) }, reconstruction)
    }
  }

  /// What the transcoder reads: the stream, or the stream behind the MLP's norm and gain.
  private func input(_ model: TracingModel, _ row: [Float], layer: Int) -> [Double] {
    let row = row.map { Double($0) }
    guard model.transcoder.configuration.inputHook == .mlpInput else { return row }
    let rootMeanSquare = (row.reduce(0) { $0 + $1 * $1 } / Double(row.count) + 1e-5).squareRoot()
    return zip(row, model.transformer.blocks[layer].mlpNorm.gain).map { $0 / rootMeanSquare * Double($1) }
  }
}
