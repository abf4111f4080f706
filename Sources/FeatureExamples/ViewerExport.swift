public import AttributionGraphs
internal import Checkpoints
public import Foundation
public import Tokenization
internal import Transcoding

/// Writes feature examples as the public viewers of attribution graphs read them.
public struct ViewerExport: Sendable {
  /// How the examples lie in the folder.
  public enum Format: String, Sendable, CaseIterable {
    /// One file a feature, `<scan>/<number>.json`, with layer and index paired into one number.
    case files
    /// `features/layer_<l>.bin` with compressed records, and `features/index.json.gz`, which says where they begin.
    case packed
  }

  let store: FeatureStore
  let texts: TokenTexts
  /// Numbers that are asked for at once.
  private static let page = 256

  /// - Parameter tokenizer: The model's, if it is at hand: then characters that take several tokens are whole.
  public init(_ store: FeatureStore, tokenizer: Tokenizer? = nil) throws {
    self.store = store
    texts = try store.tokenTexts(tokenizer: tokenizer)
  }

  /// What viewers read about one feature.
  public func json(_ record: FeatureRecord) -> JSON {
    let statistics = record.statistics
    var seen: Set<[Token]> = []
    func group(_ name: String, _ examples: [FeatureExample]) -> JSON {
      ["quantile_name": .string(name), "examples": .array(examples.map { json($0, &seen) })]
    }
    var groups: [JSON] = []
    if !statistics.top.isEmpty { groups.append(group("Top Activations", statistics.top)) }
    let intervals = statistics.samples.reversed().filter { !$0.isEmpty }
    for (place, examples) in intervals.enumerated() {
      groups.append(
        group("Subsample Interval \(place)", examples.sorted { $0.activation > $1.activation }))
    }
    let positions = max(1, store.progress.positions)
    return [
      "transcoder_id": .string(store.provenance.scan), "index": JSON(record.feature.index),
      "layer": JSON(record.feature.layer), "examples_quantiles": .array(groups),
      "top_logits": JSON(record.tokens.promoted.map { texts[$0.token] }),
      "bottom_logits": JSON(record.tokens.suppressed.map { texts[$0.token] }),
      "act_min": JSON(Double(statistics.minimum)), "act_max": JSON(Double(statistics.maximum)),
      "quantile_values": .array((0..<100).map { JSON(statistics.quantile(Double($0) / 99)) }),
      "histogram": .array(statistics.histogram.counts.map { JSON(Int($0)) }),
      "activation_frequency": JSON(Double(statistics.count) / Double(positions)),
    ]
  }

  private func json(_ example: FeatureExample, _ seen: inout Set<[Token]>) -> JSON {
    [
      "tokens": JSON(texts.texts(of: example.tokens)),
      "tokens_acts_list": .array(
        example.activationByToken.map { $0 == 0 ? JSON(0) : .number("\($0)") }),
      "train_token_ind": JSON(example.place),
      "is_repeated_datapoint": .bool(!seen.insert(example.tokens).inserted),
    ]
  }

  /// The name of a folder for the scan: path separators in it would lead elsewhere.
  var scanFolder: String {
    let name = store.provenance.scan.replacing("/", with: "_")
    return [".", "..", ""].contains(name) ? "features" : name
  }

  /// Writes all features to a folder.
  /// - Parameter progress: Told how far it has come, 0 to 1.
  public func write(_ format: Format, to folder: URL, progress: (Double) -> Void = { _ in }) throws {
    let total = Double(max(1, store.provenance.featureCounts.reduce(0, +)))
    var done = 0.0
    switch format {
    case .files:
      let files = try FileBatch(replacing: folder.appending(path: scanFolder), owned: [])
      for layer in store.provenance.featureCounts.indices {
        try forEachPage(layer) { records in
          for record in records {
            guard
              let number = FeatureNumber.paired(layer: record.feature.layer, index: record.feature.index)
            else { continue }
            try files.stage("\(number).json", try json(record).bytes())
          }
          done += Double(records.count)
          progress(done / total)
        }
      }
      try files.commit()
    case .packed:
      let files = try FileBatch(replacing: folder.appending(path: "features"), owned: [])
      var index: [JSON] = []
      for layer in store.provenance.featureCounts.indices {
        let name = "layer_\(layer).bin"
        var pages = PackedPages(export: self, layer: layer)
        let failure = FailureBox()
        pages.failure = failure
        try files.stage(name, parts: pages)
        if let error = failure.error { throw error }
        index.append(["filename": .string(name), "offsets": .array(failure.offsets.map { JSON($0) })])
        done += Double(store.provenance.featureCounts[layer])
        progress(done / total)
      }
      try files.stage("index.json.gz", Gzip.compressed(try JSON.array(index).bytes()))
      try files.commit()
    }
  }

  private func forEachPage(_ layer: Int, _ body: ([FeatureRecord]) throws -> Void) throws {
    let count = store.provenance.featureCounts[layer]
    for first in stride(from: 0, to: count, by: Self.page) { try body(try page(layer, from: first)) }
  }

  fileprivate func page(_ layer: Int, from first: Int) throws -> [FeatureRecord] {
    let end = min(first + Self.page, store.provenance.featureCounts[layer])
    let records = try store.records(layer: layer, first..<end)
    guard records.map(\.feature.index) == Array(first..<end) else {
      throw FeatureExamplesError.damaged(path: store.path, reason: "features of layer \(layer) are missing")
    }
    return records
  }
}

/// What making the pages came to, besides the pages.
private final class FailureBox {
  var error: (any Error)?
  /// Where each record begins, with the end of the last.
  var offsets = [0]
}

/// The packed records of a layer, a page at a time.
private struct PackedPages: Sequence, IteratorProtocol {
  let export: ViewerExport
  let layer: Int
  var failure = FailureBox()
  private var first = 0

  init(export: ViewerExport, layer: Int) {
    self.export = export
    self.layer = layer
  }

  mutating func next() -> [UInt8]? {
    guard first < export.store.provenance.featureCounts[layer] else { return nil }
    do {
      let records = try export.page(layer, from: first)
      var bytes: [UInt8] = []
      for record in records {
        let packed = Gzip.compressed(try export.json(record).bytes())
        withUnsafeBytes(of: UInt32(packed.count).littleEndian) { bytes.append(contentsOf: $0) }
        bytes += packed
        failure.offsets.append((failure.offsets.last ?? 0) + 4 + packed.count)
      }
      first += records.count
      return bytes
    } catch {
      failure.error = error
      return nil
    }
  }
}
