/// A search for added tokens in a text: the leftmost first, and of those the longest.
struct AddedTokenFinder: Sendable {
  /// A stretch of the text, or an added token in it.
  enum Part: Equatable {
    case text(Range<Int>)
    case token(Token)
  }

  private struct Candidate: Sendable {
    let content: Scalars
    let added: AddedToken
  }

  /// In the order of their spellings, scalar by scalar.
  private var candidates: [Candidate] = []
  /// Those that begin with a scalar, as places in ``candidates``.
  private var ranges: [Unicode.Scalar: Range<Int>] = [:]

  /// A search compares at most so many scalars for each of the text, and some more.
  private static let mostSteps = 1000

  /// - Parameters:
  ///   - tokens: The tokens to look for.
  ///   - spelling: How each of them is written in the texts that will be searched.
  init(
    _ tokens: [AddedToken], spelling: (AddedToken) throws(TokenizationError) -> Scalars
  ) throws(TokenizationError) {
    for added in tokens {
      let content = try spelling(added)
      if !content.isEmpty { candidates.append(Candidate(content: content, added: added)) }
    }
    // Of tokens that are spelled alike, the first number counts.
    candidates.sort { one, other in
      if one.content == other.content { return one.added.token < other.added.token }
      return one.content.lexicographicallyPrecedes(other.content)
    }
    for (place, candidate) in candidates.enumerated() {
      let first = candidate.content[0]
      ranges[first] = (ranges[first]?.lowerBound ?? place)..<place + 1
    }
  }

  /// Cuts a text at the added tokens in it. Stretches of text are never empty.
  /// - Throws: ``TokenizationError/tooCostly(what:count:)`` if texts and tokens are alike for too long before they differ.
  func parts(of text: Scalars) throws(TokenizationError) -> [Part] {
    var parts: [Part] = []
    var steps = 0
    // The whitespace that was walked through last, which the next token may be about to walk through again.
    var space = 0..<0
    var done = 0
    var index = 0
    while index < text.count {
      guard steps <= Self.mostSteps * text.count + 1_000_000 else {
        throw .tooCostly(what: "the added tokens", count: text.count)
      }
      guard let match = match(at: index, in: text, steps: &steps) else {
        index += 1
        continue
      }
      var range = index..<index + match.content.count
      index = range.upperBound
      if match.added.declaration.isSingleWord, touchesWord(range, in: text) { continue }
      if match.added.declaration.stripsLeft {
        range = leadingSpaceStart(of: range, in: text, from: done)..<range.upperBound
      }
      if match.added.declaration.stripsRight {
        if !space.contains(range.upperBound) {
          space = range.upperBound..<trailingSpaceEnd(of: range, in: text)
        }
        range = range.lowerBound..<space.upperBound
      }
      // A token before this one may have taken the spaces already.
      if done < range.lowerBound { parts.append(.text(done..<range.lowerBound)) }
      parts.append(.token(match.added.token))
      done = range.upperBound
    }
    if done < text.count { parts.append(.text(done..<text.count)) }
    return parts
  }

  /// The longest token that begins at a place: the candidates that still agree are narrowed down letter by letter.
  private func match(at index: Int, in text: Scalars, steps: inout Int) -> Candidate? {
    guard var range = ranges[text[index]] else { return nil }
    var longest: Candidate?
    var length = 1
    while true {
      steps += 1
      // The shorter of two that agree comes first, so what ends here stands at the front.
      let first = candidates[range.lowerBound]
      if first.content.count == length {
        longest = first
        let ended = bound(in: range) { candidates[$0].content.count > length }
        range = ended..<range.upperBound
      }
      guard !range.isEmpty, index + length < text.count else { return longest }
      let scalar = text[index + length]
      let start = bound(in: range) { candidates[$0].content[length] >= scalar }
      let end = bound(in: start..<range.upperBound) { candidates[$0].content[length] > scalar }
      if start == end { return longest }
      range = start..<end
      length += 1
    }
  }

  /// The first place of a range from which on something holds.
  private func bound(in range: Range<Int>, where holds: (Int) -> Bool) -> Int {
    var (low, high) = (range.lowerBound, range.upperBound)
    while low < high {
      let middle = low + (high - low) / 2
      if holds(middle) { high = middle } else { low = middle + 1 }
    }
    return low
  }

  private func touchesWord(_ range: Range<Int>, in text: Scalars) -> Bool {
    let neighbours = text[..<range.lowerBound].suffix(1) + text[range.upperBound...].prefix(1)
    return neighbours.contains(where: ScalarSet.wordLetters.contains)
  }

  /// Where the whitespace before a token begins; what lies before `first` belongs to another token.
  private func leadingSpaceStart(of range: Range<Int>, in text: Scalars, from first: Int) -> Int {
    var start = range.lowerBound
    while start > first, ScalarSet.whitespace.contains(text[start - 1]) { start -= 1 }
    return start
  }

  private func trailingSpaceEnd(of range: Range<Int>, in text: Scalars) -> Int {
    text[range.upperBound...].firstIndex { !ScalarSet.whitespace.contains($0) } ?? text.count
  }
}
