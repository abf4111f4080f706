/// How a text is cut into the words that the model sees one by one.
indirect enum PreTokenizer: Sendable {
  case sequence([PreTokenizer])
  /// Spells the bytes of a text in ``ByteLetters``.
  /// - addsSpace: Puts a space before a text that has none.
  /// - splits: Cuts with the pattern of GPT-2 first.
  case byteLevel(addsSpace: Bool, splits: Bool)
  case split(SplitRule)
  case metaspace(Metaspace)

  /// A stretch of text on its way to the model.
  struct Word {
    var text: ArraySlice<Unicode.Scalar>
    /// Whether it begins the whole text.
    var startsText: Bool
  }

  /// The words of a text.
  /// - Parameter limit: How many scalars they may have together.
  /// - Throws: ``TokenizationError/tooLong(what:count:limit:)``, ``TokenizationError/tooCostly(what:count:)``.
  func words(
    of text: ArraySlice<Unicode.Scalar>, startsText: Bool, limit: Int
  ) throws(TokenizationError) -> [Word] {
    if text.isEmpty { return [] }
    var words = [Word(text: text, startsText: startsText)]
    try split(&words, limit: limit)
    return words
  }

  private func split(_ words: inout [Word], limit: Int) throws(TokenizationError) {
    if case .sequence(let steps) = self {
      for step in steps { try step.split(&words, limit: limit) }
      return
    }
    var result: [Word] = []
    var count = 0
    for word in words {
      let pieces = try pieces(of: word)
      count += pieces.reduce(0) { $0 + $1.text.count }
      guard count <= limit else {
        throw .tooLong(
          what: "the pre-tokenizer", count: words.reduce(0) { $0 + $1.text.count }, limit: limit)
      }
      result += pieces
    }
    words = result
  }

  /// What one step other than a sequence makes of a word.
  private func pieces(of word: Word) throws(TokenizationError) -> [Word] {
    switch self {
    case .sequence: [word]
    case .byteLevel(let addsSpace, let splits):
      Self.byteLevelWords(of: word, addsSpace: addsSpace, splits: splits)
    case .split(let rule): word.cut(into: try rule.pieces(of: word.text))
    case .metaspace(let metaspace): try metaspace.words(of: word)
    }
  }

  private static func byteLevelWords(of word: Word, addsSpace: Bool, splits: Bool) -> [Word] {
    var word = word
    if addsSpace, word.text.first != " " { word.text = [" "] + word.text }
    let pieces = splits ? word.cut(into: WordScanner.gpt2.pieces(of: word.text)) : [word]
    return pieces.map { piece in
      Word(text: ByteLetters.letters(of: piece.text)[...], startsText: piece.startsText)
    }
  }
}

extension PreTokenizer.Word {
  /// The word in pieces.
  func cut(into pieces: [Range<Int>]) -> [Self] {
    pieces.map { Self(text: text[$0], startsText: startsText && $0.lowerBound == text.startIndex) }
  }
}

/// Spaces written as a visible sign, usually `▁`, which also begins words.
struct Metaspace: Sendable {
  /// Where a sign is put before a text that has none.
  enum Prepending: String, CaseIterable, Sendable {
    case always
    case never
    /// Only at the beginning of the whole text.
    case first
  }

  /// The sign.
  let sign: Unicode.Scalar
  let prepending: Prepending
  /// Whether texts are cut before every sign.
  let splits: Bool

  func words(of word: PreTokenizer.Word) throws(TokenizationError) -> [PreTokenizer.Word] {
    var word = word
    word.text = word.text.map { $0 == " " ? sign : $0 }[...]
    if word.text.first != sign, prepending == .always || prepending == .first && word.startsText {
      word.text = [sign] + word.text
    }
    guard splits else { return [word] }
    let rule = SplitRule(pattern: .literal([sign]), behavior: .mergedWithNext)
    return word.cut(into: try rule.pieces(of: word.text))
  }
}
