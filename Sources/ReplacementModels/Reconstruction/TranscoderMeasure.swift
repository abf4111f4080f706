public import Transcoding

/// What is measured of one set of transcoders.
public struct TranscoderMeasure: Sendable {
  public let transcoder: Transcoder
  /// `[layer]`.
  public internal(set) var layers: [LayerMeasure]
  /// One layer replaced at a time, features read from the undisturbed stream, `[layer]`.
  public internal(set) var oneLayer: [BehaviourTally]
  /// Every layer replaced, features read from the stream as it drifts.
  public internal(set) var allLayers = BehaviourTally()
  /// The local replacement model: errors, attention, norms and gates held; the largest difference of a logit.
  public internal(set) var largestLocalDifference = 0.0
  /// How many texts that was tried on.
  public internal(set) var localTexts = 0
  var driftDifferences: [Double]
  var driftSquares: [Double]
  var worst: WorstTokens

  init(_ transcoder: Transcoder, worstCount: Int) {
    self.transcoder = transcoder
    layers = (0..<transcoder.layerCount).map {
      LayerMeasure(featureCount: transcoder.featureCount(layer: $0))
    }
    oneLayer = Array(repeating: BehaviourTally(), count: transcoder.layerCount)
    driftDifferences = Array(repeating: 0, count: transcoder.layerCount + 1)
    driftSquares = driftDifferences
    worst = WorstTokens(limit: worstCount)
  }

  /// The error of the stream with all layers replaced, `√(Σ|x' − x|² / Σ|x|²)`, where each layer's
  /// features read it, and at the end.
  public var drift: [Double] {
    zip(driftDifferences, driftSquares).map { $1 > 0 ? ($0 / $1).squareRoot() : 0 }
  }
  /// The positions with the largest mean of `|e| / |y|`.
  public var worstTokens: [WorstToken] { worst.tokens }
  /// The mean of the layers' FVU, over the layers that have one.
  public var meanUnexplainedVariance: Double? {
    let values = layers.compactMap(\.all.unexplainedVariance)
    return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }
  /// `Σ|e|² / Σ|y|²` over all layers together.
  public var pooledSquaredError: Double {
    let squares = layers.reduce(0) { $0 + $1.all.targetSquares }
    return squares > 0 ? layers.reduce(0) { $0 + $1.all.errorSquares } / squares : 0
  }
  /// Active features a position, over all layers.
  public var activeFeatures: Double { layers.reduce(0) { $0 + $1.all.activeFeatures } }
}
