/// Tells the paths that a ``PathSearch`` allows, one after the other, the strongest first.
///
/// The paths to a state are those to the states before it, each longer by one edge. So the next best path to a state is
/// the greatest among what it has not told of yet: of each state before, the best path that was not used here. Only
/// the states on paths told of ask for a second best, and so hardly any do.
///
/// Jiménez and Marzal 1999, "Computing the K Shortest Paths: A New Algorithm and an Experimental Comparison".
struct PathEnumeration {
  private let search: PathSearch
  private var lists: [Int: Ways] = [:]
  private var told = 0

  init(of search: PathSearch) { self.search = search }

  /// The ways to one state.
  private struct Ways {
    /// Those known, the best first.
    var known: [Way]
    /// The next of each state before.
    var candidates: Heap<Way>
    /// Whether there are none but those known.
    var isComplete = false
  }

  /// One way to a state: the `rank`-th best to the state before, and an edge.
  private struct Way: Comparable {
    var strength: Double
    /// The state before; -1 where the way starts.
    var source: Int
    var rank: Int
    /// The share of the edge.
    var share: Double

    /// Greater is stronger; of equals the one from the lower state.
    static func < (left: Way, right: Way) -> Bool {
      (left.strength, -left.source, -left.rank) < (right.strength, -right.source, -right.rank)
    }
  }

  /// The places of the next strongest path; `nil` if there are no more.
  mutating func next() -> [Int]? {
    guard let last = search.lastState else { return nil }
    open(last)
    if told > 0 { findAnother(to: last) }
    guard strength(of: told, to: last) != nil else { return nil }
    var places: [Int] = []
    var (state, rank) = (last, told)
    while state >= 0 {
      places.append(search.places[state / search.stateCount])
      open(state)
      guard let way = lists[state]?.known[rank] else { break }
      (state, rank) = (way.source, way.rank)
    }
    told += 1
    return places.reversed()
  }

  /// Finds the next best way to a state, and first those to the states before that it needs.
  ///
  /// A stack of its own keeps long paths from exhausting that of the thread.
  private mutating func findAnother(to state: Int) {
    var waiting = [state]
    while let state = waiting.last {
      open(state)
      // A way leaves room for its successor: the next best to the state before, over the same edge.
      if let way = successor(of: state), way.source >= 0 {
        open(way.source)
        if let strength = strength(of: way.rank, to: way.source) {
          let longer = strength * way.share
          if longer > 0 {
            lists[state]?.candidates.insert(
              Way(strength: longer, source: way.source, rank: way.rank, share: way.share))
          }
        } else if lists[way.source]?.isComplete == false {
          waiting.append(way.source)
          continue
        }
      }
      if let best = lists[state]?.candidates.removeGreatest() {
        lists[state]?.known.append(best)
      } else {
        lists[state]?.isComplete = true
      }
      waiting.removeLast()
    }
  }

  /// The way that follows the last known one: over the same edge, but the next best before it; its strength is not yet
  /// known.
  private func successor(of state: Int) -> Way? {
    guard let ways = lists[state], !ways.isComplete, var way = ways.known.last else { return nil }
    way.rank += 1
    return way
  }

  /// The strength of the `rank`-th best way to a state; `nil` if it is not known.
  private func strength(of rank: Int, to state: Int) -> Double? {
    guard let known = lists[state]?.known, rank < known.count else { return nil }
    return known[rank].strength
  }

  /// Makes the list of the ways to a state, of which the sweep knows the best.
  private mutating func open(_ state: Int) {
    guard lists[state] == nil else { return }
    let previous = Int(search.previous[state])
    var best = Way(strength: search.strengths[state], source: previous, rank: 0, share: 1)
    var others: [Way] = []
    for step in search.steps(to: state) {
      let strength = search.strengths[step.source] * step.share
      if step.source == previous {
        best.share = step.share
      } else if strength > 0 {
        others.append(Way(strength: strength, source: step.source, rank: 0, share: step.share))
      }
    }
    lists[state] = Ways(known: [best], candidates: Heap(others))
  }
}
