internal import ArgumentParser
internal import AtlasTraining
internal import AtlasWorld
internal import Clew
internal import Foundation

/// Makes Atlas again: tokenizer and model, from a seed.
@main
struct AtlasTrain: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "atlas-train",
    abstract: "Makes Atlas's tokenizer and model again, from a seed, in about a quarter of an hour.")

  @Option(help: "The folder to write the model to.", completion: .directory)
  var output = "Examples/Atlas/model"
  @Option(help: "Where the random numbers start.") var seed: UInt64 = 0
  @Option(help: "Steps of 256 documents each.") var steps = 1600
  @Option(help: "Threads; the result does not depend on it.") var threads = 2

  func validate() throws {
    guard steps > 0, threads > 0 else { throw ValidationError("--steps and --threads must be at least 1.") }
  }

  func run() throws {
    Parallel.threadCount = threads
    let folder = URL(filePath: output)
    let files = try FileBatch(folder: folder)
    let tokenizer = try stageTokenizer(in: files)
    say("tokenizer: \(tokenizer.vocabularyCount) tokens")
    var training = ModelTraining()
    training.seed = seed
    training.stepCount = steps
    let start = ContinuousClock().now
    let model = try training.run(corpus: Corpus(seed: seed &+ 1), tokenizer: tokenizer) {
      step, tokens, loss in
      let elapsed = ContinuousClock().now - start
      let left = elapsed / step * (steps - step)
      say(
        "step \(step) of \(steps), \(tokens) tokens, loss \(loss.rounded(places: 4)), "
          + "about \(left.components.seconds) s left")
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

  private func say(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
}

extension Double {
  func rounded(places: Int) -> Double {
    let scale = pow(10, Double(places))
    return (self * scale).rounded() / scale
  }
}
