/// What a component of a tokenizer looks for in a text.
enum Pattern: Sendable {
  /// One text, exactly.
  case literal(Scalars)
  /// A regular expression without a scanner, compiled when it is used: `Regex` cannot cross tasks.
  case regex(String)
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
      let translated = Self.withUnicodeClasses(text)
      do { _ = try Regex(translated) } catch {
        throw regex.malformed("is '\(text)', which is not a regular expression that Swift reads (\(error))")
      }
      self = .regex(translated)
    }
  }

  /// What Oniguruma, the engine that tokenizer files are written for, takes for `\w`: beyond the standard's
  /// word letters, the superscripts and fractions of Latin-1.
  private static let wordLetters = #"\p{Alphabetic}\p{M}\p{Nd}\p{Pc}²³¹¼-¾"#

  /// A regular expression with digits and word letters spelled out, which Swift's engine takes otherwise: its
  /// `\d` takes in fractions and Roman numerals.
  private static func withUnicodeClasses(_ regex: String) -> String {
    var result = ""
    var isEscaped = false
    for scalar in regex.unicodeScalars {
      guard isEscaped else {
        isEscaped = scalar == "\\"
        if !isEscaped { result.unicodeScalars.append(scalar) }
        continue
      }
      isEscaped = false
      switch scalar {
      case "d": result += #"\p{Nd}"#
      case "D": result += #"\P{Nd}"#
      case "w": result += "[\(wordLetters)]"
      case "W": result += "[^\(wordLetters)]"
      default: result.unicodeScalars.append(contentsOf: ["\\", scalar])
      }
    }
    return isEscaped ? result + "\\" : result
  }

  /// Where the pattern is found, from left to right without overlaps, as ranges of the text's indices.
  func matches(in text: ArraySlice<Unicode.Scalar>) -> [Range<Int>] {
    switch self {
    case .literal(let literal): Self.places(of: literal, in: text)
    case .regex(let regex): Self.matches(of: regex, in: text)
    case .scanner(let scanner): scanner.pieces(of: text)
    case .each(let set): text.indices.filter { set.contains(text[$0]) }.map { $0..<$0 + 1 }
    case .words: Self.words(in: text)
    }
  }

  private static func places(of literal: Scalars, in text: ArraySlice<Unicode.Scalar>) -> [Range<Int>] {
    guard let first = literal.first else { return [] }
    var places: [Range<Int>] = []
    var index = text.startIndex
    while index + literal.count <= text.endIndex {
      if text[index] == first,
        literal.count == 1 || text[index..<index + literal.count].elementsEqual(literal)
      {
        places.append(index..<index + literal.count)
        index += literal.count
      } else {
        index += 1
      }
    }
    return places
  }

  private static func matches(of regex: String, in text: ArraySlice<Unicode.Scalar>) -> [Range<Int>] {
    guard let regex = try? Regex(regex).matchingSemantics(.unicodeScalar) else { return [] }
    let string = String(text)
    // Counts on from the last place, so that a text is walked through once.
    var last = (index: string.startIndex, place: text.startIndex)
    func place(of index: String.Index) -> Int {
      last = (index, last.place + string.unicodeScalars.distance(from: last.index, to: index))
      return last.place
    }
    return string.matches(of: regex).map { match in
      let start = place(of: match.range.lowerBound)
      return start..<place(of: match.range.upperBound)
    }
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
}
