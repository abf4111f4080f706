internal import AtlasWorld
public import Clew
internal import Foundation

/// How the examples and labels of Atlas's features are made: from documents of the world.
public enum FeatureLabelling {
  /// Documents that examples come from; those that were drawn before count once, so that no example repeats another.
  private static let documentCount = 40_000

  /// Builds the database of examples beside the transcoders, and the file of proposed labels.
  public static func run(
    _ model: TracingModel, seed: UInt64, command: [String], progress: @escaping (Double) -> Void
  ) throws {
    var settings = ExampleSettings()
    settings.top = 8
    settings.samples = 1
    settings.before = 12
    settings.after = 4
    var corpus = Corpus(seed: seed &+ 3)
    var known: Set<[Token]> = []
    let rows = try corpus.rows(documentCount, tokenizer: model.tokenizer).filter { known.insert($0).inserted }
    let source = TokenCorpus(rows: rows, fingerprint: "Atlas's documents, seed \(seed &+ 3)")
    let provenance = FeatureProvenance(
      of: model, files: source.files, textFingerprint: source.fingerprint, settings: settings,
      command: command)
    let collector = FeatureCollector(
      transformer: model.transformer, transcoder: model.transcoder, settings: settings)
    var build = FeatureBuild()
    build.beginning = .restarted
    build.progress = { _, _ in progress(Double(collector.rowCount) / Double(rows.count)) }
    var cursor = source.cursor()
    _ = try build.run(
      &cursor, collector: collector, tokenizer: model.tokenizer, provenance: provenance,
      to: model.transcoder.folder.appending(path: "features.sqlite"))
  }
}
