public import Foundation

/// Trains a byte-level byte-pair tokenizer on texts.
///
/// All 256 bytes are tokens, so that any text can be written. From there the most frequent pair of neighbours
/// inside words becomes a token, and again, until the vocabulary is full or every word is one token. Of pairs that
/// are as frequent as each other the one of smaller tokens is joined first, so that equal texts give equal files.
/// Words begin with the space before them, and every numeral is a word. Sennrich et al. 2016, "Neural Machine
/// Translation of Rare Words with Subword Units".
public struct BytePairTrainer {
  /// The most tokens, special tokens and bytes included.
  public let vocabularyLimit: Int
  /// Pairs that are rarer than this are not joined.
  public var leastCount = 2
  /// How often a word must occur to be a token whatever the merges say, which leaves the parts of words out of a
  /// small vocabulary; none is without.
  public var leastCountOfWholeWords: Int?
  private var counts: [Piece: Int] = [:]

  /// The token in front of every text, number 0.
  public static let beginningOfText = "<bos>"
  /// The token after a text's end, number 1.
  public static let endOfText = "<eos>"
  private static let specials = [beginningOfText, endOfText]

  /// - Parameter vocabularyLimit: The most tokens; with fewer than 258 there are still all bytes.
  public init(vocabularyLimit: Int) {
    self.vocabularyLimit = vocabularyLimit
  }

  /// Counts the words of a text.
  public mutating func add(_ text: String) {
    let scalars = Scalars(text.unicodeScalars)
    for word in WordScanner.singleNumerals.pieces(of: scalars[...]) {
      counts[Piece(text: String(ByteLetters.letters(of: scalars[word]))), default: 0] += 1
    }
  }

  /// Learns the tokens.
  /// - Returns: A `tokenizer.json`, which ``Tokenizer`` and the `tokenizers` library read.
  public func tokenizerJSON() -> Data {
    let tokens = Dictionary(
      uniqueKeysWithValues: ByteLetters.letters.enumerated().map { ($1, Token(Self.specials.count + $0)) })
    let words = counts.sorted {
      $0.key.text.unicodeScalars.lexicographicallyPrecedes($1.key.text.unicodeScalars)
    }
    var pieces = Self.specials + ByteLetters.letters.map { String($0) }
    if let least = leastCountOfWholeWords {
      let whole = words.filter { $0.value >= least && $0.key.text.unicodeScalars.count > 1 }
      pieces += whole.prefix(max(0, vocabularyLimit - pieces.count)).map(\.key.text)
    }
    var known = Dictionary(
      uniqueKeysWithValues: pieces.enumerated().map { (Piece(text: $1), Token($0)) })
    var pairs = PairCounts(
      words: words.map { word, count in (word.text.unicodeScalars.compactMap { tokens[$0] }, count) })
    var merges: [JSONValue] = []
    while pieces.count < vocabularyLimit, let pair = pairs.next(), pair.count >= leastCount {
      let (left, right) = (pieces[Int(pair.left)], pieces[Int(pair.right)])
      merges.append(.array([.string(left), .string(right)]))
      let joined = known[Piece(text: left + right)] ?? Token(pieces.count)
      if Int(joined) == pieces.count {
        pieces.append(left + right)
        known[Piece(text: left + right)] = joined
      }
      pairs.join(pair.left, pair.right, to: joined)
    }
    return Data(file(pieces: pieces, merges: merges).text.utf8)
  }

  /// The `tokenizer_config.json` that belongs beside it and says which tokens begin and end a text.
  public static let configurationJSON = Data(
    JSONValue.object([
      "bos_token": .string(beginningOfText), "eos_token": .string(endOfText),
      "clean_up_tokenization_spaces": .bool(false),
      "tokenizer_class": .string("PreTrainedTokenizerFast"),
    ]).text.utf8)

  private func file(pieces: [String], merges: [JSONValue]) -> JSONValue {
    let byteLevel: JSONValue = .object([
      "type": .string("ByteLevel"), "add_prefix_space": .bool(false), "trim_offsets": .bool(true),
      "use_regex": .bool(false),
    ])
    return .object([
      "version": .string("1.0"), "truncation": .null, "padding": .null,
      "added_tokens": .array(Self.specials.enumerated().map(Self.addedToken)), "normalizer": .null,
      "pre_tokenizer": .object([
        "type": .string("Sequence"),
        "pretokenizers": .array([
          .object([
            "type": .string("Split"),
            "pattern": .object(["Regex": .string(WordScanner.singleNumerals.pattern)]),
            "behavior": .string("Isolated"), "invert": .bool(false),
          ]), byteLevel,
        ]),
      ]),
      "post_processor": Self.template, "decoder": byteLevel,
      "model": .object([
        "type": .string("BPE"), "dropout": .null, "unk_token": .null, "continuing_subword_prefix": .null,
        "end_of_word_suffix": .null, "fuse_unk": .bool(false), "byte_fallback": .bool(false),
        "ignore_merges": .bool(leastCountOfWholeWords != nil),
        "vocab": .object(pieces.enumerated().map { .init(key: $1, value: .integer($0)) }),
        "merges": .array(merges),
      ]),
    ])
  }

  private static func addedToken(_ number: Int, _ content: String) -> JSONValue {
    .object([
      "id": .integer(number), "content": .string(content), "single_word": .bool(false),
      "lstrip": .bool(false), "rstrip": .bool(false), "normalized": .bool(false), "special": .bool(true),
    ])
  }

  /// Puts the beginning of text in front.
  private static var template: JSONValue {
    let special: JSONValue = .object([
      "SpecialToken": .object(["id": .string(beginningOfText), "type_id": .integer(0)])
    ])
    func sequence(_ name: String) -> JSONValue {
      .object(["Sequence": .object(["id": .string(name), "type_id": .integer(0)])])
    }
    return .object([
      "type": .string("TemplateProcessing"), "single": .array([special, sequence("A")]),
      "pair": .array([special, sequence("A"), sequence("B")]),
      "special_tokens": .object([
        beginningOfText: .object([
          "id": .string(beginningOfText), "ids": .array([.integer(0)]),
          "tokens": .array([.string(beginningOfText)]),
        ])
      ]),
    ])
  }
}
