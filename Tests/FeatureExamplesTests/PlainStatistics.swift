import Clew
import Foundation

/// What a plain loop over all activations finds, with everything in memory.
struct PlainStatistics {
  struct Entry {
    let row: Int
    let position: Int
    let activation: Float
  }

  /// `[layer][feature]`, in the order of reading.
  private(set) var entries: [[[Entry]]]
  private(set) var positions = 0

  init(_ rows: [[Token]], with model: TracingModel) throws {
    entries = (0..<model.transcoder.layerCount).map {
      Array(repeating: [], count: model.transcoder.featureCount(layer: $0))
    }
    for (row, tokens) in rows.enumerated() {
      let local = try LocalReplacementModel(
        of: model.transformer, transcoder: model.transcoder, recording: try model.transformer.record(tokens))
      for entry in local.activations.entries {
        entries[entry.layer][entry.index].append(
          Entry(row: row, position: entry.position, activation: entry.activation))
      }
      positions += tokens.count - 1
    }
  }

  /// Bounds of the histogram: the least power of two above the largest activation.
  static func range(_ entries: [Entry]) -> Double {
    var bound = pow(2, -24.0)
    let largest = Double(entries.map(\.activation).max() ?? 0)
    while bound <= largest { bound *= 2 }
    return bound
  }

  static func histogram(_ entries: [Entry]) -> [UInt32] {
    var counts = [UInt32](repeating: 0, count: 64)
    for entry in entries { counts[Int((Double(entry.activation) / range(entries) * 64).rounded(.down))] += 1 }
    return counts
  }

  /// The largest activation of each row, the largest first.
  static func top(_ entries: [Entry], _ limit: Int) -> [(row: Int, position: Int)] {
    var best: [Int: Entry] = [:]
    for entry in entries where entry.activation > (best[entry.row]?.activation ?? -.infinity) {
      best[entry.row] = entry
    }
    return best.values.sorted { ($1.activation, $0.row) < ($0.activation, $1.row) }.prefix(limit).map {
      ($0.row, $0.position)
    }
  }
}

/// The rows that the tests read: texts of the tiny model's vocabulary from a seed, some of them the same.
func rows(_ count: Int, seed: UInt64 = 5, of model: TracingModel) -> [[Token]] {
  var generator = SeededGenerator(seed: seed)
  let vocabulary = Token(model.transformer.configuration.vocabularyCount)
  let length = model.transformer.configuration.contextLength
  return (0..<count).map { row in
    [0] + (0..<(2 + row * 7 % (length - 2))).map { _ in Token.random(in: 1..<vocabulary, using: &generator) }
  }
}

/// A collector and a database of its counts.
struct BuiltStore {
  let collector: FeatureCollector
  let url: URL

  static func provenance(_ model: TracingModel, _ settings: ExampleSettings = .init()) -> FeatureProvenance {
    FeatureProvenance(
      of: model, files: ["rows"], textFingerprint: "text", settings: settings, command: ["clew", "features"])
  }

  init(
    _ rows: [[Token]], of model: TracingModel, at url: URL, settings: ExampleSettings = .init(),
    _ change: (inout FeatureBuild) -> Void = { _ in }
  ) throws {
    self.url = url
    collector = FeatureCollector(
      transformer: model.transformer, transcoder: model.transcoder, settings: settings)
    var build = FeatureBuild()
    change(&build)
    var source = RowsInMemory(rows)
    _ = try build.run(
      &source, collector: collector, tokenizer: model.tokenizer, provenance: Self.provenance(model, settings),
      to: url)
  }

  /// All that the finished database holds.
  func content() throws -> [FeatureRecord] { try Self.content(url) }

  static func content(_ url: URL) throws -> [FeatureRecord] {
    let store = try FeatureStore(reading: url)
    return try store.provenance.featureCounts.enumerated().flatMap {
      try store.records(layer: $0.offset, 0..<$0.element)
    }
  }
}
