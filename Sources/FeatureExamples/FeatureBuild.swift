internal import Checkpoints
public import Foundation
internal import Tensors
public import Tokenization
internal import Transcoding

/// Texts as tokens, one after another, always in the same order.
public protocol TokenRows {
  /// The next text; `nil` behind the last.
  mutating func next() throws -> [Token]?
  /// How much of the text lies behind, 0 to 1.
  var fraction: Double { get }
}

/// Texts that are in memory.
public struct RowsInMemory: TokenRows {
  private let rows: [[Token]]
  private var place = 0

  public init(_ rows: [[Token]]) { self.rows = rows }

  public mutating func next() -> [Token]? {
    guard place < rows.count else { return nil }
    defer { place += 1 }
    return rows[place]
  }
  public var fraction: Double { Double(place) / Double(max(1, rows.count)) }
}

/// Builds a database of feature examples from texts.
public struct FeatureBuild {
  /// What to do with an unfinished build that is found.
  public enum Beginning: Sendable {
    /// Begin; refuse if an unfinished build is there, or a finished one of something else.
    case fresh
    /// Go on with it.
    case resumed
    /// Throw it away and begin again; a finished one is replaced at the end.
    case restarted
  }

  public var beginning = Beginning.fresh
  /// Texts between two checkpoints; `nil` saves once a minute.
  public var checkpointRows: Int?
  /// Told what is being done, and how far it has come.
  public var progress: (_ phase: String, _ fraction: Double) -> Void = { _, _ in }
  /// Asked after every text; where it says `true`, the build is saved and left unfinished.
  public var shouldStop: () -> Bool = { false }

  public init() {}

  /// Reads all texts, and puts the finished database and the proposed labels in their place.
  ///
  /// A process that is killed at any moment leaves what ``Beginning/resumed`` goes on from to the same result: the texts
  /// counted and the statistics that they gave are saved in one transaction, and so before anything is derived from them.
  /// - Returns: Whether the build is finished, and not stopped on the way.
  public func run(
    _ rows: inout some TokenRows, collector: FeatureCollector, tokenizer: Tokenizer,
    provenance: FeatureProvenance, to url: URL
  ) throws -> Bool {
    // A folder that cannot be written is found before the work.
    let labels = try FileBatch(folder: url.deletingLastPathComponent())
    if try completeLabels(collector, provenance, url, labels) { return true }
    let writer = try begin(collector, tokenizer, provenance, url)
    for _ in 0..<collector.rowCount {
      guard try rows.next() != nil else {
        throw FeatureExamplesError.mismatch(path: url.path, reason: "it was begun with a longer text")
      }
    }
    guard try read(&rows, collector, writer) else { return false }
    guard collector.positionCount > 0 else {
      FeatureStoreWriter.discard(partOf: url)
      throw FeatureExamplesError.noPositions
    }
    progress("saving", 0.95)
    try writer.checkpoint(collector)
    let proposed = try finish(collector, tokenizer, writer)
    try stage(proposed, provenance, in: labels)
    try writer.complete(collector)
    try writer.moveIntoPlace()
    try labels.commit()
    return true
  }

  /// Puts the labels beside a finished database, for a build that was ended between the two.
  /// - Returns: Whether there is a finished database that a resumed build would end with.
  private func completeLabels(
    _ collector: FeatureCollector, _ provenance: FeatureProvenance, _ url: URL, _ labels: FileBatch
  ) throws -> Bool {
    guard beginning == .resumed,
      let store = try FeatureStoreWriter.finished(at: url, by: provenance, into: collector)
    else { return false }
    try stage(try store.proposedLabels(), provenance, in: labels)
    try labels.commit()
    return true
  }

  private func stage(
    _ labels: [FeatureID: String], _ provenance: FeatureProvenance, in batch: FileBatch
  ) throws {
    let heading = "proposed by clew \(provenance.version); your own labels go to \(FeatureLabels.userFile)"
    try batch.stage(FeatureLabels.proposedFile, FeatureLabels.file(of: labels, heading: heading))
  }

  private func begin(
    _ collector: FeatureCollector, _ tokenizer: Tokenizer, _ provenance: FeatureProvenance, _ url: URL
  ) throws -> FeatureStoreWriter {
    switch beginning {
    case .resumed:
      if try !FeatureStoreWriter.isBlank(partOf: url) {
        return try FeatureStoreWriter.resume(at: url, provenance: provenance, into: collector)
      }
    case .restarted: break
    case .fresh:
      if let rows = try FeatureStoreWriter.rows(ofUnfinishedAt: url) {
        throw FeatureExamplesError.unfinished(path: FeatureStoreWriter.partial(of: url).path, rows: rows)
      }
    }
    try FeatureStoreWriter.checkPlace(url, for: provenance, isReplacing: beginning == .restarted)
    FeatureStoreWriter.discard(partOf: url)
    let texts = collector.tokenFrequencies.indices.map { tokenizer.text(of: Token($0)) }
    return try FeatureStoreWriter.begin(at: url, provenance: provenance, tokenTexts: texts)
  }

  private func read(
    _ rows: inout some TokenRows, _ collector: FeatureCollector, _ writer: FeatureStoreWriter
  ) throws -> Bool {
    var saved = (rows: collector.rowCount, time: ContinuousClock().now)
    while let tokens = try rows.next() {
      try collector.add(tokens)
      progress("reading", rows.fraction * 0.95)
      let isDue =
        checkpointRows.map { collector.rowCount - saved.rows >= $0 }
        ?? (ContinuousClock().now - saved.time > .seconds(60))
      let isStopped = shouldStop()
      if isDue || isStopped {
        progress("saving", rows.fraction * 0.95)
        try writer.checkpoint(collector)
        saved = (collector.rowCount, ContinuousClock().now)
      }
      if isStopped { return false }
    }
    return true
  }

  /// Works out promoted tokens and labels, layer by layer.
  private func finish(
    _ collector: FeatureCollector, _ tokenizer: Tokenizer, _ writer: FeatureStoreWriter
  ) throws -> [FeatureID: String] {
    let proposer = LabelProposer(
      tokenizer: tokenizer, frequencies: collector.tokenFrequencies, layerCount: collector.layers.count)
    let named = collector.tokenFrequencies.indices.map { Token($0) }.filter { tokenizer.piece(of: $0) != nil }
    var labels: [FeatureID: String] = [:]
    for layer in collector.layers {
      progress("finding labels", 0.95 + 0.05 * Double(layer.layer) / Double(collector.layers.count))
      var found: [(tokens: PromotedTokens, label: String?, words: String)] = []
      for first in stride(from: 0, to: layer.features.count, by: 128) {
        let indices = first..<min(first + 128, layer.features.count)
        let promoted = PromotedTokens.of(
          layer: layer.layer, indices: indices, transformer: collector.transformer,
          transcoder: collector.transcoder, among: named)
        for (index, tokens) in zip(indices, promoted) {
          let examples = layer.features[index].top
          let label = proposer.label(layer: layer.layer, examples: examples, promoted: tokens)
          labels[FeatureID(layer: layer.layer, index: index)] = label
          found.append((tokens, label, proposer.words(label: label, examples: examples, promoted: tokens)))
        }
      }
      collector.transcoder.forgetDecoders()
      try writer.finish(layer, found)
    }
    return labels
  }
}

extension LabelProposer {
  /// The text that a feature is found by: its label on the first line, then the words of its examples and the tokens
  /// that it promotes; in small letters.
  func words(label: String?, examples: [FeatureExample], promoted: PromotedTokens) -> String {
    let words = Self.ranked(examples.map { ExampleView($0, self).word }).map(\.text)
    let tokens = promoted.promoted.map { texts[Int($0.token)] }
    return ([label ?? ""] + words + tokens).joined(separator: "\n").lowercased()
  }
}
