/// The tokens with a part to play, as the files beside a tokenizer name them.
struct SpecialTokens: Sendable {
  private(set) var beginningOfText: Token?
  private(set) var endOfText: Token?
  private(set) var padding: Token?
  /// Every token that any file names as an end.
  private(set) var ends: Set<Token> = []

  /// - Parameters:
  ///   - names: The outermost values of tokenizer_config.json and special_tokens_map.json, which name pieces;
  ///     the first to name one counts.
  ///   - numbers: Those of generation_config.json and config.json, which number tokens and count after all
  ///     names.
  ///   - token: The token of a piece.
  ///   - isToken: Whether the vocabulary has a token of this number.
  init(
    names: [JSONPlace], numbers: [JSONPlace], token: (String) -> Token?, isToken: (Int) -> Bool
  ) throws(TokenizationError) {
    for file in names {
      func named(_ key: String) throws(TokenizationError) -> Token? {
        try Self.name(key, in: file).flatMap(token)
      }
      if beginningOfText == nil { beginningOfText = try named("bos_token") }
      if endOfText == nil { endOfText = try named("eos_token") }
      if padding == nil { padding = try named("pad_token") }
    }
    if let endOfText { ends.insert(endOfText) }
    for file in numbers {
      func numbered(_ key: String) throws(TokenizationError) -> [Token] {
        try Self.numbers(key, in: file).filter(isToken).map { Token($0) }
      }
      if beginningOfText == nil { beginningOfText = try numbered("bos_token_id").first }
      if padding == nil { padding = try numbered("pad_token_id").first }
      let fileEnds = try numbered("eos_token_id")
      if endOfText == nil { endOfText = fileEnds.first }
      ends.formUnion(fileEnds)
    }
  }

  /// A piece, written as a string or as an object with its `content`.
  private static func name(_ key: String, in file: JSONPlace) throws(TokenizationError) -> String? {
    guard let place = try file[key] else { return nil }
    if case .object = place.value { return try place.required("content").string() }
    return try place.string()
  }

  /// Numbers of tokens, of which there may be none, one or a list. Those that are no numbers of tokens, such
  /// as the -1 of some files, are passed over.
  private static func numbers(_ key: String, in file: JSONPlace) throws(TokenizationError) -> [Int] {
    guard let place = try file[key] else { return [] }
    guard case .array = place.value else { return [try place.integer()] }
    var numbers: [Int] = []
    for item in try place.items() { numbers.append(try item.integer()) }
    return numbers
  }
}
