/// The words of a text in training, and how often each pair of neighbours stands in them.
///
/// Joining a pair touches the words that hold it and nothing else.
struct PairCounts {
  private typealias Pair = BytePairModel.Pair

  /// Two neighbours and their number. The most frequent comes first, then the one of smaller tokens.
  struct Candidate: Comparable {
    let count: Int
    let left: Token
    let right: Token

    static func < (a: Candidate, b: Candidate) -> Bool {
      (-a.count, a.left, a.right) < (-b.count, b.left, b.right)
    }
  }

  private var words: [[Token]]
  private let wordCounts: [Int]
  private var counts: [Pair: Int] = [:]
  /// The words that hold, or once held, a pair.
  private var places: [Pair: Set<Int>] = [:]
  /// A heap; a candidate whose count is not that of its pair any more is out of date.
  private var heap: [Candidate] = []

  init(words: [(tokens: [Token], count: Int)]) {
    self.words = words.map(\.tokens)
    wordCounts = words.map(\.count)
    var neighbours: [Pair: (Token, Token)] = [:]
    for (number, word) in self.words.enumerated() {
      for (left, right) in zip(word, word.dropFirst()) {
        let pair = Pair(left: left, right: right)
        counts[pair, default: 0] += wordCounts[number]
        places[pair, default: []].insert(number)
        neighbours[pair] = (left, right)
      }
    }
    for (pair, (left, right)) in neighbours {
      heap.append(Candidate(count: counts[pair] ?? 0, left: left, right: right))
    }
    // A sorted list is a heap.
    heap.sort()
  }

  /// Takes out the pair that is to be joined next: the most frequent, of equals the one of smaller tokens.
  mutating func next() -> Candidate? {
    while let candidate = popped() {
      let count = counts[Pair(left: candidate.left, right: candidate.right)] ?? 0
      if count == candidate.count { return count > 0 ? candidate : nil }
    }
    return nil
  }

  /// Joins a pair wherever it stands.
  mutating func join(_ left: Token, _ right: Token, to joined: Token) {
    let pair = Pair(left: left, right: right)
    var changed: [Pair: (Token, Token)] = [:]
    for number in (places[pair] ?? []).sorted() {
      let word = words[number]
      let merged = Self.joining(left, right, to: joined, in: word)
      guard merged.count < word.count else { continue }
      words[number] = merged
      for (list, change) in [(word, -wordCounts[number]), (merged, wordCounts[number])] {
        for (a, b) in zip(list, list.dropFirst()) {
          let neighbour = Pair(left: a, right: b)
          counts[neighbour, default: 0] += change
          changed[neighbour] = (a, b)
          if change > 0 { places[neighbour, default: []].insert(number) }
        }
      }
    }
    places[pair] = nil
    for (neighbour, (a, b)) in changed {
      push(Candidate(count: counts[neighbour] ?? 0, left: a, right: b))
    }
  }

  private static func joining(_ left: Token, _ right: Token, to joined: Token, in word: [Token]) -> [Token] {
    var result: [Token] = []
    var place = 0
    while place < word.count {
      if word[place] == left, place + 1 < word.count, word[place + 1] == right {
        result.append(joined)
        place += 2
      } else {
        result.append(word[place])
        place += 1
      }
    }
    return result
  }

  // MARK: The heap

  private mutating func push(_ candidate: Candidate) {
    heap.append(candidate)
    var place = heap.count - 1
    while place > 0, heap[place] < heap[(place - 1) / 2] {
      heap.swapAt(place, (place - 1) / 2)
      place = (place - 1) / 2
    }
  }

  private mutating func popped() -> Candidate? {
    guard let last = heap.popLast() else { return nil }
    guard let first = heap.first else { return last }
    heap[0] = last
    var place = 0
    while true {
      let children = (2 * place + 1..<2 * place + 3).filter { $0 < heap.count }
      guard let least = children.min(by: { heap[$0] < heap[$1] }), heap[least] < heap[place] else { break }
      heap.swapAt(place, least)
      place = least
    }
    return first
  }
}
