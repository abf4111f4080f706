public import Tokenization

/// What each token of a vocabulary shows.
public struct TokenTexts: Sendable {
  let texts: [String]
  /// Knows characters that take several tokens; a vocabulary's texts alone have none of their bytes.
  let tokenizer: Tokenizer?

  /// A token's text; a number that is no token shows as `⟨505⟩`.
  public subscript(token: Token) -> String {
    texts.indices.contains(Int(token)) ? texts[Int(token)] : "⟨\(token)⟩"
  }

  /// What each token of a text shows, see `Tokenizer.texts(of:)`; without a tokenizer each by itself.
  public func texts(of tokens: [Token]) -> [String] {
    tokenizer?.texts(of: tokens) ?? tokens.map { self[$0] }
  }
}
