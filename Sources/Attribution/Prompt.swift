public import Tokenization

/// A prompt as a model reads it: tokens, the first of them special where the vocabulary has such a token.
///
/// Position 0 has no features, so a prompt that does not begin with a special token gets one in front: the
/// beginning of text, else padding, else the end of text, else any. A vocabulary without special tokens leaves
/// the prompt as it is.
public struct Prompt: Sendable {
  /// `[position]`.
  public let tokens: [Token]
  /// What each token shows, `[position]`.
  public let texts: [String]
  /// All of it, special tokens included.
  public let text: String
  /// Whether the first token is special, so that no word of the text stands at position 0.
  public let beginsSpecially: Bool

  /// Splits a text.
  public init(_ text: String, tokenizer: Tokenizer) throws(AttributionError) {
    let tokens: [Token]
    do throws(TokenizationError) {
      tokens = try tokenizer.encode(text, addingSpecialTokens: false)
    } catch {
      throw .tokenization(error)
    }
    self.init(tokens, tokenizer: tokenizer)
  }

  /// Takes tokens as they are, with a special token in front if there is none.
  public init(_ tokens: [Token], tokenizer: Tokenizer) {
    var tokens = tokens
    let isSpecial = tokens.first.map(tokenizer.specialTokens.contains) ?? false
    if !isSpecial, !tokens.isEmpty, let first = Self.opening(of: tokenizer) { tokens.insert(first, at: 0) }
    self.tokens = tokens
    texts = tokens.map { tokenizer.text(of: $0) }
    text = texts.joined()
    beginsSpecially = tokens.first.map(tokenizer.specialTokens.contains) ?? false
  }

  /// The token that is put in front of what does not begin with a special one; `nil` if there is no special token.
  public static func opening(of tokenizer: Tokenizer) -> Token? {
    tokenizer.beginningOfText ?? tokenizer.padding ?? tokenizer.endOfText ?? tokenizer.specialTokens.min()
  }
}
