/// Merges that could be made, the next one first: a binary heap.
struct MergeQueue {
  /// A pair that could be joined.
  struct Candidate {
    let rank: UInt32
    /// The place of the pair's left token.
    let place: Int
    /// What the pair becomes.
    let token: Token

    fileprivate func precedes(_ other: Candidate) -> Bool {
      rank != other.rank ? rank < other.rank : place < other.place
    }
  }

  /// The candidate at `i` precedes those at `2i + 1` and `2i + 2`.
  private var heap: [Candidate] = []

  mutating func insert(_ candidate: Candidate) {
    heap.append(candidate)
    var child = heap.count - 1
    while child > 0, heap[child].precedes(heap[(child - 1) / 2]) {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  /// Takes out the candidate that precedes all others.
  mutating func popFirst() -> Candidate? {
    guard let first = heap.first, let last = heap.popLast() else { return nil }
    if heap.isEmpty { return first }
    heap[0] = last
    var parent = 0
    while true {
      var least = parent
      let (left, right) = (2 * parent + 1, 2 * parent + 2)
      if left < heap.count, heap[left].precedes(heap[least]) { least = left }
      if right < heap.count, heap[right].precedes(heap[least]) { least = right }
      if least == parent { return first }
      heap.swapAt(parent, least)
      parent = least
    }
  }
}
