/// What a component of a tokenizer looks for in a text.
enum Pattern: Sendable {
  /// One text, exactly.
  case literal(Scalars)
  /// A regular expression without a scanner.
  case regex(RegularExpression)
  /// A regular expression with a scanner.
  case scanner(WordScanner)
  /// Every single scalar of a set.
  case each(ScalarSet)
  /// `\w+|[^\w\s]+`
  case words

  /// Reads a `pattern`: `{"String": …}` or `{"Regex": …}`.
  init(_ place: JSONPlace) throws(TokenizationError) {
    if let literal = try place["String"] {
      self = .literal(Scalars(try literal.string().unicodeScalars))
      return
    }
    guard let regex = try place["Regex"] else {
      throw place.malformed("must hold 'String' or 'Regex'")
    }
    let text = try regex.string()
    if let scanner = WordScanner(pattern: text) {
      self = .scanner(scanner)
    } else {
      do { self = .regex(try RegularExpression(text)) } catch {
        throw regex.malformed("is '\(text)', which \(error.reason)")
      }
    }
  }

  /// Where the pattern is found, from left to right without overlaps, as ranges of the text's indices.
  /// - Throws: ``TokenizationError/tooCostly(what:count:)`` for a regular expression that takes too many steps.
  func matches(in text: ArraySlice<Unicode.Scalar>) throws(TokenizationError) -> [Range<Int>] {
    switch self {
    case .literal(let literal): Self.places(of: literal, in: text)
    case .regex(let regex): try regex.matches(in: text)
    case .scanner(let scanner): scanner.pieces(of: text)
    case .each(let set): text.indices.filter { set.contains(text[$0]) }.map { $0..<$0 + 1 }
    case .words: Self.words(in: text)
    }
  }

  /// Where a text is found, by Knuth, Morris and Pratt: what was compared is not compared again.
  private static func places(of literal: Scalars, in text: ArraySlice<Unicode.Scalar>) -> [Range<Int>] {
    if literal.isEmpty { return [] }
    // How much of the literal still fits where the next letter does not.
    var fits = [0]
    var fit = 0
    for scalar in literal.dropFirst() {
      while fit > 0, literal[fit] != scalar { fit = fits[fit - 1] }
      if literal[fit] == scalar { fit += 1 }
      fits.append(fit)
    }
    var places: [Range<Int>] = []
    fit = 0
    for index in text.indices {
      while fit > 0, literal[fit] != text[index] { fit = fits[fit - 1] }
      if literal[fit] == text[index] { fit += 1 }
      if fit == literal.count {
        places.append(index + 1 - fit..<index + 1)
        fit = 0
      }
    }
    return places
  }

  private static func words(in text: ArraySlice<Unicode.Scalar>) -> [Range<Int>] {
    var words: [Range<Int>] = []
    var start = text.startIndex
    while start < text.endIndex {
      let set: ScalarSet = ScalarSet.wordLetters.contains(text[start]) ? .wordLetters : .symbols
      let end = text[start...].firstIndex { !set.contains($0) } ?? text.endIndex
      if end > start { words.append(start..<end) }
      start = max(end, start + 1)
    }
    return words
  }

  /// How many times as long a text may become whose matches are replaced by so many scalars.
  func growth(replacingWith count: Int) -> Int {
    switch self {
    case .literal(let literal): literal.isEmpty ? 1 : max(1, (count + literal.count - 1) / literal.count)
    // May match between any two scalars.
    default: 1 + count
    }
  }

  /// Whether a search takes time in proportion to the text, so that it can always be finished.
  var isLinear: Bool {
    guard case .regex(let regex) = self else { return true }
    return regex.isLinear
  }
}
