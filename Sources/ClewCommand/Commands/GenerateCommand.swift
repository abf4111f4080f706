internal import ArgumentParser
internal import Clew
internal import Foundation

/// Continues a text.
struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate", abstract: "Continues a prompt, the likeliest token each time or sampled.",
    discussion: """
      On a terminal, control characters that the model writes are spelled out; in a file or a pipe they are as it wrote \
      them. With --prompts many prompts are continued side by side, each as it would be alone, with the same random \
      numbers; what is wrong with a line is said, the others are continued, and the status is 1.
      """)

  @Argument(help: "The text to continue.") var prompt: String?
  @Option(
    help:
      "Continue each prompt of a file, or of standard input (-): one a line, or lines of JSON with prompt or tokens.",
    completion: .file())
  var prompts: String?
  @OptionGroup var promptOptions: PromptOptions
  @Option(help: WeightFolder.modelHelp, completion: .directory) var model: String
  @Option(
    name: .customLong("count"),
    help: "The most tokens to add. Beside a text, --tokens with one number says the same. (default: 100)")
  var limit: Int?
  @Option(help: "0 takes the likeliest token; otherwise logits are divided by it.") var temperature = 0.0
  @Option(help: "Draw from the likeliest tokens whose probabilities first reach this sum.") var topP = 1.0
  @Option(help: "Draw from so many of the likeliest tokens.") var topK: Int?
  @Option(help: "Where the random numbers start.") var seed: UInt64 = 0
  @OptionGroup var threads: ThreadOptions
  @Flag(
    help:
      "Print prompt, tokens, their log-probabilities in nats and the text as JSON at the end; with --prompts, a line for each."
  )
  var json = false

  func validate() throws {
    guard count > 0 else {
      throw ValidationError("--\(limit == nil ? "tokens" : "count") must be at least 1.")
    }
    if prompts != nil {
      guard prompt == nil, promptOptions.tokens == nil else {
        throw ValidationError(
          "--prompts and \(prompt == nil ? "--tokens" : "a prompt") exclude each other. Leave one of them out."
        )
      }
    } else {
      _ = try input
    }
    guard temperature >= 0, temperature.isFinite else {
      throw ValidationError("--temperature must be 0 or more.")
    }
    guard topP > 0, topP <= 1 else { throw ValidationError("--top-p must be more than 0 and at most 1.") }
    if let topK, topK < 1 { throw ValidationError("--top-k must be at least 1.") }
  }

  /// How many tokens to add. Beside a text `--tokens` used to say so, and still does.
  private var count: Int { limit ?? countBesideText ?? 100 }

  private var countBesideText: Int? {
    guard prompt != nil, limit == nil, let tokens = promptOptions.tokens?.tokens, tokens.count == 1 else {
      return nil
    }
    return Int(tokens[0])
  }

  private var input: PromptInput {
    get throws {
      try PromptInput(
        given: prompt, tokens: countBesideText == nil ? promptOptions.tokens : nil,
        bos: promptOptions.opening.bos)
    }
  }

  var sampling: Sampling { Sampling(temperature: temperature, topP: topP, topK: topK, seed: seed) }

  func run() throws {
    threads.apply()
    let list = try prompts.map { try PromptList(path: $0) }
    let folder = try WeightFolder.model(model)
    let writer = TextWriter(
      model: try Transformer(folder: folder), tokenizer: try Tokenizer(folder: folder), count: count,
      sampling: sampling, printsJSON: json)
    writer.model.tellNotes()
    if let list {
      try writer.write(list, bos: promptOptions.opening.bos)
    } else {
      try writer.write(try input)
    }
  }
}
