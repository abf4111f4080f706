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

  /// By first scalar; the longest come first.
  private var candidates: [Unicode.Scalar: [Candidate]] = [:]

  /// - Parameters:
  ///   - tokens: The tokens to look for.
  ///   - spelling: How each of them is written in the texts that will be searched.
  init(_ tokens: [AddedToken], spelling: (AddedToken) -> Scalars) {
    for added in tokens {
      let content = spelling(added)
      guard let first = content.first else { continue }
      candidates[first, default: []].append(Candidate(content: content, added: added))
    }
    for first in candidates.keys {
      candidates[first]?.sort { ($1.content.count, $0.added.token) < ($0.content.count, $1.added.token) }
    }
  }

  /// Cuts a text at the added tokens in it. Stretches of text are never empty.
  func parts(of text: Scalars) -> [Part] {
    var parts: [Part] = []
    var done = 0
    var index = 0
    while index < text.count {
      guard let match = match(at: index, in: text) else {
        index += 1
        continue
      }
      var range = index..<index + match.content.count
      index = range.upperBound
      if match.added.declaration.isSingleWord, touchesWord(range, in: text) { continue }
      if match.added.declaration.stripsLeft {
        range = leadingSpaceStart(of: range, in: text)..<range.upperBound
      }
      if match.added.declaration.stripsRight {
        range = range.lowerBound..<trailingSpaceEnd(of: range, in: text)
      }
      // A token before this one may have taken the spaces already.
      if done < range.lowerBound { parts.append(.text(done..<range.lowerBound)) }
      parts.append(.token(match.added.token))
      done = range.upperBound
    }
    if done < text.count { parts.append(.text(done..<text.count)) }
    return parts
  }

  private func match(at index: Int, in text: Scalars) -> Candidate? {
    candidates[text[index]]?.first { candidate in
      index + candidate.content.count <= text.count
        && text[index..<index + candidate.content.count].elementsEqual(candidate.content)
    }
  }

  private func touchesWord(_ range: Range<Int>, in text: Scalars) -> Bool {
    let neighbours = text[..<range.lowerBound].suffix(1) + text[range.upperBound...].prefix(1)
    return neighbours.contains(where: ScalarSet.wordLetters.contains)
  }

  private func leadingSpaceStart(of range: Range<Int>, in text: Scalars) -> Int {
    let word = text[..<range.lowerBound].lastIndex { !ScalarSet.whitespace.contains($0) }
    return word.map { $0 + 1 } ?? 0
  }

  private func trailingSpaceEnd(of range: Range<Int>, in text: Scalars) -> Int {
    text[range.upperBound...].firstIndex { !ScalarSet.whitespace.contains($0) } ?? text.count
  }
}
