internal import Foundation
internal import Tensors
internal import Tokenization
internal import Transcoding
internal import Transformers

/// Activations of tokens that nothing is learned from: as the model gives them, and normalised.
struct HeldOutActivations {
  let layerCount: Int
  let dModel: Int
  /// The tokens' numbers as they are, `[token][2, layer, dModel]`.
  private(set) var rows: [[Float]] = []
  /// Where the corpus goes on behind them.
  private(set) var end: TokenCorpus.Place

  /// Reads from a place of the corpus on.
  /// - Throws: ``TrainingError/tooFewTokens(count:needed:)`` if the corpus ends before.
  init(
    _ model: Transformer, corpus: TokenCorpus, hook: FeatureInputHook,
    from place: TokenCorpus.Place = .init(),
    tokens: Int, cache: ActivationCache? = nil
  ) throws {
    layerCount = model.configuration.layerCount
    dModel = model.configuration.dModel
    let reader = ActivationReader(model, hook: hook, rowLength: corpus.rowLength, cache: cache)
    var cursor = corpus.cursor(from: place)
    end = place
    while rows.count < tokens {
      let count = try reader.next(&cursor)
      guard count > 0 else { throw TrainingError.tooFewTokens(count: rows.count, needed: tokens) }
      for row in 0..<count { rows.append(reader.row(row)) }
      end = cursor.place
    }
    rows.removeLast(rows.count - tokens)
  }

  /// How many tokens were left out.
  private(set) var outlierCount = 0

  /// Leaves out what training leaves out.
  mutating func keepOnly(_ normalizer: ActivationNormalizer) {
    outlierCount += rows.count
    defer { outlierCount -= rows.count }
    rows.removeAll { row in
      var row = row
      var span = row.mutableSpan
      return !normalizer.apply(&span)
    }
  }

  /// The tokens normalised, in batches.
  /// - Parameter limit: The most tokens; `nil` for all.
  func batches(
    _ shape: TranscoderShape, normalizer: ActivationNormalizer, size: Int, limit: Int? = nil
  ) -> [TrainingBatch] {
    let count = min(limit ?? .max, rows.count)
    return stride(from: 0, to: count, by: size).map { first in
      let batch = TrainingBatch(shape: shape, capacity: size)
      for row in rows[first..<min(first + size, count)] {
        var row = row
        var span = row.mutableSpan
        _ = normalizer.apply(&span)
        batch.append(row.span)
      }
      return batch
    }
  }

  /// Measures transcoders as they were read from files, by their own code.
  func measure(_ transcoder: Transcoder) -> (unexplainedVariance: [Double], activeFeatures: [Double]) {
    let d = dModel
    var errors = [Double](repeating: 0, count: layerCount), active = errors, squares = errors
    var sums = [[Double]](repeating: Array(repeating: 0, count: d), count: layerCount)
    let decoders = transcoder.layers.map { $0.decoder.matrix() }
    for first in stride(from: 0, to: rows.count, by: 512) {
      let part = rows[first..<min(first + 512, rows.count)]
      var reconstructions = (0..<layerCount).map { layer in
        var values: [Float] = []
        for _ in part { values += transcoder.layers[layer].decoderBias }
        return Matrix(rows: part.count, columns: d, values: values)
      }
      for layer in 0..<layerCount {
        let inputs = Matrix(
          rows: part.count, columns: d, values: part.flatMap { $0[layer * d..<(layer + 1) * d] })
        let z = transcoder.preactivations(of: inputs, layer: layer)
        let outputs = transcoder.outputLayers(of: layer)
        if let skip = transcoder.layers[layer].skip {
          reconstructions[layer] += inputs.multiplied(byTransposed: skip)
        }
        for row in 0..<part.count {
          let features = transcoder.activeFeatures(z[row], layer: layer)
          active[layer] += Double(features.count)
          for feature in features {
            let decoder = decoders[layer][feature.index]
            for (place, output) in outputs.enumerated() {
              let start = decoder.startIndex + place * d
              reconstructions[output].add(
                decoder[start..<start + d], scaledBy: feature.activation, toRow: row)
            }
          }
        }
      }
      for layer in 0..<layerCount {
        let start = (layerCount + layer) * d
        for (row, values) in part.enumerated() {
          let reconstruction = reconstructions[layer][row]
          for (i, y) in values[start..<start + d].enumerated() {
            let error = Double(y) - Double(reconstruction[reconstruction.startIndex + i])
            errors[layer] += error * error
            squares[layer] += Double(y) * Double(y)
            sums[layer][i] += Double(y)
          }
        }
      }
    }
    let count = Double(max(1, rows.count))
    let unexplained = (0..<layerCount).map { layer in
      errors[layer] / max(1e-300, squares[layer] - sums[layer].reduce(0) { $0 + $1 * $1 } / count)
    }
    return (unexplained, active.map { $0 / count })
  }
}
