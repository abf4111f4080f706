internal import ReplacementModels
internal import Foundation
internal import Synchronization
internal import Tensors
public import Tokenization
public import Transcoding
public import Transformers

/// Reads texts through a model and its transcoder, and keeps statistics and examples of every feature.
///
/// What it holds depends on the texts and their order alone. Position 0 has no features and is not counted.
public final class FeatureCollector {
  public let transformer: Transformer
  public let transcoder: Transcoder
  public let settings: ExampleSettings
  /// Texts read.
  public internal(set) var rowCount = 0
  /// Tokens read.
  public internal(set) var tokenCount = 0
  /// Positions counted; a feature's density is its count over this.
  public internal(set) var positionCount = 0
  /// How often each token was read, `[vocabulary]`.
  public internal(set) var tokenFrequencies: [Int]
  let layers: [LayerStatistics]

  public init(transformer: Transformer, transcoder: Transcoder, settings: ExampleSettings = .init()) {
    self.transformer = transformer
    self.transcoder = transcoder
    self.settings = settings
    tokenFrequencies = Array(repeating: 0, count: transformer.configuration.vocabularyCount)
    layers = (0..<transcoder.layerCount).map {
      LayerStatistics(layer: $0, count: transcoder.featureCount(layer: $0))
    }
  }

  /// What is known of one feature.
  public func statistics(of feature: FeatureID) -> FeatureStatistics {
    layers[feature.layer].features[feature.index]
  }

  /// The most memory that the statistics of so many features can take, in bytes.
  public static func memoryBound(features: Int, settings: ExampleSettings) -> Int {
    let window = settings.before + settings.after + 1
    let examples = settings.top + settings.samples * FeatureStatistics.intervalCount
    let perExample = 64 + 32 + window * 4 + 32 + window * 16
    let (bytes, overflows) = features.multipliedReportingOverflow(by: 640 + examples * perExample)
    return overflows ? .max : bytes
  }

  /// Refuses numbers of features whose statistics may not fit this machine's memory.
  public static func checkMemory(features: Int, settings: ExampleSettings) throws(FeatureExamplesError) {
    let needed = memoryBound(features: features, settings: settings)
    let available = Int(clamping: ProcessInfo.processInfo.physicalMemory)
    guard needed < available else {
      throw .tooManyFeatures(count: features, needed: needed, available: available)
    }
  }

  /// How many features there are, how many were never active, and how many at more than a tenth of the positions.
  public var summary: (features: Int, dead: Int, dense: Int) {
    let counts = layers.flatMap { $0.features.map(\.count) }
    return (counts.count, counts.count { $0 == 0 }, counts.count { $0 * 10 > positionCount })
  }

  /// Reads one text.
  public func add(_ tokens: [Token]) throws {
    let recording = try transformer.record(tokens)
    let row = rowCount
    let (transformer, transcoder, settings, layers) = (transformer, transcoder, settings, layers)
    let windows = TokenWindows(tokens: tokens, settings: settings)
    let failure = Mutex<(layer: Int, position: Int)?>(nil)
    Parallel.forEach(layers.count) { layer in
      let input = transformer.blocks[layer].featureInput(
        transcoder.configuration.inputHook, residualMid: recording.residualMid[layer],
        scales: recording.mlpNormScales[layer])
      let z = transcoder.preactivations(of: input, layer: layer)
      var entries: [LayerStatistics.Entry] = []
      for position in 1..<max(1, tokens.count) {
        for (index, activation) in transcoder.activeFeatures(z[position], layer: layer) {
          guard activation.isFinite else {
            failure.withLock { known in
              if (known?.layer ?? .max) > layer { known = (layer, position) }
            }
            return
          }
          entries.append((index, position, activation))
        }
      }
      layers[layer].add(entries, row: row, settings: settings, windows: windows)
    }
    if let (layer, position) = failure.withLock({ $0 }) {
      throw FeatureExamplesError.notFinite(row: row, layer: layer, position: position)
    }
    for token in tokens { tokenFrequencies[Int(token)] += 1 }
    rowCount += 1
    tokenCount += tokens.count
    positionCount += max(0, tokens.count - 1)
  }
}

/// The stretches of a text around its positions.
struct TokenWindows: Sendable {
  let tokens: [Token]
  let settings: ExampleSettings

  func around(_ position: Int) -> (tokens: [Token], place: Int) {
    let first = max(0, position - settings.before)
    let end = min(tokens.count, position + settings.after + 1)
    return (Array(tokens[first..<end]), position - first)
  }
}

/// The statistics of one layer's features; one thread at a time works on a layer.
final class LayerStatistics: @unchecked Sendable {
  // Shared out by layer.
  typealias Entry = (index: Int, position: Int, activation: Float)

  let layer: Int
  var features: [FeatureStatistics]
  /// Features that were active since the last checkpoint, `[feature]`.
  var isChanged: [Bool]

  init(layer: Int, count: Int) {
    self.layer = layer
    features = Array(repeating: FeatureStatistics(), count: count)
    isChanged = Array(repeating: false, count: count)
  }

  /// Counts the active features of one text.
  func add(_ entries: [Entry], row: Int, settings: ExampleSettings, windows: TokenWindows) {
    let sorted = entries.sorted { ($0.index, $0.position) < ($1.index, $1.position) }
    let places = sorted.map { (position: $0.position, activation: $0.activation) }
    var first = 0
    while first < sorted.count {
      let index = sorted[first].index
      var end = first + 1
      while end < sorted.count, sorted[end].index == index { end += 1 }
      features[index].add(
        places[first..<end], row: row, settings: settings,
        chance: { Self.chance(settings.seed, layer: layer, index: index, row: $0, position: $1) },
        window: windows.around)
      isChanged[index] = true
      first = end
    }
  }

  /// A random number that depends on nothing but its arguments.
  static func chance(_ seed: UInt64, layer: Int, index: Int, row: Int, position: Int) -> UInt64 {
    var state = seed
    for value in [layer, index, row, position] {
      var generator = SeededGenerator(seed: state ^ UInt64(truncatingIfNeeded: value))
      state = generator.next()
    }
    return state
  }
}
