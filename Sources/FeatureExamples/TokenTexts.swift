public import Tokenization

/// What each token of a vocabulary shows.
public struct TokenTexts: Sendable {
  let texts: [String]

  /// A token's text; a number that is no token shows as `⟨505⟩`.
  public subscript(token: Token) -> String {
    texts.indices.contains(Int(token)) ? texts[Int(token)] : "⟨\(token)⟩"
  }
}
