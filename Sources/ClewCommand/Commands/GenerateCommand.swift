internal import ArgumentParser
internal import Clew
internal import Foundation

/// Continues a text.
struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate", abstract: "Continues a prompt, the likeliest token each time or sampled.",
    discussion: """
      On a terminal, control characters that the model writes are spelled out; in a file or a pipe they are as it wrote \
      them.
      """)

  @Argument(help: "The text to continue.") var prompt: String?
  @OptionGroup var promptOptions: PromptOptions
  @Option(help: WeightFolder.modelHelp, completion: .directory) var model: String
  @Option(
    name: .customLong("count"),
    help: "The most tokens to add. Beside a text, --tokens with one number says the same. (default: 100)")
  var limit: Int?
  @Option(help: "0 takes the likeliest token; otherwise logits are divided by it.") var temperature = 0.0
  @Option(help: "Draw from the likeliest tokens whose probabilities first reach this sum.") var topP = 1.0
  @Option(help: "Where the random numbers start.") var seed: UInt64 = 0
  @OptionGroup var threads: ThreadOptions
  @Flag(help: "Print prompt, tokens and text as JSON at the end.") var json = false

  func validate() throws {
    guard count > 0 else {
      throw ValidationError("--\(limit == nil ? "tokens" : "count") must be at least 1.")
    }
    _ = try input
    guard temperature >= 0, temperature.isFinite else {
      throw ValidationError("--temperature must be 0 or more.")
    }
    guard topP > 0, topP <= 1 else { throw ValidationError("--top-p must be more than 0 and at most 1.") }
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

  func run() throws {
    threads.apply()
    let folder = try WeightFolder.model(model)
    let transformer = try Transformer(folder: folder)
    transformer.tellNotes()
    let tokenizer = try Tokenizer(folder: folder)
    let start = try Prompt(try input, tokenizer: tokenizer).tokens
    var stream = TextStream(after: start, tokenizer: tokenizer)
    if !json { try Terminal.output(asItIs: tokenizer.decode(start)) }
    var failure: (any Error)?
    let added = try transformer.generate(
      after: start, count: count, sampling: Sampling(temperature: temperature, topP: topP, seed: seed),
      stops: tokenizer.endsOfText
    ) { token in
      let new = stream.add(token)
      guard !json else { return true }
      do { try Terminal.output(asItIs: new) } catch { failure = error }
      return failure == nil
    }
    if let failure { throw failure }
    if json {
      let record: JSON = [
        "prompt": .string(prompt ?? tokenizer.decode(start)),
        "prompt_tokens": .array(start.map { JSON(Int($0)) }),
        "tokens": .array(added.map { JSON(Int($0)) }), "text": .string(tokenizer.decode(start + added)),
      ]
      try Terminal.output(String(decoding: try record.bytes(), as: UTF8.self) + "\n")
    } else {
      try Terminal.output(asItIs: stream.finish() + "\n")
    }
  }
}
