/// A model with one token for each word it knows.
struct WordLevelModel: Sendable {
  let vocabulary: Vocabulary
  /// The token of every other word.
  let unknown: Token?

  init(_ place: JSONPlace) throws(TokenizationError) {
    vocabulary = try Vocabulary(place.required("vocab"))
    unknown = try place["unk_token"].flatMap { [vocabulary] (name) throws(TokenizationError) in
      vocabulary.token(of: try name.string())
    }
  }

  func token(of word: ArraySlice<Unicode.Scalar>) throws(TokenizationError) -> Token {
    let text = String(word)
    guard let token = vocabulary.token(of: text) ?? unknown else {
      throw .unencodable(text: text, inside: text)
    }
    return token
  }
}
