public import Tokenization

/// Text that grows token by token, handed on only in whole characters.
///
/// A character may take several tokens, and until the last of them comes a tokenizer shows U+FFFD; what ends so waits.
/// Some tokenizers then show the characters before as U+FFFD, too, because one stretch of bytes is read as a whole:
/// what was handed on stays, and one U+FFFD stands for what never became a character.
public struct TextStream: Sendable {
  private let tokenizer: Tokenizer
  private var tokens: [Token]
  private var shown: [Unicode.Scalar]

  /// A stream of what follows a prompt.
  public init(after prompt: [Token], tokenizer: Tokenizer) {
    self.tokenizer = tokenizer
    tokens = prompt
    shown = Array(tokenizer.decode(prompt).unicodeScalars)
  }

  /// Takes a token.
  /// - Returns: The text that is complete now and was not before.
  public mutating func add(_ token: Token) -> String {
    tokens.append(token)
    let text = Array(tokenizer.decode(tokens).unicodeScalars)
    let waiting = text.reversed().prefix { $0 == "\u{FFFD}" }.count
    let complete = text.dropLast(waiting)
    return shown.starts(with: complete) ? "" : take(Array(complete))
  }

  /// Ends the text.
  /// - Returns: What was still waiting.
  public mutating func finish() -> String {
    let text = Array(tokenizer.decode(tokens).unicodeScalars)
    return text == shown ? "" : take(text)
  }

  /// Hands on what a text has beyond the shown one.
  private mutating func take(_ text: [Unicode.Scalar]) -> String {
    defer { shown = text }
    if text.starts(with: shown) { return string(text.dropFirst(shown.count)) }
    guard let lost = text.lastIndex(of: "\u{FFFD}") else { return string(text.dropFirst(shown.count)) }
    return "\u{FFFD}" + string(text[(lost + 1)...])
  }

  private func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
    String(String.UnicodeScalarView(scalars))
  }
}
