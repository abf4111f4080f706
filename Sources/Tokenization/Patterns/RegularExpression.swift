/// A regular expression whose search takes time in proportion to the text, whatever the expression.
///
/// Tokenizer files are written for Oniguruma, which tries alternatives one after the other, as this does; but a try that
/// failed at a place is not made there again once the search has become slow. Oniguruma and Swift's `Regex` take time that
/// doubles with each letter for expressions such as `(a+)+$`. Only lookaround and atomic groups may take longer; they have
/// a budget.
struct RegularExpression: Sendable {
  /// A step of the search.
  enum Instruction: Sendable {
    case scalar(Unicode.Scalar)
    /// A letter in any case, as ``folded(_:)`` writes it.
    case letter(Unicode.Scalar)
    /// Any scalar that a test takes.
    case one(Int)
    /// Any scalar, or any but a line feed.
    case any(takesLineFeed: Bool)
    /// Goes on at the first; if that fails, at the second.
    case fork(Int, Int)
    case jump(Int)
    case anchor(Anchor)
    /// Goes on at `next` if what begins at `start` is found, or is not, here or so many scalars before.
    case look(start: Int, isNegated: Bool, behind: Int, next: Int)
    /// Takes what begins at `start` as it is found first, and goes on at `next`.
    case atomic(start: Int, next: Int)
    case end
  }

  /// A place between scalars.
  enum Anchor: Sendable {
    case lineStart, lineEnd, textStart, textEnd, textEndOrLastNewline, wordBoundary, noWordBoundary
  }

  let instructions: [Instruction]
  let tests: [ScalarTest]

  /// A scalar without its case: that of its capital letter in lower case, so that all kinds of s are one.
  static func folded(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    func only(_ text: String) -> Unicode.Scalar? {
      text.unicodeScalars.count == 1 ? text.unicodeScalars.first : nil
    }
    // The dotless i is another letter, though its capital is that of i.
    if scalar == "ı" { return scalar }
    let capital = only(scalar.properties.uppercaseMapping) ?? scalar
    return only(capital.properties.lowercaseMapping) ?? capital
  }

  /// Whether a scalar is one of `\w`, as Oniguruma takes it outside of brackets: with the superscripts and fractions of
  /// Latin-1.
  static func isWord(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.properties.isAlphabetic { return true }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: return true
    default: return "²³¹¼½¾".unicodeScalars.contains(scalar)
    }
  }

  /// Whether it has no lookaround and no atomic group, and is short enough for its search never to be given up.
  var isLinear: Bool {
    instructions.count <= 256
      && instructions.allSatisfy {
        switch $0 {
        case .look, .atomic: false
        default: true
        }
      }
  }

  /// Where the expression is found, from left to right without overlaps, as ranges of the text's indices.
  /// - Throws: ``TokenizationError/tooCostly(what:count:)`` if lookaround takes more steps than the text is worth.
  func matches(in text: ArraySlice<Unicode.Scalar>) throws(TokenizationError) -> [Range<Int>] {
    // The library does not look into a text of nothing.
    if text.isEmpty { return [] }
    var search = Search(self, in: text)
    var matches: [Range<Int>] = []
    var start = text.startIndex
    while start <= text.endIndex {
      guard let end = try search.end(from: start) else {
        start += 1
        continue
      }
      // Nothing is found where the match before has ended.
      if end > start || matches.last?.upperBound != start { matches.append(start..<end) }
      // An empty match does not hold the search up.
      start = max(end, start + 1)
    }
    return matches
  }
}

/// A search in one text, with what it has found out.
private struct Search {
  private let expression: RegularExpression
  private let text: ArraySlice<Unicode.Scalar>
  private let words: Int
  /// The most steps: several for each instruction at each place, which lookaround alone can exceed.
  private let limit: Int
  /// The tries that have failed or are under way, a bit for each place and instruction; empty while the search is quick.
  private var tried: [UInt64] = []
  private var steps = 0
  private var stack: [State] = []

  private struct State {
    let instruction: Int
    let place: Int
  }

  /// Steps that no text is too short for, some tenths of a second.
  private static let leastLimit = 20_000_000
  /// A search is slow that takes more steps than so many for each scalar that it has passed.
  private static let quickSteps = 16
  /// What ``tried`` may take in words of 64 bits, and ``stack`` in states: 256 MB each.
  private static let mostWords = 1 << 25
  private static let mostStates = 1 << 24

  init(_ expression: RegularExpression, in text: ArraySlice<Unicode.Scalar>) {
    (self.expression, self.text) = (expression, text)
    let count = expression.instructions.count
    words = (count + 63) / 64
    limit = min(max((100 + 4 * count) * (text.count + 1), Self.leastLimit), 4_000_000_000)
  }

  /// Where the match ends that begins at a place.
  mutating func end(from start: Int) throws(TokenizationError) -> Int? {
    if isSlow(at: start) { try remember() }
    let end = try run(State(instruction: 0, place: start), remembers: true)
    if let end, !tried.isEmpty {
      // What led to the match did not fail: none of it lies after the end, and the search goes on there.
      let row = (end - text.startIndex) * words
      for word in row..<row + words { tried[word] = 0 }
    }
    return end
  }

  private var tooCostly: TokenizationError {
    .tooCostly(what: "a regular expression of \(expression.instructions.count) steps", count: text.count)
  }

  /// Runs from a state to the end of the expression, the preferred alternative first.
  /// - Parameter remembers: Whether failed tries are kept; those of lookaround are not, since they may end elsewhere.
  private mutating func run(_ first: State, remembers: Bool) throws(TokenizationError) -> Int? {
    let base = stack.count
    defer { stack.removeSubrange(base...) }
    stack.append(first)
    while stack.count > base, var state = stack.popLast() {
      while true {
        if case .end = expression.instructions[state.instruction] { return state.place }
        steps += 1
        if steps > limit || stack.count > Self.mostStates { throw tooCostly }
        if remembers, tried.isEmpty, isSlow(at: first.place) {
          // What this try has done is lost: it begins again with a memory.
          stack.removeSubrange(base...)
          try remember()
          return try run(first, remembers: true)
        }
        if remembers, !tried.isEmpty, wasTried(state) { break }
        guard let next = try step(state) else { break }
        state = next
      }
    }
    return nil
  }

  /// Whether the search should begin to remember.
  private func isSlow(at place: Int) -> Bool {
    tried.isEmpty && steps > Self.quickSteps * (place - text.startIndex) + 4096
  }

  private mutating func remember() throws(TokenizationError) {
    guard (text.count + 1) * words <= Self.mostWords else { throw tooCostly }
    tried = Array(repeating: 0, count: (text.count + 1) * words)
  }

  /// Notes that a state is tried.
  /// - Returns: Whether it was before.
  private mutating func wasTried(_ state: State) -> Bool {
    let word = (state.place - text.startIndex) * words + state.instruction / 64
    let bit: UInt64 = 1 << UInt64(state.instruction % 64)
    if tried[word] & bit != 0 { return true }
    tried[word] |= bit
    return false
  }

  /// The state after one step, `nil` where it fails.
  private mutating func step(_ state: State) throws(TokenizationError) -> State? {
    let place = state.place
    switch expression.instructions[state.instruction] {
    case .scalar(let scalar): return place < text.endIndex && text[place] == scalar ? taken(state) : nil
    case .one(let test):
      return place < text.endIndex && expression.tests[test].contains(text[place]) ? taken(state) : nil
    case .letter(let letter):
      return place < text.endIndex && RegularExpression.folded(text[place]) == letter ? taken(state) : nil
    case .any(let takesLineFeed):
      return place < text.endIndex && (takesLineFeed || text[place] != "\n") ? taken(state) : nil
    case .fork(let first, let second):
      stack.append(State(instruction: second, place: place))
      return State(instruction: first, place: place)
    case .jump(let next): return State(instruction: next, place: place)
    case .anchor(let anchor):
      return holds(anchor, at: place) ? State(instruction: state.instruction + 1, place: place) : nil
    case .look(let start, let isNegated, let behind, let next):
      let from = place - behind
      var isFound = false
      if from >= text.startIndex {
        isFound = try run(State(instruction: start, place: from), remembers: false) != nil
      }
      return isFound != isNegated ? State(instruction: next, place: place) : nil
    case .atomic(let start, let next):
      let end = try run(State(instruction: start, place: place), remembers: false)
      return end.map { State(instruction: next, place: $0) }
    case .end: return nil
    }
  }

  private func taken(_ state: State) -> State {
    State(instruction: state.instruction + 1, place: state.place + 1)
  }

  private func holds(_ anchor: RegularExpression.Anchor, at place: Int) -> Bool {
    let (isStart, isEnd) = (place == text.startIndex, place == text.endIndex)
    func isWord(_ place: Int) -> Bool {
      text.indices.contains(place) && RegularExpression.isWord(text[place])
    }
    switch anchor {
    case .textStart: return isStart
    case .textEnd: return isEnd
    case .textEndOrLastNewline: return isEnd || place + 1 == text.endIndex && text[place] == "\n"
    case .lineStart: return isStart || !isEnd && text[place - 1] == "\n"
    case .lineEnd: return isEnd || text[place] == "\n"
    case .wordBoundary: return isWord(place - 1) != isWord(place)
    case .noWordBoundary: return isWord(place - 1) == isWord(place)
    }
  }
}
