/// A token that is found in the text itself, before the model sees it: `<s>`, `<|endoftext|>`.
struct AddedToken: Sendable {
  /// How the token is written.
  let content: String
  /// Its number.
  let token: Token
  /// Whether decoding may leave it out.
  let isSpecial: Bool
  /// Whether it is looked for in the normalized text, itself normalized, instead of the text as given.
  let isNormalized: Bool
  /// Whether it takes the whitespace before it along.
  let stripsLeft: Bool
  /// Whether it takes the whitespace after it along.
  let stripsRight: Bool
  /// Whether it counts only where no letter touches it.
  let isSingleWord: Bool

  /// Reads one of the `added_tokens`.
  init(_ place: JSONPlace) throws(TokenizationError) {
    let id = try place.required("id")
    let number = try id.integer()
    guard (0..<Vocabulary.tokenLimit).contains(number) else {
      throw id.malformed("is \(number), outside 0 to \(Vocabulary.tokenLimit - 1)")
    }
    token = Token(number)
    content = try place.required("content").string()
    isSpecial = try place.flag("special", default: false)
    isNormalized = try place.flag("normalized", default: !isSpecial)
    stripsLeft = try place.flag("lstrip", default: false)
    stripsRight = try place.flag("rstrip", default: false)
    isSingleWord = try place.flag("single_word", default: false)
  }
}

/// The added tokens of a tokenizer, by number and by spelling.
struct AddedTokens: Sendable {
  /// All of them, in the order of the file.
  private(set) var all: [AddedToken] = []
  private var byToken: [Token: AddedToken] = [:]
  private var byContent: [Piece: Token] = [:]

  /// Reads the `added_tokens`, and checks that they agree with the model's vocabulary.
  init(_ place: JSONPlace?, vocabulary: Vocabulary) throws(TokenizationError) {
    for item in try place?.items() ?? [] {
      let added = try AddedToken(item)
      if added.content.isEmpty { continue }
      let known = byToken[added.token]?.content ?? vocabulary.piece(of: added.token)
      if let known, Piece(text: known) != Piece(text: added.content) {
        throw item.malformed("gives '\(added.content)' the token \(added.token), which is '\(known)'")
      }
      let token = byContent[Piece(text: added.content)] ?? vocabulary.token(of: added.content)
      if let token, token != added.token {
        throw item.malformed(
          "gives '\(added.content)' the token \(added.token), but it is \(token) elsewhere")
      }
      if byToken.updateValue(added, forKey: added.token) == nil { all.append(added) }
      byContent[Piece(text: added.content)] = added.token
    }
  }

  /// How the added token of a number is written.
  func content(of token: Token) -> String? { byToken[token]?.content }

  /// The number of the added token that is written so.
  func token(of content: String) -> Token? { byContent[Piece(text: content)] }
}
