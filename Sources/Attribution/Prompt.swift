public import Tokenization

/// A prompt as a model reads it: tokens, the first of them special where the vocabulary has such a token.
///
/// Position 0 has no features, so a text that does not begin with one of the tokens that the tokenizer's files name gets
/// one in front: the beginning of text, else padding, else the end of text, else any special one. A vocabulary without
/// special tokens leaves the text as it is, and ``PromptInput`` may ask for another token, for none, or for tokens as
/// they are.
public struct Prompt: Sendable {
  /// `[position]`.
  public let tokens: [Token]
  /// What each token shows, `[position]`: a character that takes several tokens is whole at the first, and the others show
  /// nothing.
  public let texts: [String]
  /// All of it, special tokens included.
  public let text: String
  /// Whether the first token is special, so that no word of the text stands at position 0.
  public let beginsSpecially: Bool

  /// Splits a text.
  public init(_ text: String, tokenizer: Tokenizer) throws(AttributionError) {
    try self.init(PromptInput(text), tokenizer: tokenizer)
  }

  /// Reads what was given.
  /// - Throws: ``AttributionError`` if the text cannot be split, the opening token is none of the vocabulary's, or tokens
  ///   and an opening contradict each other.
  public init(_ input: PromptInput, tokenizer: Tokenizer) throws(AttributionError) {
    if let tokens = input.tokens {
      if let opening = input.opening {
        throw .badOpening(
          name: opening,
          reason: "the prompt is given as tokens, which are read as they are; leave one of them out")
      }
      self.init(exactly: tokens, tokenizer: tokenizer)
      return
    }
    let tokens: [Token]
    do throws(TokenizationError) {
      tokens = try tokenizer.encode(input.text, addingSpecialTokens: false)
    } catch {
      throw .tokenization(error)
    }
    guard let name = input.opening else {
      self.init(tokens, tokenizer: tokenizer)
      return
    }
    let opening = try PromptInput.token(opening: name, tokenizer: tokenizer)
    let isOpen = tokens.isEmpty || opening == nil || tokens.first == opening
    self.init(exactly: isOpen ? tokens : (opening.map { [$0] } ?? []) + tokens, tokenizer: tokenizer)
  }

  /// Takes tokens with a special one in front if there is none.
  public init(_ tokens: [Token], tokenizer: Tokenizer) {
    let isOpen = tokens.first.map(tokenizer.openingTokens.contains) ?? true
    let opening = isOpen ? nil : Self.opening(of: tokenizer)
    self.init(exactly: (opening.map { [$0] } ?? []) + tokens, tokenizer: tokenizer)
  }

  /// Takes tokens as they are.
  public init(exactly tokens: [Token], tokenizer: Tokenizer) {
    self.tokens = tokens
    texts = tokenizer.texts(of: tokens)
    text = texts.joined()
    beginsSpecially =
      tokens.first.map { tokenizer.specialTokens.contains($0) || tokenizer.openingTokens.contains($0) }
      ?? false
  }

  /// What stands for a token that only goes on with a character, where nothing would not be seen.
  public static let continuation = "…"

  /// What each token shows, with a mark where that is nothing, `[position]`.
  public var visibleTexts: [String] { texts.map { $0.isEmpty ? Self.continuation : $0 } }

  /// The token that is put in front of what does not begin with a special one; `nil` if there is no special token.
  public static func opening(of tokenizer: Tokenizer) -> Token? {
    tokenizer.beginningOfText ?? tokenizer.padding ?? tokenizer.endOfText ?? tokenizer.specialTokens.min()
  }
}
