internal import Foundation
internal import Tensors
internal import Transcoding

/// Whether converted transcoders do what their source does, on inputs that activate features.
public struct ConversionCheck: Sendable {
  /// Inputs that were tried, over all layers.
  public var inputs = 0
  /// Features that the source activated on them.
  public var activated = 0
  /// Features that one activated and the other did not.
  public var differing = 0
  /// The largest difference of an activation, and of a number that a layer's features write, each as a part of the largest
  /// one there.
  public var activationDifference = 0.0
  public var reconstructionDifference = 0.0

  init() {}

  private static let inputsPerLayer = 8
  private static let featuresPerInput = 3
  private static let seed: UInt64 = 5
  private static let tolerance = 1e-5

  /// Encodes and decodes in both.
  /// - Parameter isExact: Whether every number was stored as it was, so that nothing may differ.
  /// - Throws: ``ConversionError/behaves(folder:layer:)`` if something does.
  init(of result: Transcoder, against source: Transcoder, isExact: Bool) throws {
    var generator = SeededGenerator(seed: Self.seed)
    guard result.layerCount == source.layerCount else {
      throw ConversionError.behaves(
        folder: result.folder.path, layer: min(result.layerCount, source.layerCount))
    }
    for layer in source.layers.indices {
      let inputs = Self.inputs(for: source, layer: layer, &generator)
      let (own, other) = (
        result.preactivations(of: inputs, layer: layer), source.preactivations(of: inputs, layer: layer)
      )
      for row in 0..<inputs.rows {
        compare(
          result.activeFeatures(own[row], layer: layer), source.activeFeatures(other[row], layer: layer),
          input: inputs.rows(row..<row + 1), layer: layer, result, source)
      }
      self.inputs += inputs.rows
      if isExact, differing > 0 || max(activationDifference, reconstructionDifference) > Self.tolerance {
        throw ConversionError.behaves(folder: result.folder.path, layer: layer)
      }
    }
  }

  /// Inputs in the direction of some features' encoders, far enough to activate each of them, and some noise.
  private static func inputs(
    for source: Transcoder, layer: Int, _ generator: inout SeededGenerator
  ) -> Matrix {
    let weights = source.layers[layer]
    var inputs = Matrix(rows: inputsPerLayer, columns: source.dModel)
    for row in 0..<inputs.rows {
      for i in 0..<source.dModel { inputs.values[row * source.dModel + i] = 0.01 * Float(generator.normal()) }
      for _ in 0..<featuresPerInput where weights.encoder.outputs > 0 {
        let feature = Int(generator.next() % UInt64(weights.encoder.outputs))
        let vector = source.encoderVector(FeatureID(layer: layer, index: feature))
        var threshold: Float = 0
        if case .jumpReLU(let thresholds) = weights.activation { threshold = thresholds[feature] }
        let square = max(1e-6, vector.reduce(0) { $0 + $1 * $1 })
        let goal = threshold - weights.encoderBias[feature] + 1 + abs(threshold)
        inputs.add(vector, scaledBy: goal / square, toRow: row)
      }
    }
    return inputs
  }

  private mutating func compare(
    _ own: [(index: Int, activation: Float)], _ other: [(index: Int, activation: Float)], input: Matrix,
    layer: Int,
    _ result: Transcoder, _ source: Transcoder
  ) {
    let known = Dictionary(uniqueKeysWithValues: own.map { ($0.index, $0.activation) })
    let largest = other.map { abs(Double($0.activation)) }.max() ?? 0
    activated += other.count
    differing += Set(own.map(\.index)).symmetricDifference(other.map(\.index)).count
    for (index, activation) in other {
      guard let mine = known[index] else { continue }
      activationDifference = max(
        activationDifference, abs(Double(mine) - Double(activation)) / max(1e-30, largest))
    }
    let (mine, theirs) = (Self.sum(own, input, layer, result), Self.sum(other, input, layer, source))
    let scale = theirs.map { abs($0) }.max() ?? 0
    for (a, b) in zip(mine, theirs) {
      reconstructionDifference = max(reconstructionDifference, abs(a - b) / max(1e-30, scale))
    }
  }

  /// What features write to all their layers, with the layer's bias and what a skip connection passes,
  /// `[outputLayer · dModel]`.
  private static func sum(
    _ features: [(index: Int, activation: Float)], _ input: Matrix, _ layer: Int, _ transcoder: Transcoder
  ) -> [Double] {
    let weights = transcoder.layers[layer]
    var sum = [Double](repeating: 0, count: weights.decoder.inputs)
    for (i, bias) in weights.decoderBias.enumerated() { sum[i] = Double(bias) }
    if let skip = weights.skip {
      for (i, value) in input.multiplied(byTransposed: skip).values.enumerated() { sum[i] += Double(value) }
    }
    // Of very many, the first show as much as all.
    for (index, activation) in features.prefix(256) {
      for (i, value) in transcoder.decoderVectors(FeatureID(layer: layer, index: index)).enumerated() {
        sum[i] += Double(activation) * Double(value)
      }
    }
    return sum
  }
}
