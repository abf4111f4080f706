internal import ArgumentParser
internal import Clew
internal import Foundation

/// What is put in front of a prompt.
struct OpeningOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The token to put in front of the prompt, as tokenizer.json writes it, or token:ID; none puts nothing there. (default: the model's own, unless the prompt begins with a special token)",
      valueName: "token"))
  var bos: String?
}

/// A prompt as numbers of tokens, such as `1,2,3`.
struct TokenList: ExpressibleByArgument {
  let tokens: [Token]

  init?(argument: String) { self.init(argument) }

  init?(_ text: String) {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    let tokens = parts.compactMap { Token($0.trimmingCharacters(in: .whitespaces)) }
    guard tokens.count == parts.count, tokens.allSatisfy({ $0 >= 0 }) else { return nil }
    self.tokens = tokens
  }
}

/// A prompt: a text with its opening token, or the very tokens.
struct PromptOptions: ParsableArguments {
  @OptionGroup var opening: OpeningOptions
  @Option(
    help: ArgumentHelp(
      "The prompt as numbers of tokens, such as 1,2,3, instead of a text: exactly these are read.",
      valueName: "ids"))
  var tokens: TokenList?

  /// The prompt that a text and these options ask for.
  func input(_ text: String?) throws -> PromptInput {
    try PromptInput(given: text, tokens: tokens, bos: opening.bos)
  }
}

extension PromptInput {
  /// The prompt that a command line asks for.
  init(given text: String?, tokens: TokenList?, bos: String?) throws {
    guard (text == nil) != (tokens == nil) else {
      throw ValidationError(
        text == nil
          ? "Give a prompt, or its tokens with --tokens." : "Give either a prompt or --tokens, not both.")
    }
    if tokens != nil, bos != nil {
      throw ValidationError(
        "--tokens gives every token of the prompt, so that --bos would put none in front. Leave one of them out."
      )
    }
    self.init(text ?? "", tokens: tokens?.tokens, opening: bos)
  }
}
