internal import Clew
internal import Foundation
internal import TinyModels

extension FuzzFormat {
  /// The database of features, as `clew features` and the explorer ask it.
  static let features = FuzzFormat("features", weights: ["proposed-labels.tsv": 0]) { folder in
    let model = try open()
    let place = folder.appending(path: "tiny")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    var settings = ExampleSettings()
    (settings.top, settings.samples, settings.before, settings.after) = (2, 1, 2, 1)
    var rows = RowsInMemory([[0, 3, 7, 12], [0, 5, 5, 39, 1]])
    let provenance = FeatureProvenance(
      of: model, files: ["corpus.txt"], textFingerprint: "x", settings: settings, command: ["clew"])
    _ = try FeatureBuild().run(
      &rows,
      collector: FeatureCollector(
        transformer: model.transformer, transcoder: model.transcoder, settings: settings),
      tokenizer: model.tokenizer, provenance: provenance, to: place.appending(path: "features.sqlite"))
  } read: { folder in
    let store = try FeatureStore(reading: folder.appending(path: "features.sqlite"))
    let export = try ViewerExport(store)
    for layer in store.provenance.featureCounts.prefix(3).indices {
      for record in try store.records(layer: layer, 0..<24) { _ = try export.json(record).bytes() }
    }
    _ = try store.record(of: FeatureID(layer: 1, index: 3))
    _ = try store.search("w", limit: 5)
  }

  /// What training goes on from: a checkpoint, its reports, and activations kept on disk.
  static let training = FuzzFormat("training", weights: ["state.safetensors": 3], writes: true) { folder in
    let place = folder.appending(path: "run")
    let run = try TranscoderRun.tiny(of: open().transformer, in: place, resumes: false)
    _ = try run.run(checkpointSeconds: 1e9, shouldStop: { true }, progress: { _ in })
    // Seconds differ from run to run, and the example must not.
    let state = place.appending(path: "checkpoint/state.safetensors")
    if let (header, data) = SafetensorsMutation.parts(Array(try Data(contentsOf: state))) {
      let text = String(decoding: header, as: UTF8.self)
        .replacing(#/(cpuSeconds\\":)[0-9.e-]+/#) { "\($0.output.1)1.5" }
      try Data(SafetensorsMutation.file(Array(text.utf8), data: data)).write(to: state)
      try SealedFile.seal(state)
    }
    let log =
      #"{"step":1,"tokens":4,"penalty":[0.1,0.1,0.1],"normalized_mse":[1,1,1],"l0":[2,2,2],"#
      + #""gradient_norm":1,"dead_share":0,"learning_rate":0.1}"#
    try write("\(log)\n".utf8, to: place, "metrics.jsonl")
  } read: { folder in
    // Checksums would refuse every case before what they cover is looked at; TrainingDamageTests has them refuse.
    for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path)
    where path.hasSuffix(".safetensors") { try SealedFile.seal(folder.appending(path: path)) }
    let run = try TranscoderRun.tiny(of: open().transformer, in: folder, resumes: true)
    _ = try run.run(checkpointSeconds: 1e9, shouldStop: { true }, progress: { _ in })
  }

  /// Text that a model wrote itself, kept in the run's folder.
  static let sampled = FuzzFormat("sampled", writes: true) { folder in
    try readSampled(in: folder.appending(path: "run"))
  } read: { folder in
    try readSampled(in: folder)
  }

  private static func readSampled(in folder: URL) throws {
    let model = try open()
    let corpus = try SampledCorpus.open(
      model.transformer, model.tokenizer, .init(tokens: 8, temperature: 1, seed: 3),
      file: SampledCorpus.file(ofTrainingIn: folder), progress: { _ in })
    var cursor = corpus.cursor()
    while let row = try cursor.next() { _ = try model.transformer.record(Array(row.prefix(4))) }
  }
}
