internal import Synchronization

extension Tokenizer {
  /// The text of one token, for display: a space before a word stays, a special token shows as it is written,
  /// bytes that are not UTF-8 show as U+FFFD, and a number that is no token as `⟨505⟩`.
  public func text(of token: Token) -> String {
    addedTokens.content(of: token) ?? displayDecoder.text(of: [scalars(of: token)])
  }

  /// The string that stands for a token in the file's vocabulary: `ĠAustin`, `▁Austin`, `<0x0A>`.
  ///
  /// - Returns: The string, or `nil` if the vocabulary has no such token.
  public func piece(of token: Token) -> String? {
    addedTokens.content(of: token) ?? model.vocabulary.piece(of: token)
  }

  /// The token that a string stands for in the file's vocabulary, compared scalar by scalar.
  public func id(ofPiece piece: String) -> Token? {
    addedTokens.token(of: piece) ?? model.vocabulary.token(of: piece)
  }

  /// The tokens that read like a text, for people who name a token: `"Austin"` and `" Austin"` are two.
  ///
  /// - Parameters:
  ///   - text: What ``text(of:)`` shall be, scalar by scalar.
  ///   - allowingSpaceBefore: Whether tokens that read like the text with a space before it count too; they
  ///     come after those that read like the text itself.
  /// - Returns: The tokens, ascending; usually there are none or one of a spelling.
  public func tokens(spelling text: String, allowingSpaceBefore: Bool = false) -> [Token] {
    let spellings = allowingSpaceBefore ? [text, " " + text] : [text]
    let known = spelled.tokens {
      var known: [Scalars: [Token]] = [:]
      for token in 0..<Token(vocabularyCount) where piece(of: token) != nil {
        known[Scalars(self.text(of: token).unicodeScalars), default: []].append(token)
      }
      return known
    }
    return spellings.flatMap { known[Scalars($0.unicodeScalars)] ?? [] }
  }

  /// The piece of a token, or a sign with its number where it has none.
  func scalars(of token: Token) -> Scalars {
    Scalars((piece(of: token) ?? "⟨\(token)⟩").unicodeScalars)
  }
}

/// The tokens of each text that a token shows, found out when they are first asked for.
final class SpelledTokens: Sendable {
  private let known = Mutex<[Scalars: [Token]]?>(nil)

  func tokens(_ find: () -> [Scalars: [Token]]) -> [Scalars: [Token]] {
    known.withLock { known in
      if let known { return known }
      let found = find()
      known = found
      return found
    }
  }
}
