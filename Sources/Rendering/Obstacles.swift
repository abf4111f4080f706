/// The boxes that edges had better not run behind, sorted by height so that few are looked at.
struct Obstacles {
  private let bins: [Int: [NodeBox]]
  private let binHeight: Double

  init(boxes: [NodeBox], binHeight: Double) {
    self.binHeight = binHeight
    var bins: [Int: [NodeBox]] = [:]
    for box in boxes {
      let first = Self.bin(of: box.box.minY - Self.margin, binHeight)
      let last = Self.bin(of: box.box.maxY + Self.margin, binHeight)
      for bin in first...last { bins[bin, default: []].append(box) }
    }
    self.bins = bins
  }

  /// How near a box an edge may pass, in points.
  private static let margin = 0.8

  private static func bin(of y: Double, _ height: Double) -> Int { Int((y / height).rounded(.down)) }

  /// How much of a curve runs behind boxes other than its ends, in points, and behind which.
  func hidden(_ points: [Point], from source: Int, to target: Int) -> (length: Double, boxes: [Box]) {
    let samples = EdgeCurve.samples(of: points, perPiece: points.count == 4 ? 32 : 16)
    guard let first = samples.first else { return (0, []) }
    var length = 0.0
    var boxes: [Box] = []
    var last = first
    for sample in samples {
      let blocking = bins[Self.bin(of: sample.y, binHeight)]?.first { box in
        box.place != source && box.place != target && box.box.contains(sample, margin: Self.margin)
      }
      if let box = blocking?.box {
        length += max(abs(sample.x - last.x) + abs(sample.y - last.y), 1)
        if boxes.last != box { boxes.append(box) }
      }
      last = sample
    }
    return (length, boxes)
  }
}
