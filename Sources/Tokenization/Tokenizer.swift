/// What turns text into tokens and back, as described by a Hugging Face `tokenizer.json`.
///
/// A text passes five stages: added tokens such as `<s>` are found in it; what lies between is normalized,
/// cut into words, and turned into tokens by the model; and a template puts BOS around the result.
///
/// Tokens and texts equal those of the `tokenizers` library, with what the files beside it add as transformers reads
/// them, scalar by scalar, but for three things: a letter that no token stands for throws, and a number that is no token
/// shows as `⟨505⟩`, where the library drops both; and truncation, padding and dropout in a file are not applied. Files
/// that would make much more of a text than there is, or search it for ever, are refused. What a letter is, Swift's version of Unicode says;
/// version 0.22 of the library goes by Unicode 16.
public struct Tokenizer: Sendable {
  let addedTokens: AddedTokens
  let literalFinder: AddedTokenFinder
  let normalizer: Normalizer
  let normalizedFinder: AddedTokenFinder
  let preTokenizer: PreTokenizer
  let model: Model
  let postProcessor: PostProcessor
  let decoder: Decoder
  let displayDecoder: Decoder
  let roles: SpecialTokens
  let spelled = SpelledTokens()

  /// One past the largest token. Some numbers below may have no piece; the embedding matrix of a model may
  /// have more rows.
  public let vocabularyCount: Int
  /// The tokens that decoding leaves out unless told otherwise: added tokens marked as special.
  public let specialTokens: Set<Token>
  /// The tokens that a text may begin with and need no other in front: those that tokenizer_config.json and its kin name,
  /// such as BOS, EOS and padding. Markers of chats that tokenizer.json alone calls special are none of them; where no file
  /// names any, all ``specialTokens`` are.
  public let openingTokens: Set<Token>

  /// BOS, the token that begins a text: the one that a file names as `bos_token`, else the one that the template of
  /// tokenizer.json puts in front, else the one that a configuration numbers.
  public var beginningOfText: Token? { roles.beginningOfText }
  /// EOS, the token that ends a text, where the model's files name one.
  public var endOfText: Token? { roles.endOfText }
  /// All tokens after which generation stops: ``endOfText`` and those of the generation configuration.
  public var endsOfText: Set<Token> { roles.ends }
  /// The token that fills up short rows, where the model's files name one.
  public var padding: Token? { roles.padding }
  /// The token that stands for what the vocabulary lacks; without one, encoding such a text throws.
  public var unknown: Token? { model.unknown }

  /// The tokens of a text.
  ///
  /// - Parameters:
  ///   - text: Any text; special tokens written in it, such as `<s>`, become those tokens.
  ///   - addingSpecialTokens: Whether to add what the file's template adds, usually BOS. Not every model that
  ///     expects BOS has such a template; see ``beginningOfText``.
  /// - Returns: The tokens, `[position]`.
  /// - Throws: ``TokenizationError/unencodable(text:inside:)`` if the text holds something that neither a
  ///   token nor an unknown token stands for.
  public func encode(
    _ text: String, addingSpecialTokens: Bool = true
  ) throws(TokenizationError) -> [Token] {
    let scalars = Scalars(text.unicodeScalars)
    var tokens: [Token] = []
    var room = Self.lengthLimit(of: scalars.count)
    for part in try literalFinder.parts(of: scalars) {
      switch part {
      case .token(let token): tokens.append(token)
      case .text(let range):
        try append(scalars[range], startsText: range.lowerBound == 0, room: &room, to: &tokens)
      }
    }
    return addingSpecialTokens ? postProcessor.dressed(tokens) : tokens
  }

  /// The text of tokens.
  ///
  /// - Parameters:
  ///   - tokens: Any tokens, `[position]`; a number that is no token shows as `⟨505⟩`.
  ///   - skippingSpecialTokens: Whether to leave out ``specialTokens``.
  /// - Returns: The text, with U+FFFD where bytes are not UTF-8.
  public func decode(_ tokens: [Token], skippingSpecialTokens: Bool = true) -> String {
    let shown = skippingSpecialTokens ? tokens.filter { !specialTokens.contains($0) } : tokens
    return decoder.text(of: shown.map(scalars(of:)))
  }

  /// How many scalars a text of so many may become on its way to the model. Unicode's longest compatible spelling of a
  /// letter has 18, of four bytes each.
  static func lengthLimit(of count: Int) -> Int { 65_536 + 72 * count }

  /// Adds the tokens of a stretch of text without literal added tokens.
  /// - Parameter room: How many scalars the rest of the whole text may still become.
  private func append(
    _ text: ArraySlice<Unicode.Scalar>, startsText: Bool, room: inout Int, to tokens: inout [Token]
  ) throws(TokenizationError) {
    let normalized = try normalizer.normalized(Scalars(text), limit: room)
    room -= normalized.count
    for part in try normalizedFinder.parts(of: normalized) {
      switch part {
      case .token(let token): tokens.append(token)
      case .text(let range):
        let startsText = startsText && range.lowerBound == 0
        let words = try preTokenizer.words(
          of: normalized[range], startsText: startsText, limit: Self.lengthLimit(of: range.count))
        for word in words {
          try model.append(word.text, to: &tokens)
        }
      }
    }
  }
}
