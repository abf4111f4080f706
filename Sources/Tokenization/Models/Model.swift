/// What turns a word into tokens.
enum Model: Sendable {
  case bytePairs(BytePairModel)
  case wordLevel(WordLevelModel)

  private static let supported = ["BPE", "WordLevel"]

  /// Reads the `model` of a tokenizer file.
  init(_ place: JSONPlace) throws(TokenizationError) {
    // The oldest files do not name their model, but only byte-pair models have merges.
    let hasMerges = try place["merges"] != nil
    let type = try place["type"]?.string() ?? (hasMerges ? "BPE" : nil)
    switch type {
    case "BPE": self = .bytePairs(try BytePairModel(place))
    case "WordLevel": self = .wordLevel(try WordLevelModel(place))
    case let type?: throw place.unsupported(type, supported: Self.supported)
    case nil: throw place.malformed("has neither a 'type' nor 'merges'")
    }
  }

  /// The pieces that the model itself knows; added tokens may come on top.
  var vocabulary: Vocabulary {
    switch self {
    case .bytePairs(let model): model.vocabulary
    case .wordLevel(let model): model.vocabulary
    }
  }

  /// The token that stands for what the model does not know.
  var unknown: Token? {
    switch self {
    case .bytePairs(let model): model.unknown
    case .wordLevel(let model): model.unknown
    }
  }

  /// Adds the tokens of a word.
  ///
  /// - Throws: ``TokenizationError/unencodable(text:inside:)``.
  func append(
    _ word: ArraySlice<Unicode.Scalar>, to tokens: inout [Token]
  ) throws(TokenizationError) {
    switch self {
    case .bytePairs(let model): try model.append(word, to: &tokens)
    case .wordLevel(let model): tokens.append(try model.token(of: word))
    }
  }
}
