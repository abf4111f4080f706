public import Foundation
public import Tensors

/// The nonlinearity of one layer's features.
public enum FeatureActivation: Sendable {
  /// Keeps `z > 0`.
  case reLU
  /// Keeps `z` where `z > threshold`, strictly, `[feature]`.
  case jumpReLU(thresholds: [Float])
  /// Keeps the `k` largest `z` of a position, negative ones among them only if so said.
  case topK(Int, keepsNegative: Bool)
}

/// One layer of a transcoder.
public struct TranscoderLayer: Sendable {
  /// `E`, `[feature, dModel]`.
  public let encoder: WeightMatrix
  /// `bE`, `[feature]`.
  public let encoderBias: [Float]
  /// `D`: rows of `outputLayers · dModel` numbers, `[feature, outputLayer, dModel]`.
  public let decoder: WeightMatrix
  /// `bD`, `[dModel]`.
  public let decoderBias: [Float]
  public let activation: FeatureActivation
  /// `S`, `[dModel, dModel]`, applied as `S h`; `nil` without a skip connection.
  public let skip: WeightMatrix?

  /// Lets the system take back the pages that the weights were read from.
  public func forgetPages() {
    encoder.forgetPages()
    decoder.forgetPages()
    skip?.forgetPages()
  }
}

/// Transcoders for every layer of a model: cross-layer, or one a layer.
///
/// Features read the stream at the input hook of their layer and write to the MLP outputs of their own layer
/// and, if cross-layer, of all later ones. Weights stay mapped; decoder rows are read for active features only.
public struct Transcoder: Sendable {
  public let configuration: TranscoderConfiguration
  /// `[layer]`.
  public let layers: [TranscoderLayer]
  public let dModel: Int
  public let folder: URL
  /// Whose files they are.
  public let format: TranscoderFormat
  /// The files that the weights lie in.
  public let files: [URL]

  /// `L`.
  public var layerCount: Int { layers.count }
  /// `F` of one layer.
  public func featureCount(layer: Int) -> Int { layers[layer].encoder.outputs }
  /// The layers that a layer's features write to.
  public func outputLayers(of layer: Int) -> Range<Int> {
    configuration.kind == .crossLayer ? layer..<layerCount : layer..<layer + 1
  }
  /// Whether any layer has a skip connection.
  public var hasSkip: Bool { layers.contains { $0.skip != nil } }

  /// A transcoder put together from its parts.
  public init(
    configuration: TranscoderConfiguration, layers: [TranscoderLayer], dModel: Int, folder: URL,
    format: TranscoderFormat = .circuitTracer, files: [URL] = []
  ) {
    self.configuration = configuration
    self.layers = layers
    self.dModel = dModel
    self.folder = folder
    self.format = format
    self.files = files
  }

  /// What one feature writes to one layer, unscaled, `[dModel]`.
  public func decoderVector(_ feature: FeatureID, to layer: Int) -> [Float] {
    let outputs = outputLayers(of: feature.layer)
    precondition(outputs.contains(layer), "layer \(feature.layer) writes to \(outputs), not to \(layer)")
    let first = (layer - outputs.lowerBound) * dModel
    return layers[feature.layer].decoder.inputs(first..<first + dModel).row(feature.index)
  }

  /// All that one feature writes, `[outputLayer, dModel]`.
  public func decoderVectors(_ feature: FeatureID) -> [Float] {
    layers[feature.layer].decoder.row(feature.index)
  }

  /// Lets the system take back the pages that decoder rows were read from.
  public func forgetDecoders() {
    for layer in layers { layer.decoder.forgetPages() }
  }

  /// What one feature reads, `[dModel]`.
  public func encoderVector(_ feature: FeatureID) -> [Float] {
    layers[feature.layer].encoder.row(feature.index)
  }

  /// Preactivations of a layer's features.
  /// ```
  /// z = E · h + bE
  /// ```
  /// - Parameter input: `h` at the input hook, `[position, dModel]`.
  /// - Returns: `[position, feature]`.
  public func preactivations(of input: Matrix, layer: Int) -> Matrix {
    input.multiplied(byTransposed: layers[layer].encoder, bias: layers[layer].encoderBias)
  }

  /// The features that the nonlinearity keeps at one position, by index; what is not a number is kept, so that
  /// it is noticed.
  public func activeFeatures(
    _ preactivations: ArraySlice<Float>, layer: Int
  ) -> [(index: Int, activation: Float)] {
    let first = preactivations.startIndex
    var kept: [(index: Int, activation: Float)] = []
    switch layers[layer].activation {
    case .reLU:
      for (index, z) in preactivations.enumerated() where z > 0 || z.isNaN { kept.append((index, z)) }
    case .jumpReLU(let thresholds):
      for (index, z) in preactivations.enumerated() where z > thresholds[index] && z != 0 || z.isNaN {
        kept.append((index, z))
      }
    case .topK(let k, let keepsNegative):
      let ranks = preactivations.map { $0.isNaN ? -.infinity : -$0 }
      let order = ranks.indices.sorted { (ranks[$0], $0) < (ranks[$1], $1) }
      for index in order.prefix(k).sorted() {
        let z = preactivations[first + index]
        if z.isNaN || (keepsNegative ? z != 0 : z > 0) { kept.append((index, z)) }
      }
    }
    return kept
  }
}
