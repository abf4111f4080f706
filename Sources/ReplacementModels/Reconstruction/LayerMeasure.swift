internal import Foundation
internal import Tensors

/// What is measured of one layer's reconstruction.
public struct LayerMeasure: Sendable {
  /// Every position but those without features.
  public private(set) var all = ReconstructionTally()
  /// By position: bucket `b` holds the positions from `2^(b−1) + 1` to `2^b`, the first one position 1 alone.
  public private(set) var buckets: [ReconstructionTally] = []
  /// Position 0, where features are not used: what they would have written there.
  public private(set) var first = ReconstructionTally()
  /// By position, of a single text, from position 1 on.
  public private(set) var positions: [ReconstructionTally] = []
  /// How often each feature fired, `[feature]`.
  public private(set) var firings: [Int]
  /// How many positions have so many active features, `[count of features]`.
  public private(set) var activeCounts: [Int] = [0]
  // Lengths of y in steps of a sixteenth of an octave, for their median.
  private var lengths: [Int: Int] = [:]
  private var longest = 0.0

  init(featureCount: Int) { firings = Array(repeating: 0, count: featureCount) }

  /// Counts a text.
  /// - Returns: `|e| / |y|` by position, 0 at position 0.
  mutating func add(
    targets: Matrix, outputs: Matrix, _ activations: LayerActivations, keepingPositions: Bool
  ) -> [Double] {
    var shares = [Double](repeating: 0, count: targets.rows)
    let width = targets.columns
    for position in 0..<targets.rows {
      let places = activations.places(position)
      let y = targets.values.span.extracting(position * width..<(position + 1) * width)
      let r = outputs.values.span.extracting(position * width..<(position + 1) * width)
      guard position > 0 else {
        first.add(target: y, output: r, active: places.count)
        continue
      }
      shares[position] = all.add(target: y, output: r, active: places.count)
      let bucket = Self.bucket(of: position)
      while buckets.count <= bucket { buckets.append(ReconstructionTally()) }
      buckets[bucket].add(target: y, output: r, active: places.count)
      if keepingPositions {
        var tally = ReconstructionTally()
        tally.add(target: y, output: r, active: places.count)
        positions.append(tally)
      }
      for place in places { firings[activations.indices[place]] += 1 }
      while activeCounts.count <= places.count { activeCounts.append(0) }
      activeCounts[places.count] += 1
      count(length: y)
    }
    return shares
  }

  private mutating func count(length y: Span<Float>) {
    var squares = 0.0
    for i in 0..<y.count { squares += Double(y[i]) * Double(y[i]) }
    guard squares > 0, squares.isFinite else { return }
    longest = max(longest, squares.squareRoot())
    lengths[Int((8 * log2(squares)).rounded(.down)), default: 0] += 1
  }

  /// The bucket of a position from 1 up.
  static func bucket(of position: Int) -> Int {
    position <= 1 ? 0 : Int.bitWidth - (position - 1).leadingZeroBitCount
  }

  /// The positions of a bucket.
  public static func positions(ofBucket bucket: Int) -> ClosedRange<Int> {
    bucket == 0 ? 1...1 : (1 << (bucket - 1)) + 1...1 << bucket
  }

  /// The least number of active features that this share of the positions does not exceed.
  public func activeFeatures(atShare share: Double) -> Int {
    var seen = 0
    for (count, positions) in activeCounts.enumerated() {
      seen += positions
      if Double(seen) >= share * Double(all.rows), seen > 0 { return count }
    }
    return 0
  }

  /// Features that fired nowhere, as a share of all.
  public var deadShare: Double { share { $0 == 0 } }
  /// Features that fired at more than this share of the positions, as a share of all.
  public func denseShare(over density: Double) -> Double { share { Double($0) > density * Double(all.rows) } }

  private func share(_ isMeant: (Int) -> Bool) -> Double {
    firings.isEmpty ? 0 : Double(firings.count(where: isMeant)) / Double(firings.count)
  }

  /// Features by the common logarithm of their density: ten bins of half a unit from −5 to 0; what is rarer counts
  /// in the first, and features that never fired in none.
  public var densityHistogram: [Int] {
    var bins = [Int](repeating: 0, count: 10)
    for count in firings where count > 0 && all.rows > 0 {
      let place = (log10(Double(count) / Double(all.rows)) + 5) * 2
      bins[min(9, max(0, Int(place.rounded(.down))))] += 1
    }
    return bins
  }

  /// The length of the longest `y`, and that over the median length (to a twentieth); outliers show here.
  public var longestLength: (value: Double, overMedian: Double) {
    var seen = 0
    let total = lengths.values.reduce(0, +)
    for (step, count) in lengths.sorted(by: { $0.key < $1.key }) {
      seen += count
      if seen * 2 >= total { return (longest, longest / exp2((Double(step) + 0.5) / 16)) }
    }
    return (0, 0)
  }
}
