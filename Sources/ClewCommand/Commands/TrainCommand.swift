internal import ArgumentParser
internal import Clew
internal import Foundation

/// Training.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Trains transcoders for a model.",
    subcommands: [TrainTranscoderCommand.self])
}

/// Which transcoders are trained.
enum TranscoderKindOption: String, ExpressibleByArgument, CaseIterable {
  case clt, plt
  var kind: TranscoderConfiguration.Kind { self == .clt ? .crossLayer : .perLayer }
}

/// Where transcoders read.
enum TranscoderInputOption: String, ExpressibleByArgument, CaseIterable {
  case residMid = "resid-mid"
  case mlpIn = "mlp-in"
  case normalized
  var hook: FeatureInputHook {
    switch self {
    case .residMid: .residualMid
    case .mlpIn: .mlpInput
    case .normalized: .normalized
    }
  }
}

/// The nonlinearity.
enum ActivationOption: String, ExpressibleByArgument, CaseIterable {
  case jumprelu, relu, topk, batchtopk
}

/// How weights are stored.
enum WeightTypeOption: String, ExpressibleByArgument, CaseIterable {
  case float32, bfloat16
}

/// Trains cross-layer or per-layer transcoders.
struct TrainTranscoderCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "transcoder",
    abstract: "Trains a cross-layer or per-layer transcoder for a model.",
    discussion: """
      The model reads the text once a chunk, and sparse features learn to write what its MLPs write. The folder then \
      holds the published layout (config.yaml and safetensors), README.md and training.json with the figures, \
      metrics.jsonl, curves.svg, and checkpoint/. A checkpoint is written on a timer and at Ctrl-C; --resume goes on \
      from it as if nothing had happened.

        clew train transcoder --model DIR --text stories.txt --features 768 --tokens-seen 9e6 -o Transcoders/mine

      Text is cut into documents at blank lines and at the model's context; without text the model writes its own with \
      --sample-tokens. The first tokens are held out: nothing is learned from them, and the figures come from them. \
      The export holds JumpReLU thresholds whatever the activation while training (none for ReLU), because the \
      published layout cannot say TopK in a folder; for TopK and BatchTopK one threshold a layer is found that keeps \
      as many features as in training.

      An export is read again and measured before it is put in its place. One that does not do what the trainer \
      measured is kept aside in OUTPUT.refused. Thresholds of a finished training can be set anew: --resume with \
      --calibrate-l0, --calibrate-tokens, --no-calibrate or --dtype exports it again.
      """)

  @Option(help: WeightFolder.modelHelp, completion: .directory) var model: String
  @OptionGroup var corpus: CorpusOptions
  @Option(name: .shortAndLong, help: "The folder for checkpoint and export.", completion: .directory)
  var output: String
  @Option(help: "clt writes to its own and all later layers, plt to its own alone.")
  var kind = TranscoderKindOption.clt
  @Option(help: "What is read: the residual stream before the MLP, or the MLP's input behind its norm.")
  var input = TranscoderInputOption.residMid
  @Option(help: "Features of each layer.") var features: Int
  @Option(help: "Tokens to learn from, counted as often as they are used, such as 9e6.") var tokensSeen =
    "2e6"
  @Option(
    help: "Active features wanted: one number for the mean over layers, or one a layer, as 6,5,7,18,36.")
  var l0 = "12"
  @Option(help: "The nonlinearity while training; topk and batchtopk keep --l0 features.")
  var activation = ActivationOption.jumprelu
  @Flag(help: "Add a linear map from input to output; plt only.") var skip = false
  @Option(help: "Tokens of a step.") var batch = 2048
  @Option(help: "The highest learning rate.") var learningRate = 3e-3
  @Option(help: "Steps over which the learning rate rises.") var warmup = 200
  @Option(help: "The last part of the steps, over which the learning rate falls to 0.") var decay = 0.5
  @Option(help: "How sharply the penalty tanh(c · ‖D‖ · a) bends.") var sharpness = 4.0
  @Option(help: "The width of the rectangle through which thresholds learn.") var bandwidth = 0.5
  @Option(help: "The penalty at the start; a controller takes it from there.") var penalty = 5e-4
  @Option(help: "How fast the controller moves the penalty.") var controllerGain = 5e-3
  @Option(help: "Tokens without activation after which a feature counts as dead and is drawn up.")
  var deadAfter = 200_000
  @Option(help: "Tokens of a chunk of activations in memory. (default: 512 MiB of them, at most 262144)")
  var chunk: Int?
  @Option(help: "How often each chunk is used.") var uses = 2
  @Option(
    help: """
      Keep activations in a folder below this one, 8 bytes a token for each layer and residual dimension: later passes \
      over the text, and other runs on it, read them there.
      """, completion: .directory)
  var cache: String?
  @Option(help: "Tokens that nothing is learned from.") var heldOut = 16_384
  @Flag(
    inversion: .prefixedNo,
    help: "Set thresholds at the end so that L0 on held-out tokens is what was wanted.")
  var calibrate = true
  @Option(
    name: .customLong("calibrate-l0"),
    help: "The L0 that thresholds are set for at the end, as --l0 takes it. (default: that of --l0)")
  var calibrationL0: String?
  @Option(
    name: .customLong("calibrate-tokens"),
    help: "How many of the held-out tokens thresholds are set on. (default: all)")
  var calibrationTokens: Int?
  @Option(
    name: .customLong("dtype"), help: "How the export's weights are stored; thresholds are always float32.")
  var type = WeightTypeOption.float32
  @Option(help: "Seconds between checkpoints.") var checkpointEvery = 60.0
  @Flag(help: "Go on from the folder's checkpoint.") var resume = false
  @Flag(help: "Begin again although the folder holds a checkpoint.") var restart = false
  @Option(help: "Where the random numbers start.") var seed: UInt64 = 0
  @OptionGroup var threads: ThreadOptions
  @Flag(help: "Print the figures as JSON on standard output.") var json = false
  @Flag(help: "Print nothing but errors.") var quiet = false

  private var wantedL0: [Double]? { Self.numbers(l0) }

  private static func numbers(_ text: String) -> [Double]? {
    let values = text.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
    let numbers = values.compactMap { $0 }
    return numbers.count == values.count && !numbers.isEmpty && numbers.allSatisfy { $0 > 0 && $0 < 1e9 }
      ? numbers : nil
  }

  private var tokenCount: Int? {
    guard let number = Double(tokensSeen), number >= 1, number < 1e15 else { return nil }
    return Int(number)
  }

  func validate() throws {
    func check(_ condition: Bool, _ message: String) throws {
      if !condition { throw ValidationError(message) }
    }
    try check(corpus.isGiven, "Give one of \(CorpusOptions.choice).")
    try check(!resume || !restart, "Give either --resume or --restart.")
    try SizeLimits.check("features", features, SizeLimits.features)
    try check(tokenCount != nil, "--tokens-seen must be a number such as 2000000 or 2e6.")
    try check(wantedL0 != nil, "--l0 must be a number, or one a layer with commas between.")
    if [.topk, .batchtopk].contains(activation) {
      try check(
        wantedL0?.count == 1 && wantedL0?[0].rounded() == wantedL0?[0],
        "--l0 must be one whole number with --activation \(activation.rawValue).")
    }
    if let calibrationL0 {
      try check(
        Self.numbers(calibrationL0) != nil,
        "--calibrate-l0 must be a number, or one a layer with commas between.")
    }
    if let calibrationTokens {
      try SizeLimits.check("calibrate-tokens", calibrationTokens, SizeLimits.tokens)
    }
    try check(
      calibrate || calibrationTokens == nil && calibrationL0 == nil,
      "--no-calibrate leaves thresholds alone, so --calibrate-l0 and --calibrate-tokens do not go with it.")
    try SizeLimits.check("batch", batch, SizeLimits.batch)
    try check(learningRate > 0 && learningRate.isFinite, "--learning-rate must be more than 0.")
    try check(warmup >= 0, "--warmup must be 0 or more.")
    try checkShare(decay, "decay")
    try check(sharpness > 0 && sharpness.isFinite, "--sharpness must be more than 0.")
    try check(bandwidth > 0 && bandwidth.isFinite, "--bandwidth must be more than 0.")
    try check(penalty > 0 && penalty.isFinite, "--penalty must be more than 0.")
    try check(controllerGain >= 0 && controllerGain <= 1, "--controller-gain must lie in 0 to 1.")
    try check(deadAfter > 0, "--dead-after must be at least 1.")
    if let chunk { try SizeLimits.check("chunk", chunk, SizeLimits.tokens) }
    try SizeLimits.check("uses", uses, 1...1_000_000)
    try SizeLimits.check("held-out", heldOut, 2...SizeLimits.tokens.upperBound)
    try check(checkpointEvery > 0, "--checkpoint-every must be more than 0.")
    try check(!output.isEmpty, "--output must name a folder.")
    try check(cache?.isEmpty != true, "--cache must name a folder.")
    try check(
      !skip || kind == .plt,
      "--skip goes with --kind plt: no published layout stores skip connections of cross-layer transcoders.")
  }

  private func settings() -> TranscoderRunSettings {
    var settings = TranscoderRunSettings()
    settings.kind = kind.kind
    settings.hook = input.hook
    settings.featureCount = features
    settings.hasSkip = skip
    settings.chunkTokens = chunk
    settings.chunkUses = uses
    settings.heldOutTokens = heldOut
    settings.export.calibrates = calibrate
    settings.export.targetL0 = calibrationL0.flatMap(Self.numbers)
    settings.export.calibrationTokens = calibrationTokens
    settings.export.usesBFloat16 = type == .bfloat16
    let wanted = wantedL0 ?? []
    settings.training.targetL0 = wanted
    settings.training.activation =
      switch activation {
      case .jumprelu: .jumpReLU
      case .relu: .reLU
      case .topk: .topK(Int(wanted[0]))
      case .batchtopk: .batchTopK(Int(wanted[0]))
      }
    settings.training.batchTokens = batch
    settings.training.stepCount = (tokenCount ?? 0) / batch
    settings.training.learningRate = learningRate
    settings.training.warmupSteps = warmup
    settings.training.decayShare = decay
    settings.training.sharpness = sharpness
    settings.training.bandwidth = bandwidth
    settings.training.initialPenalty = penalty
    settings.training.controllerGain = controllerGain
    settings.training.deadAfter = deadAfter
    settings.training.seed = seed
    return settings
  }

  func run() throws {
    threads.apply()
    let folder = try WeightFolder.model(model)
    let transformer = try Transformer(folder: folder)
    transformer.tellNotes()
    let tokenizer = try Tokenizer(folder: folder)
    let target = URL(filePath: output)
    try OutputCheck.checkNoModel(in: target)
    let claim = try WriteClaim(folder: target)
    defer { withExtendedLifetime(claim) {} }
    try checkUnused(target)
    let bar = ProgressBar(isQuiet: quiet)
    defer { bar.clear() }
    bar.show("reading the text", fraction: 0)
    let text = SampledCorpus.file(ofTrainingIn: target)
    // What was stopped while the model wrote its text has no checkpoint yet.
    let isTextAlone =
      corpus.sampleTokens != nil && !TranscoderRun.hasCheckpoint(in: target)
      && SampledCorpus.find(text) != nil
    if resume, corpus.sampleTokens != nil, !isTextAlone, !TranscoderRun.hasCheckpoint(in: target) {
      throw TrainingError.badCheckpoint(
        path: target.path, reason: "it holds no checkpoint to go on from",
        advice: "Leave out --resume to begin.")
    }
    let corpus = try corpus.open(
      transformer, tokenizer, keepingTextIn: text, seed: seed, replaces: restart, bar)
    bar.show("measuring activations", fraction: 0)
    let run = try TranscoderRun(
      transformer, corpus: corpus, settings: settings(), folder: target, resumes: resume && !isTextAlone,
      cacheFolder: cache.map { URL(filePath: $0) },
      command: ["clew"] + CommandLine.arguments.dropFirst())
    Interruption.waitsForSave = true
    let outcome = try run.run(
      checkpointSeconds: checkpointEvery, shouldStop: { Interruption.isRequested }
    ) { bar.show(Self.text($0), fraction: Double($0.step) / Double(max(1, $0.stepCount))) }
    Interruption.waitsForSave = false
    bar.clear()
    if let cache = run.cache, let trouble = cache.trouble {
      Terminal.complain(
        "clew: \(cache.folder.path) holds only a part of the activations (\(trouble)); training went on without."
      )
    }
    switch outcome {
    case .stopped(let step):
      Terminal.complain(
        "clew: stopped after step \(step); the checkpoint is written, and --resume goes on from it.")
      FileBatch.endProcess(status: Interruption.status)
    case .finished(let result):
      if json {
        try Terminal.output(String(decoding: try record(result).bytes(), as: UTF8.self) + "\n")
      } else if !quiet {
        try Terminal.output(report(result, run.cache))
      }
    }
  }

  /// Refuses a folder that holds a training or transcoders, unless it was said what becomes of them.
  private func checkUnused(_ target: URL) throws {
    if resume || restart { return }
    if TranscoderRun.hasCheckpoint(in: target) {
      throw TrainingError.badCheckpoint(
        path: target.path, reason: "it holds the checkpoint of an earlier run",
        advice: "Give --resume to go on from it, --restart to begin again, or another folder.")
    }
    if FileManager.default.fileExists(atPath: target.appending(path: "config.yaml").path) {
      throw OutputError.occupied(folder: output, holds: "transcoders already", option: "--restart")
    }
  }

  private static func text(_ progress: TranscoderRun.Progress) -> String {
    guard let metrics = progress.metrics, let pace = progress.pace else {
      return "step \(progress.step) of \(progress.stepCount)"
    }
    return String(
      format: "step %d of %d, %.0f tokens/s, NMSE %.4f, L0 %.1f, dead ", progress.step, progress.stepCount,
      pace.tokensPerSecond, metrics.meanError, metrics.meanActiveFeatures)
      + NumberText.percent(metrics.deadShare, decimals: 1)
  }

  private func report(_ result: TrainingResult, _ cache: ActivationCache?) -> String {
    let kept = cache.map { cache in
      "activations of \(cache.tokenCount) tokens are kept in \(cache.folder.path), \(cache.byteCount >> 20) MiB\n"
    }
    func cells(_ values: [Double], _ format: String) -> String {
      values.map { String(format: format, $0) }.joined(separator: "  ")
    }
    return """
      \(output): \(result.tokens) tokens in \(Int(result.cpuSeconds.rounded())) CPU-s, \
      \(Int(Double(result.tokens) / max(1e-9, result.cpuSeconds))) a CPU-second
      on \(result.heldOutTokens) held-out tokens (\(result.outlierTokens) norm outliers left out), by layer:
      FVU  \(cells(result.unexplainedVariance, "%.4f"))   (\(cells(result.learnedUnexplainedVariance, "%.4f")) before calibration)
      L0   \(cells(result.activeFeatures, "%.2f"))   (\(cells(result.learnedActiveFeatures, "%.2f")) before calibration)
      \(kept ?? "")\(missed(result) ?? "")
      """
  }

  /// What to say where the active features are not those that were asked for.
  private func missed(_ result: TrainingResult) -> String? {
    let misses = result.misses.map { layer, active, wanted in
      String(format: "%.2f for %g ", active, wanted) + (layer.map { "in layer \($0)" } ?? "on average")
    }
    if misses.isEmpty { return nil }
    return "note: L0 is not what was asked for: \(misses.joined(separator: ", "))"
      + (calibrate ? "" : ", since thresholds were left as they were learned (--no-calibrate)") + "\n"
  }

  private func record(_ result: TrainingResult) -> JSON {
    func list(_ values: [Double]) -> JSON { .array(values.map { JSON($0) }) }
    return [
      "folder": .string(output), "tokens": JSON(result.tokens), "cpu_seconds": JSON(result.cpuSeconds),
      "held_out_tokens": JSON(result.heldOutTokens),
      "outlier_tokens": JSON(result.outlierTokens), "fvu": list(result.unexplainedVariance),
      "l0": list(result.activeFeatures), "l0_wanted": list(result.wantedActiveFeatures),
      "fvu_before_calibration": list(result.learnedUnexplainedVariance),
      "l0_before_calibration": list(result.learnedActiveFeatures), "threshold_factors": list(result.factors),
    ]
  }
}
