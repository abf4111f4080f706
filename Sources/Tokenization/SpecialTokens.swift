/// The tokens with a part to play, as the files beside a tokenizer name them.
struct SpecialTokens: Sendable {
  private(set) var beginningOfText: Token?
  private(set) var endOfText: Token?
  private(set) var padding: Token?
  /// Every token that any file names as an end.
  private(set) var ends: Set<Token> = []

  /// - Parameters:
  ///   - named: The token of a name such as `bos_token`; names count before all else.
  ///   - opening: The token that the template puts in front of a text; it counts before numbers.
  ///   - numbers: The outermost values of generation_config.json and config.json, which number tokens.
  ///   - isToken: Whether the vocabulary has a token of this number.
  init(
    named: (String) -> Token?, opening: Token?, numbers: [JSONPlace], isToken: (Int) -> Bool
  ) throws(TokenizationError) {
    beginningOfText = named("bos_token") ?? opening
    endOfText = named("eos_token")
    padding = named("pad_token")
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
