internal import ArgumentParser
internal import AtlasTraining
internal import AtlasWorld
internal import Clew
internal import Foundation

/// Makes Atlas again: tokenizer, model, transcoders and their labels, from a seed.
@main
struct AtlasTrain: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "atlas-train",
    abstract:
      "Makes Atlas again from a seed: tokenizer, model, transcoders, examples and labels of features.",
    discussion: """
      Without --only it makes everything. --only transcoders leaves the model as it is, --only labels the transcoders \
      too. --only scores measures the transcoders that are there. --only curve trains cross-layer transcoders that keep \
      2 to 32 features a token, in a temporary folder, and prints what each of them is worth.
      """)

  enum Part: String, ExpressibleByArgument, CaseIterable { case model, transcoders, labels, scores, curve }

  @Option(help: "The folder that gets the model.", completion: .directory) var model = "Examples/Atlas/model"
  @Option(help: "The folder that gets the folders of transcoders.", completion: .directory)
  var transcoders = "Transcoders"
  @Option(help: "Make only this part: model, transcoders, labels, scores or curve.") var only: Part?
  @Option(help: "Where the random numbers start.") var seed: UInt64 = 0
  @Option(help: "Steps of the model, of 256 documents each.") var steps = 2000
  @Option(help: "Features of each layer of the transcoders.") var features = 1024
  @Option(help: "The most active features a token and layer, the mean over a batch.") var l0 = 16
  @Option(help: "Tokens that each set of transcoders learns from.") var tokens = 6_000_000
  @Option(help: "Threads; the result does not depend on it.") var threads = 2

  func validate() throws {
    guard steps > 0, threads > 0 else { throw ValidationError("--steps and --threads must be at least 1.") }
    guard features > 1, l0 > 0, l0 < features, tokens >= 100_000 else {
      throw ValidationError("--l0 must lie between 0 and --features, and --tokens be at least 100000.")
    }
  }

  func run() throws {
    Parallel.threadCount = threads
    if only == nil || only == .model { try trainModel() }
    if only == .curve { return try measureCurve() }
    for kind in [TranscoderConfiguration.Kind.crossLayer, .perLayer] {
      let folder = URL(filePath: transcoders).appending(path: kind == .crossLayer ? "atlas-clt" : "atlas-plt")
      if only == nil || only == .transcoders {
        try train(kind, to: folder)
      }
      if only == nil || only == .transcoders || only == .scores { try report(folder) }
      if only == nil || only == .labels || only == .transcoders { try label(folder) }
    }
  }

  /// The command as the files say that they were made.
  private var command: [String] {
    ["swift", "run", "--package-path", ".", "-c", "release", "atlas-train"]
      + CommandLine.arguments.dropFirst()
  }

  // MARK: The model

  private func trainModel() throws {
    let folder = URL(filePath: model)
    let files = try FileBatch(folder: folder)
    let tokenizer = try stageTokenizer(in: files)
    say("tokenizer: \(tokenizer.vocabularyCount) tokens")
    var training = ModelTraining()
    training.seed = seed
    training.stepCount = steps
    let clock = TimeLeft()
    let model = try training.run(corpus: Corpus(seed: seed &+ 1), tokenizer: tokenizer) {
      step, tokens, loss in
      say(
        "model: step \(step) of \(steps), \(tokens) tokens, loss \(loss.rounded(places: 4)), "
          + clock.text(Double(step) / Double(steps)))
    }
    try model.stage(
      in: files, type: .bfloat16, rotaryBase: ModelTraining.rotaryBase, beginningOfText: 0, endOfText: 1)
    try files.commit()
    try report(try Transformer(folder: folder), tokenizer)
  }

  /// Learns the tokenizer, stages its files, and opens it.
  private func stageTokenizer(in files: FileBatch) throws -> Tokenizer {
    let json = World.tokenizer().tokenizerJSON()
    try files.stage("tokenizer.json", Array(json))
    try files.stage("tokenizer_config.json", Array(BytePairTrainer.configurationJSON))
    return try Tokenizer(json: json, configuration: BytePairTrainer.configurationJSON)
  }

  /// What the written model knows.
  private func report(_ model: Transformer, _ tokenizer: Tokenizer) throws {
    let score = QuestionScore(model, tokenizer: tokenizer)
    for kind in Question.Kind.allCases {
      for heldOut in [false, true] {
        let questions = World.questions(kind, heldOut: heldOut)
        guard !questions.isEmpty else { continue }
        let share = try score.accuracy(questions)
        print(
          "\(kind.rawValue), \(heldOut ? "held out" : "trained"): \(share.rounded(places: 4)) of \(questions.count)"
        )
      }
    }
  }

  // MARK: Transcoders

  private func train(_ kind: TranscoderConfiguration.Kind, l0: Int? = nil, to folder: URL) throws {
    let source = URL(filePath: model)
    var training = TranscoderTraining(kind: kind)
    training.featureCount = features
    training.activeFeatures = l0 ?? self.l0
    training.tokenCount = tokens
    training.seed = seed
    let clock = TimeLeft()
    _ = try training.run(
      try Transformer(folder: source), tokenizer: try Tokenizer(folder: source), to: folder, command: command
    ) { progress in
      guard progress.step % 250 == 0, let metrics = progress.metrics else { return }
      say(
        "\(folder.lastPathComponent): step \(progress.step) of \(progress.stepCount), "
          + "NMSE \(metrics.meanError.rounded(places: 4)), L0 \(metrics.meanActiveFeatures.rounded(places: 1)), "
          + clock.text(Double(progress.step) / Double(progress.stepCount)))
    }
  }

  private func score(_ folder: URL) throws -> TranscoderScore {
    try TranscoderScore(TracingModel(model: URL(filePath: model), transcoders: folder))
  }

  private func report(_ folder: URL) throws {
    let score = try score(folder)
    print("\(folder.lastPathComponent): \(CurvePoint.header)")
    print("\(folder.lastPathComponent): \(CurvePoint(score).row)")
    for part in score.agreements {
      print(
        "\(folder.lastPathComponent): \(part.kind?.rawValue ?? "all"): \(part.agreeing) of \(part.count) answers "
          + "as the model's, \(part.decidedAgreeing) of the \(part.decided) that it is decided about")
    }
  }

  private func label(_ folder: URL) throws {
    let clock = TimeLeft()
    var said = 0.0
    try FeatureLabelling.run(
      TracingModel(model: URL(filePath: model), transcoders: folder), seed: seed, command: command
    ) { part in
      guard part >= said + 0.25 else { return }
      said = part
      say("\(folder.lastPathComponent): examples, \(clock.text(part))")
    }
  }

  /// What cross-layer transcoders are worth at several sizes of L0.
  private func measureCurve() throws {
    let parent = FileManager.default.temporaryDirectory.appending(path: "atlas-curve-\(getpid())")
    defer { try? FileManager.default.removeItem(at: parent) }
    print(CurvePoint.header)
    print(CurvePoint.rule)
    for l0 in [2, 4, 8, 16, 32] {
      let folder = parent.appending(path: "l0-\(l0)")
      try train(.crossLayer, l0: l0, to: folder)
      print(CurvePoint(try score(folder)).row)
      try FileManager.default.removeItem(at: folder)
    }
  }

  /// A line of results, written at once even to a file.
  private func print(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }

  private func say(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
}

/// One row of the table of what transcoders are worth.
private struct CurvePoint {
  static let header =
    "| L0 | FVU | by layer | replacement score | least | completeness | agreement | where decided |"
  static let rule = "|---:|---:|---|---:|---:|---:|---:|---:|"
  let row: String

  init(_ score: TranscoderScore) {
    func number(_ value: Double, _ places: Int = 3) -> String { String(format: "%.\(places)f", value) }
    let layers = score.unexplainedVariance.map { number($0) }.joined(separator: " ")
    row =
      "| \(number(score.meanActiveFeatures, 1)) | \(number(score.meanUnexplainedVariance)) | \(layers) "
      + "| \(number(score.replacement.mean)) ± \(number(score.replacement.deviation)) "
      + "| \(number(score.replacement.least)) | \(number(score.completeness.mean)) "
      + "| \(number(100 * score.agreement.share, 1)) % of \(score.agreement.count) "
      + "| \(number(100 * score.agreement.decidedShare, 1)) % of \(score.agreement.decided) |"
  }
}

/// How long something that began just now will still take.
private struct TimeLeft {
  private let start = ContinuousClock().now

  func text(_ part: Double) -> String {
    let elapsed = (ContinuousClock().now - start).components
    let seconds = Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
    return "about \(Int((seconds / max(part, 1e-6) * (1 - part)).rounded())) s left"
  }
}

extension Double {
  func rounded(places: Int) -> Double {
    let scale = pow(10, Double(places))
    return (self * scale).rounded() / scale
  }
}
