internal import Tokenization

/// What is kept of one feature while texts are read, in memory that does not grow with them.
public struct FeatureStatistics: Sendable, Equatable {
  /// Intervals of activation that are sampled, of equal width over the histogram's range.
  public static let intervalCount = 8

  /// Positions where the feature is active.
  public internal(set) var count = 0
  /// The sum of its activations.
  public internal(set) var sum = 0.0
  /// The smallest and the largest activation.
  public internal(set) var minimum: Float = 0
  public internal(set) var maximum: Float = 0
  public internal(set) var histogram = ActivationHistogram()
  /// The largest activations, one of a text at most, the largest first; of equal ones the earlier text first.
  public internal(set) var top: [FeatureExample] = []
  /// Random examples of each interval of activation, the lowest interval first, `[interval][example]`.
  public internal(set) var samples: [[FeatureExample]]

  public init() { samples = Array(repeating: [], count: Self.intervalCount) }

  /// The activation below which a share of the activations lies.
  public func quantile(_ share: Double) -> Double {
    min(Double(maximum), max(Double(minimum), histogram.quantile(share)))
  }

  /// Counts the places of one text where a feature is active.
  /// - Parameters:
  ///   - entries: Positions and activations, by position; at least one.
  ///   - chance: Which number decides whether a position is sampled; the least stay.
  ///   - window: The tokens around a position, and its place among them.
  mutating func add(
    _ entries: ArraySlice<(position: Int, activation: Float)>, row: Int, settings: ExampleSettings,
    chance: (_ row: Int, _ position: Int) -> UInt64, window: (Int) -> (tokens: [Token], place: Int)
  ) {
    func example(_ entry: (position: Int, activation: Float)) -> FeatureExample {
      let (tokens, place) = window(entry.position)
      let first = entry.position - place
      let active = entries.filter { (first..<first + tokens.count).contains($0.position) }
      return FeatureExample(
        row: row, position: entry.position, activation: entry.activation, tokens: tokens, place: place,
        activations: active.map { .init(place: $0.position - first, value: $0.activation) })
    }
    var best = entries.startIndex
    for place in entries.indices {
      let activation = entries[place].activation
      if activation > entries[best].activation { best = place }
      minimum = count == 0 ? activation : min(minimum, activation)
      maximum = count == 0 ? activation : max(maximum, activation)
      count += 1
      sum += Double(activation)
      if settings.samples > 0 {
        let shift = histogram.doublings(for: activation)
        if shift > 0 { mergeIntervals(by: shift, settings.samples, chance) }
      }
      histogram.add(activation)
      sample(entries[place], row: row, settings.samples, chance, example)
    }
    keepTop(entries[best], settings.top, example)
  }

  private mutating func keepTop(
    _ entry: (position: Int, activation: Float), _ limit: Int,
    _ example: ((position: Int, activation: Float)) -> FeatureExample
  ) {
    guard limit > 0 else { return }
    if top.count == limit, let last = top.last, entry.activation <= last.activation { return }
    let place = top.firstIndex { $0.activation < entry.activation } ?? top.count
    if top.count == limit { top.removeLast() }
    top.insert(example(entry), at: place)
  }

  private mutating func sample(
    _ entry: (position: Int, activation: Float), row: Int, _ limit: Int, _ chance: (Int, Int) -> UInt64,
    _ example: ((position: Int, activation: Float)) -> FeatureExample
  ) {
    guard limit > 0 else { return }
    let interval = histogram.bin(of: entry.activation, among: Self.intervalCount)
    let own = chance(row, entry.position)
    if samples[interval].count == limit, let last = samples[interval].last {
      if own >= chance(last.row, last.position) { return }
      samples[interval].removeLast()
    }
    let place =
      samples[interval].firstIndex { chance($0.row, $0.position) > own } ?? samples[interval].count
    samples[interval].insert(example(entry), at: place)
  }

  /// Puts the samples of neighbouring intervals together when the histogram's range doubles.
  private mutating func mergeIntervals(by shift: Int, _ limit: Int, _ chance: (Int, Int) -> UInt64) {
    var wider = Array(repeating: [FeatureExample](), count: Self.intervalCount)
    for (interval, examples) in samples.enumerated() {
      wider[shift < 4 ? interval >> shift : 0] += examples
    }
    samples = wider.map { examples in
      Array(
        examples.sorted { chance($0.row, $0.position) < chance($1.row, $1.position) }.prefix(limit))
    }
  }
}
