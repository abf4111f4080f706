/// Joins the two clusters most alike, again and again, as long as any two members of a cluster are alike enough.
///
/// Clusters are as alike as their two members least alike (complete linkage), so a pair below the threshold keeps its
/// clusters apart for good, and only pairs above it are kept.
struct Agglomeration {
  /// The clusters with more than one member, each ascending, with the similarity of the two members least alike.
  private(set) var clusters: [(members: [Int], score: Double)] = []

  private struct Pair: Comparable {
    var similarity: Double
    var first: Int
    var second: Int

    /// Greater is more alike; of equals the pair that was there first.
    static func < (left: Pair, right: Pair) -> Bool {
      (left.similarity, -left.first, -left.second) < (right.similarity, -right.first, -right.second)
    }
  }

  /// - Parameters:
  ///   - count: How many items there are.
  ///   - threshold: How alike two members of a cluster are at least.
  ///   - similarities: How alike an item and each one after it are.
  init(count: Int, threshold: Double, similarities: (Int) -> [Double]) {
    var neighbours = Array(repeating: [Int: Double](), count: count)
    var pairs: [Pair] = []
    for first in 0..<count {
      for (offset, similarity) in similarities(first).enumerated() {
        guard similarity >= threshold, similarity > 0 else { continue }
        let second = first + 1 + offset
        neighbours[first][second] = similarity
        neighbours[second][first] = similarity
        pairs.append(Pair(similarity: similarity, first: first, second: second))
      }
    }
    var members: [[Int]?] = (0..<count).map { [$0] }
    var scores = Array(repeating: 1.0, count: count)
    var heap = Heap(pairs)
    while let pair = heap.removeGreatest() {
      guard let first = members[pair.first], let second = members[pair.second] else { continue }
      let joined = members.count
      members.append((first + second).sorted())
      scores.append(pair.similarity)
      (members[pair.first], members[pair.second]) = (nil, nil)
      neighbours.append([:])
      for (other, similarity) in neighbours[pair.first] where members[other] != nil {
        guard let otherSimilarity = neighbours[pair.second][other] else { continue }
        let least = min(similarity, otherSimilarity)
        neighbours[joined][other] = least
        neighbours[other][joined] = least
        heap.insert(Pair(similarity: least, first: other, second: joined))
      }
    }
    for cluster in members.indices {
      if let members = members[cluster], members.count > 1 { clusters.append((members, scores[cluster])) }
    }
  }
}
