/// Which position of one prompt stands where a position of another does.
public struct PositionAlignment: Sendable, Equatable {
  /// How positions are paired.
  public enum Rule: Sendable, CaseIterable {
    /// By their distance from the end of the prompt, where the answer is read.
    case fromEnd
    /// Along the longest common run of tokens, gaps allowed; a gap as long in both prompts is paired one by one.
    case byTokens
    /// By their distance from the start of the prompt.
    case fromStart
  }

  /// A position of the first prompt, of the second, or one of each.
  public struct Column: Sendable, Hashable {
    /// The position in the first prompt; `nil` where it has no counterpart.
    public var first: Int?
    /// The position in the second prompt; `nil` where it has no counterpart.
    public var second: Int?
  }

  /// How the positions are paired.
  public let rule: Rule
  /// All positions of both prompts from the start to the end. Where neither has a counterpart, those of the first prompt
  /// come first.
  public let columns: [Column]
  /// The position in the second prompt of each in the first that has one.
  let seconds: [Int: Int]

  init(_ rule: Rule, first: AttributionGraph, second: AttributionGraph) {
    self.rule = rule
    let (ours, theirs) = (first.positions, second.positions)
    let seconds: [Int: Int]
    switch rule {
    case .fromStart: seconds = Self.shifted(ours, by: 0, into: Set(theirs))
    case .fromEnd:
      seconds = Self.shifted(ours, by: second.positionCount - first.positionCount, into: Set(theirs))
    case .byTokens: seconds = Self.byTokens(first.metadata.promptTokens, second.metadata.promptTokens)
    }
    self.seconds = seconds
    columns = Self.columns(ours, theirs, seconds)
  }

  private static func shifted(_ positions: [Int], by shift: Int, into others: Set<Int>) -> [Int: Int] {
    var seconds: [Int: Int] = [:]
    for position in positions where others.contains(position + shift) {
      seconds[position] = position + shift
    }
    return seconds
  }

  private static func columns(_ ours: [Int], _ theirs: [Int], _ seconds: [Int: Int]) -> [Column] {
    let paired = Set(seconds.values)
    var columns: [Column] = []
    var (i, j) = (0, 0)
    while i < ours.count || j < theirs.count {
      if i < ours.count, seconds[ours[i]] == nil {
        columns.append(Column(first: ours[i], second: nil))
        i += 1
      } else if j < theirs.count, !paired.contains(theirs[j]) {
        columns.append(Column(first: nil, second: theirs[j]))
        j += 1
      } else {
        // Pairs keep their order, so the next of both belong together.
        columns.append(
          Column(first: i < ours.count ? ours[i] : nil, second: j < theirs.count ? theirs[j] : nil))
        i += 1
        j += 1
      }
    }
    return columns
  }

  // MARK: Tokens

  /// How large the table of the longest common run may be; beyond, only what both prompts begin and end with is paired.
  private static let maximumTable = 4_000_000

  private static func byTokens(_ first: [String], _ second: [String]) -> [Int: Int] {
    // Of several longest runs the choice must not depend on which prompt comes first.
    let isSwapped = second.lexicographicallyPrecedes(first)
    // Each pair of tokens is compared, so each token becomes a number first: long ones would be read again and again.
    var numbers: [String: Int] = [:]
    func number(_ token: String) -> Int {
      let known = numbers[token] ?? numbers.count
      numbers[token] = known
      return known
    }
    let (ours, theirs) = (first.map(number), second.map(number))
    let (a, b) = isSwapped ? (theirs, ours) : (ours, theirs)
    let start = zip(a, b).prefix { $0 == $1 }.count
    let end = zip(a[start...].reversed(), b[start...].reversed()).prefix { $0 == $1 }.count
    var pairs = (0..<start).map { ($0, $0) }
    pairs += longestRun(a, start..<a.count - end, b, start..<b.count - end)
    pairs += (0..<end).reversed().map { (a.count - 1 - $0, b.count - 1 - $0) }
    // What lies between two pairs is paired too where it is as long in both.
    var filled: [(Int, Int)] = []
    var (i, j) = (0, 0)
    for (x, y) in pairs + [(a.count, b.count)] {
      if x - i == y - j { filled += zip(i..<x, j..<y).map { ($0, $1) } }
      if x < a.count { filled.append((x, y)) }
      (i, j) = (x + 1, y + 1)
    }
    return Dictionary(filled.map { isSwapped ? ($1, $0) : ($0, $1) }) { first, _ in first }
  }

  private static func longestRun(
    _ a: [Int], _ aRange: Range<Int>, _ b: [Int], _ bRange: Range<Int>
  ) -> [(Int, Int)] {
    guard aRange.count * bRange.count <= maximumTable, !aRange.isEmpty, !bRange.isEmpty else { return [] }
    // lengths[i][j]: of the longest common run from i in a and j in b on.
    let width = bRange.count + 1
    var lengths = Array(repeating: Int32(0), count: (aRange.count + 1) * width)
    for i in aRange.indices.reversed() {
      for j in bRange.indices.reversed() {
        let place = (i - aRange.lowerBound) * width + j - bRange.lowerBound
        lengths[place] =
          a[i] == b[j] ? lengths[place + width + 1] + 1 : max(lengths[place + width], lengths[place + 1])
      }
    }
    var pairs: [(Int, Int)] = []
    var (i, j) = (0, 0)
    while i < aRange.count, j < bRange.count {
      let place = i * width + j
      if a[aRange.lowerBound + i] == b[bRange.lowerBound + j] {
        pairs.append((aRange.lowerBound + i, bRange.lowerBound + j))
        (i, j) = (i + 1, j + 1)
      } else if lengths[place + width] >= lengths[place + 1] {
        i += 1
      } else {
        j += 1
      }
    }
    return pairs
  }
}

extension AttributionGraph {
  /// The positions of the prompt and those that nodes have beyond it, ascending.
  fileprivate var positions: [Int] {
    Set(metadata.promptTokens.indices).union(nodes.map(\.node.position)).sorted()
  }

  /// `T`, or more if a node lies beyond the prompt.
  fileprivate var positionCount: Int {
    max(metadata.promptTokens.count, (nodes.map(\.node.position).max() ?? -1) + 1)
  }
}
