internal import ArgumentParser
internal import Clew
internal import Foundation

/// Reads text and writes a database of feature examples.
struct FeaturesBuildCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "build",
    abstract: "Reads text and keeps statistics, examples and proposed labels of every feature.",
    discussion: """
      What has been counted is saved once a minute and when the command is stopped; --resume then goes on, and the \
      result is that of a build which was never stopped. A finished database is replaced if it was built with the same \
      model, transcoders, text and settings, or with --restart. Position 0 of a text has no features and is not counted.
      """)

  @OptionGroup var models: ModelOptions
  @OptionGroup var texts: CorpusOptions
  @Option(
    name: .shortAndLong, help: "The database. (default: features.sqlite beside the transcoders)",
    completion: .file())
  var output: String?
  @Option(help: "Examples with the largest activations to keep, one of a text.") var top = 20
  @Option(help: "Random examples to keep of each of up to eight intervals of activation.") var samples = 5
  @Option(help: "Tokens to keep in front of an example.") var before = 24
  @Option(help: "Tokens to keep behind an example.") var after = 8
  @Option(help: "Where the random numbers that choose samples start.") var seed: UInt64 = 0
  @Option(help: "Texts between two saves. (default: a save a minute)") var checkpointRows: Int?
  @Flag(help: "Go on with a build that was stopped.") var resume = false
  @Flag(help: "Throw away a build that was stopped, and replace a finished database of something else.")
  var restart = false
  @OptionGroup var threads: ThreadOptions
  @Flag(help: "Print the summary as JSON on standard output.") var json = false
  @Flag(help: "Print nothing but errors.") var quiet = false

  func validate() throws {
    guard texts.isGiven else {
      throw ValidationError("Give one of \(CorpusOptions.choice).")
    }
    guard !(resume && restart) else { throw ValidationError("Give --resume or --restart, not both.") }
    for (name, value, least) in [
      ("top", top, 1), ("samples", samples, 0), ("before", before, 0), ("after", after, 0),
    ] {
      guard (least...1000).contains(value) else {
        throw ValidationError("--\(name) must lie in \(least) to 1000.")
      }
    }
    guard checkpointRows ?? 1 > 0 else { throw ValidationError("--checkpoint-rows must be at least 1.") }
    if output == "" { throw ValidationError("--output must name a file.") }
  }

  func run() throws {
    threads.apply()
    let bar = ProgressBar(isQuiet: quiet)
    defer { bar.clear() }
    bar.show("opening the model", fraction: 0)
    let model = try models.open()
    try LocalReplacementModel.check(model.transcoder, fits: model.transformer)
    // Of two builds of one database the second is refused; links to it stay.
    let claim = try WriteClaim(
      file: output.map { URL(filePath: $0) }
        ?? model.transcoder.folder.appending(path: FeatureStore.usualFile))
    defer { withExtendedLifetime(claim) {} }
    let url = URL(filePath: claim.path)
    let corpus = try texts.open(
      model.transformer, model.tokenizer,
      keepingTextIn: URL(filePath: "\(url.path).\(SampledCorpus.fileName)"), seed: seed, replaces: restart,
      bar)
    let settings = self.settings
    let provenance = FeatureProvenance(
      of: model, files: corpus.files, textFingerprint: corpus.fingerprint, settings: settings,
      command: ["clew"] + CommandLine.arguments.dropFirst())
    try FeatureCollector.checkMemory(features: provenance.featureCounts.reduce(0, +), settings: settings)
    let collector = FeatureCollector(
      transformer: model.transformer, transcoder: model.transcoder, settings: settings)
    var build = FeatureBuild()
    build.beginning = resume ? .resumed : restart ? .restarted : .fresh
    build.checkpointRows = checkpointRows
    build.progress = { bar.show($0, fraction: $1) }
    build.shouldStop = { Interruption.isRequested }
    Interruption.waitsForSave = true
    var rows = corpus.cursor()
    let isFinished = try build.run(
      &rows, collector: collector, tokenizer: model.tokenizer, provenance: provenance, to: url)
    Interruption.waitsForSave = false
    bar.clear()
    guard isFinished else {
      Terminal.complain(
        "clew: stopped after \(collector.rowCount) texts, which are saved; --resume goes on from there.")
      FileBatch.endProcess(status: Interruption.status)
    }
    try report(collector, url)
  }

  private var settings: ExampleSettings {
    var settings = ExampleSettings()
    settings.top = top
    settings.samples = samples
    settings.before = before
    settings.after = after
    settings.seed = seed
    return settings
  }

  private func report(_ collector: FeatureCollector, _ url: URL) throws {
    let summary = collector.summary
    let bytes = (try? FileManager.default.attributesOfItem(atPath: url.path)[.size] as? Int) ?? 0
    if json {
      let record: JSON = [
        "database": .string(url.path), "bytes": JSON(bytes), "texts": JSON(collector.rowCount),
        "tokens": JSON(collector.tokenCount), "positions": JSON(collector.positionCount),
        "features": JSON(summary.features), "never_active": JSON(summary.dead), "dense": JSON(summary.dense),
        "cpu_seconds": JSON(Benchmark.cpuSeconds()), "peak_bytes": JSON(Memory.peak),
      ]
      try Terminal.output(String(decoding: try record.bytes(), as: UTF8.self) + "\n")
    } else if !quiet {
      try Terminal.output(
        """
        texts     \(collector.rowCount), \(collector.tokenCount) tokens, \(collector.positionCount) positions counted
        features  \(summary.features), never active \(summary.dead), active at more than a tenth of positions \
        \(summary.dense)
        seconds   \(String(format: "%.1f", Benchmark.cpuSeconds())) of processor time
        memory    \(Memory.peak >> 20) MiB at most
        result    \(url.path), \(String(format: "%.1f", Double(bytes) / 1e6)) MB; \(FeatureLabels.proposedFile) beside it

        """)
    }
  }
}
