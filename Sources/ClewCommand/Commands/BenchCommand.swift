internal import ArgumentParser
internal import Clew
internal import Foundation

/// Benchmarks, run by hand: figures in documents come from here.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measures how fast this machine traces and trains.",
    subcommands: [
      BenchTraceCommand.self, BenchTranscoderStepCommand.self, BenchProductCommand.self,
      BenchSynthesizeCommand.self, BenchCostCommand.self, BenchPrecisionCommand.self,
    ])
}

/// The speed of matrix products.
struct BenchProductCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "product",
    abstract: "Measures matrix products against what the processor can do at best.",
    discussion: """
      For each shape, the GFLOP/s of one thread, and their share of what fused multiply-adds in registers reach; the two are \
      measured in turns, so that the share holds on a machine that does other things, too.
      """)

  @OptionGroup var path: PathOption

  func run() throws {
    let path = try path.apply()
    try Terminal.output("one thread, \(path.rawValue)\n")
    for (m, k, n) in Self.shapes {
      let speed = Benchmark.product(m: m, k: k, n: n)
      try Terminal.output(
        "[\(m), \(k)] × [\(k), \(n)]: \(format(speed.operations / 1e9)) of \(format(speed.bound / 1e9)) GFLOP/s, "
          + "\(format(100 * speed.operations / speed.bound)) %\n")
    }
  }

  /// What attribution multiplies, from wide to small, and one of larger models.
  private static let shapes = [
    (112, 768, 768), (56, 768, 64), (112, 768, 570), (64, 64, 64), (16, 64, 64), (112, 2048, 2048),
  ]

  private func format(_ value: Double) -> String { String(format: "%.1f", value) }
}

/// The instructions that a measurement is made with.
struct PathOption: ParsableArguments {
  /// Their names on the command line.
  enum Name: String, ExpressibleByArgument, CaseIterable { case avx512, avx2, portable }

  @Option(
    name: .customLong("path"),
    help: "The instructions to use. (default: the best there are)")
  var name: Name?

  /// Limits the kernels of this process.
  /// - Returns: The path that runs.
  func apply() throws -> ProcessorPath {
    guard let name, let wanted = ProcessorPath(rawValue: name.rawValue) else { return .current }
    guard wanted.limit() == wanted else {
      throw ValidationError(
        "This processor has no \(wanted.rawValue); its best is \(ProcessorPath.current.rawValue).")
    }
    return wanted
  }
}

/// Writes a made-up model.
struct BenchSynthesizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "synthesize",
    abstract: "Writes a made-up model of a public one's shape, with transcoders.",
    discussion: """
      Without --like it has GPT-2's layout, and the defaults take 1.7 GB; with it, weights are bfloat16, and layers, width, \
      heads and vocabulary are those of the model, so that the options for them are refused: llama-3.2-1b with 32,768 \
      features a layer takes 22 GB, gemma-2-2b with 16,384 takes 34 GB. \
      `clew bench trace` measures on what lies there.
      """)

  @Argument(help: "The folder that gets model/ and transcoders/.", completion: .directory)
  var folder: String
  @Option(help: "The model whose shape to take: \(ModelShape.all.map(\.name).joined(separator: ", ")).")
  var like: String?
  @Option(help: "clt writes to its own and all later layers, plt to its own alone.")
  var kind = TranscoderKindOption.clt
  @Option(help: "Layers; not with --like. (default: 12)") var layers: Int?
  @Option(help: "Width of the residual stream; not with --like. (default: 768)") var width: Int?
  @Option(help: "Attention heads; not with --like. (default: 12)") var heads: Int?
  @Option(help: "Tokens of the vocabulary; not with --like. (default: 50257)") var vocabulary: Int?
  @Option(help: "Transcoder features a layer.") var features = 4096
  @Option(help: "Features active at a layer and position, on average.") var active = 57.0
  @Option(help: "Where the random numbers start.") var seed: UInt64 = 0

  func validate() throws {
    if let like, !ModelShape.all.contains(where: { $0.name == like }) {
      throw ValidationError("--like knows \(ModelShape.all.map(\.name).joined(separator: ", ")).")
    }
    let sizes = [("layers", layers), ("width", width), ("heads", heads), ("vocabulary", vocabulary)]
    if let like, let (name, _) = sizes.first(where: { $0.1 != nil }) {
      throw ValidationError("--\(name) contradicts --like \(like), which has its own. Leave one of them out.")
    }
    let model = self.model
    try SizeLimits.check("layers", model.layerCount, SizeLimits.layers)
    try SizeLimits.check("width", model.dModel, SizeLimits.width)
    try SizeLimits.check("heads", model.headCount, 1...model.dModel)
    try SizeLimits.check("vocabulary", model.vocabularyCount, SizeLimits.vocabulary)
    try SizeLimits.check("features", features, SizeLimits.features)
    guard model.dModel % model.headCount == 0 else {
      throw ValidationError("--heads is \(model.headCount), but must divide the width, \(model.dModel).")
    }
    guard active > 0 else { throw ValidationError("--active must be more than 0.") }
  }

  private var model: SyntheticModel {
    var model = SyntheticModel()
    if let layers { model.layerCount = layers }
    if let width { model.dModel = width }
    if let heads { model.headCount = heads }
    if let vocabulary { model.vocabularyCount = vocabulary }
    model.featureCount = features
    model.activeFeatures = active
    model.seed = seed
    model.kind = kind.kind
    model.likeness = ModelShape.all.first { $0.name == like }
    return model
  }

  func run() throws {
    let model = self.model
    let claim = try WriteClaim(folder: URL(filePath: folder))
    defer { withExtendedLifetime(claim) {} }
    let bar = ProgressBar(isQuiet: false)
    defer { bar.clear() }
    try model.write(to: URL(filePath: folder)) { part in
      if part >= SyntheticModel.modelPart {
        Interruption.whatIsKept = "model/ is written, transcoders/ is not"
      }
      bar.show("writing random weights", fraction: part)
    }
    bar.clear()
    try Terminal.output(
      """
      \(folder)/model and \(folder)/transcoders, seed \(seed)
      a prompt of 16 tokens: \(model.prompt(tokenCount: 16))

      """)
  }
}

/// The speed of a trace.
struct BenchTraceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trace",
    abstract: "Measures the attribution of random prompts, phase by phase.",
    discussion: """
      Each prompt is traced several times in one process and the least CPU time of each phase is printed. A figure
      for the whole process, start included, is that of `clew trace` under `time`.
      """)

  @OptionGroup var models: ModelOptions
  @Option(
    help: ArgumentHelp(
      "Tokens of a prompt, BOS included. Repeatable: --tokens 8 --tokens 16. (default: 16, 32, 64)",
      valueName: "count"))
  var tokens: [Int] = []
  @Option(help: "How often each prompt is traced.") var rounds = 5
  @Option(help: "The part of the influence to follow.") var coverage = 1.0
  @Option(help: "The most feature rows.") var rows: Int?
  @Option(help: "Threads.") var threads = 1
  @OptionGroup var path: PathOption
  @Option(help: "Where the random prompts start.") var seed: UInt64 = 0

  func validate() throws {
    guard tokens.allSatisfy({ $0 >= 2 }) else {
      throw ValidationError("--tokens must be at least 2: position 0 has no features.")
    }
    guard rounds > 0 else { throw ValidationError("--rounds must be at least 1.") }
    try SizeLimits.check("threads", threads, SizeLimits.threads)
    try checkShare(coverage, "coverage")
    guard rows ?? 1 > 0 else { throw ValidationError("--rows must be at least 1.") }
  }

  func run() throws {
    Parallel.threadCount = threads
    let path = try path.apply()
    let model = try models.open()
    let (transformer, coder, tokenizer) = (model.transformer, model.transcoder, model.tokenizer)
    let counts = tokens.isEmpty ? [16, 32, 64] : tokens
    let context = transformer.configuration.contextLength
    if let longest = counts.max(), longest > context {
      throw TransformerError.promptTooLong(tokens: longest, context: context)
    }
    for count in counts {
      var best: Benchmark.Trace?
      for _ in 0..<rounds {
        let trace = try Benchmark.trace(
          transformer, coder, tokenizer, tokenCount: count, coverage: coverage, rowLimit: rows, seed: seed)
        best = best.map { $0.faster(trace) } ?? trace
      }
      if let best { try Terminal.output(best.summary(tokens: count) + "\n") }
    }
    try Terminal.output("peak memory \(Memory.peak >> 20) MiB, \(threads) thread(s), \(path.rawValue)\n")
  }
}

/// The speed of a training step.
struct BenchTranscoderStepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "transcoder-step",
    abstract: "Measures training steps of transcoders, by phase and by how many features are active.",
    discussion: """
      Steps run on made-up activations. The first table gives the phases of a step at --l0 active features; the second \
      goes through more and more active features and compares decoders that go through the active ones with dense \
      products, so that it shows from which share on products are faster.
      """)

  @Option(help: "clt writes to its own and all later layers, plt to its own alone.")
  var kind = TranscoderKindOption.clt
  @Option(help: "Layers.") var layers = 5
  @Option(help: "Width of the residual stream.") var width = 64
  @Option(help: "Features of each layer.") var features = 768
  @Option(help: "Active features a token and layer.") var l0 = 14.0
  @Option(help: "Tokens of a step.") var batch = 2048
  @Option(help: "Steps; the fastest counts.") var rounds = 20
  @Option(help: "Threads.") var threads = 1
  @OptionGroup var path: PathOption
  @Option(help: "Where the random numbers start.") var seed: UInt64 = 0

  func validate() throws {
    try SizeLimits.check("layers", layers, SizeLimits.layers)
    try SizeLimits.check("width", width, SizeLimits.width)
    try SizeLimits.check("features", features, 2...SizeLimits.features.upperBound)
    try SizeLimits.check("batch", batch, SizeLimits.batch)
    try SizeLimits.check("rounds", rounds, 1...1_000_000)
    guard l0 > 0, l0 < Double(features) else {
      throw ValidationError("--l0 must be more than 0 and less than --features.")
    }
    try SizeLimits.check("threads", threads, SizeLimits.threads)
  }

  func run() throws {
    Parallel.threadCount = threads
    let path = try path.apply()
    let shape = TranscoderShape(kind: kind.kind, layerCount: layers, dModel: width, featureCount: features)
    let step = try measure(shape, l0, isDense: false)
    var head =
      "\(layers) layers, width \(width), \(features) features per layer, \(threads) thread(s), \(path.rawValue)\n"
    for (phase, seconds) in step.phases.sorted(by: { $0.value > $1.value }) {
      head += "\(pad(phase, 12))\(pad(String(format: "%.2f", seconds * 1e6 / Double(batch)), 8)) µs a token\n"
    }
    head +=
      "\(pad("step", 12))\(rate(step.seconds)) tokens a CPU-second at \(format(step.activeFeatures)) active\n"
    try Terminal.output(head + "\nactive features    share    sparse     dense   (tokens a CPU-second)\n")
    for share in [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6] {
      let wanted = share * Double(features)
      let sparse = try measure(shape, wanted, isDense: false),
        dense = try measure(shape, wanted, isDense: true)
      let line = [
        pad(format(sparse.activeFeatures), 15), pad(format(100 * sparse.share) + "%", 9),
        pad(rate(sparse.seconds), 10), pad(rate(dense.seconds), 10),
      ]
      try Terminal.output(line.joined() + "\n")
    }
  }

  private func measure(_ shape: TranscoderShape, _ active: Double, isDense: Bool) throws
    -> Benchmark.TrainingStep
  {
    try Benchmark.trainingStep(
      shape, batchTokens: batch, activeFeatures: active, isDense: isDense, rounds: rounds, seed: seed)
  }

  private func rate(_ seconds: Double) -> String { String(format: "%.0f", Double(batch) / seconds) }
  private func format(_ value: Double) -> String { String(format: "%.1f", value) }
  private func pad(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
  }
}
