/// A token that is found in the text itself, before the model sees it: `<s>`, `<|endoftext|>`.
struct AddedToken: Sendable {
  /// How it is written and looked for.
  let declaration: TokenDeclaration
  /// Its number.
  let token: Token

  var content: String { declaration.content }

  init(_ declaration: TokenDeclaration, token: Token) {
    (self.declaration, self.token) = (declaration, token)
  }

  /// Reads one of the `added_tokens`.
  init(_ place: JSONPlace) throws(TokenizationError) {
    let id = try place.required("id")
    let number = try id.integer()
    guard (0..<Vocabulary.tokenLimit).contains(number) else {
      throw id.malformed("is \(number), outside 0 to \(Vocabulary.tokenLimit - 1)")
    }
    self.init(try TokenDeclaration(place), token: Token(number))
  }
}

/// The added tokens of a tokenizer, by number and by spelling.
struct AddedTokens: Sendable {
  /// All of them, in the order in which they were added.
  private(set) var all: [AddedToken] = []
  private var places: [Token: Int] = [:]
  private var byContent: [Piece: Token] = [:]
  private let vocabulary: Vocabulary
  /// One past the largest token of the model and of these.
  private(set) var count: Int

  /// Reads the `added_tokens`, and checks that they agree with the model's vocabulary.
  init(_ place: JSONPlace?, vocabulary: Vocabulary) throws(TokenizationError) {
    self.vocabulary = vocabulary
    count = vocabulary.count
    for item in try place?.items() ?? [] {
      let added = try AddedToken(item)
      if added.content.isEmpty { continue }
      let written = content(of: added.token) ?? vocabulary.piece(of: added.token)
      if let written, Piece(text: written) != Piece(text: added.content) {
        throw item.malformed("gives '\(added.content)' the token \(added.token), which is '\(written)'")
      }
      if let token = known(added.content), token != added.token {
        throw item.malformed(
          "gives '\(added.content)' the token \(added.token), but it is \(token) elsewhere")
      }
      put(added)
    }
  }

  /// Adds a token that a file beside tokenizer.json declares. It keeps the number that it has; a new one gets the next.
  /// - Parameter place: Where it is declared, for the message if there are too many.
  mutating func add(_ declaration: TokenDeclaration, at place: JSONPlace) throws(TokenizationError) {
    if declaration.content.isEmpty { return }
    let token = known(declaration.content).map { Int($0) } ?? count
    guard token < Vocabulary.tokenLimit else {
      throw place.malformed("adds '\(declaration.content)' to a vocabulary that is full")
    }
    put(AddedToken(declaration, token: Token(token)))
  }

  private mutating func put(_ added: AddedToken) {
    byContent[Piece(text: added.content)] = added.token
    count = max(count, Int(added.token) + 1)
    if let place = places[added.token] {
      all[place] = added
    } else {
      places[added.token] = all.count
      all.append(added)
    }
  }

  private func known(_ content: String) -> Token? { token(of: content) ?? vocabulary.token(of: content) }

  /// Lets decoding leave a token out that was added before.
  mutating func markSpecial(_ content: String) {
    guard let place = token(of: content).flatMap({ places[$0] }) else { return }
    var declaration = all[place].declaration
    declaration.isSpecial = true
    all[place] = AddedToken(declaration, token: all[place].token)
  }

  /// How the added token of a number is written.
  func content(of token: Token) -> String? { places[token].map { all[$0].content } }

  /// The number of the added token that is written so.
  func token(of content: String) -> Token? { byContent[Piece(text: content)] }
}
