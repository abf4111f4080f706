/// A way to cut a text at the matches of a pattern.
struct SplitRule: Sendable {
  /// What becomes of a match.
  enum Behavior: String, CaseIterable, Sendable {
    /// It is a piece of its own.
    case isolated = "Isolated"
    /// It is dropped.
    case removed = "Removed"
    /// It ends the piece before it.
    case mergedWithPrevious = "MergedWithPrevious"
    /// It begins the piece after it.
    case mergedWithNext = "MergedWithNext"
    /// It is one piece with the matches that touch it.
    case contiguous = "Contiguous"
  }

  let pattern: Pattern
  var behavior: Behavior
  /// Whether matches and the text between them trade places.
  var isInverted = false

  private struct Cut {
    var range: Range<Int>
    let isMatch: Bool
  }

  /// The pieces of a text, as ranges of its indices; none is empty.
  /// - Throws: ``TokenizationError/tooCostly(what:count:)`` for a regular expression that takes too many steps.
  func pieces(of text: ArraySlice<Unicode.Scalar>) throws(TokenizationError) -> [Range<Int>] {
    let cuts = try cuts(of: text)
    let pieces =
      switch behavior {
      case .isolated: cuts.map(\.range)
      case .removed: cuts.filter { !$0.isMatch }.map(\.range)
      case .contiguous: Self.joined(cuts) { $0.isMatch == $1.isMatch }
      case .mergedWithPrevious: Self.joined(cuts) { !$0.isMatch && $1.isMatch }
      case .mergedWithNext: Self.joinedFromEnd(cuts)
      }
    return pieces.filter { !$0.isEmpty }
  }

  /// Matches and what lies between them, in order.
  private func cuts(of text: ArraySlice<Unicode.Scalar>) throws(TokenizationError) -> [Cut] {
    var cuts: [Cut] = []
    var done = text.startIndex
    for match in try pattern.matches(in: text) {
      if done < match.lowerBound { cuts.append(Cut(range: done..<match.lowerBound, isMatch: isInverted)) }
      cuts.append(Cut(range: match, isMatch: !isInverted))
      done = match.upperBound
    }
    if done < text.endIndex { cuts.append(Cut(range: done..<text.endIndex, isMatch: isInverted)) }
    return cuts
  }

  private static func joined(_ cuts: [Cut], where belongs: (Cut, Cut) -> Bool) -> [Range<Int>] {
    var pieces: [Range<Int>] = []
    for (index, cut) in cuts.enumerated() {
      if index > 0, belongs(cuts[index - 1], cut), let last = pieces.popLast() {
        pieces.append(last.lowerBound..<cut.range.upperBound)
      } else {
        pieces.append(cut.range)
      }
    }
    return pieces
  }

  private static func joinedFromEnd(_ cuts: [Cut]) -> [Range<Int>] {
    var pieces: [Range<Int>] = []
    for (index, cut) in cuts.enumerated().reversed() {
      if cut.isMatch, index + 1 < cuts.count, !cuts[index + 1].isMatch, let last = pieces.popLast() {
        pieces.append(cut.range.lowerBound..<last.upperBound)
      } else {
        pieces.append(cut.range)
      }
    }
    return pieces.reversed()
  }
}
