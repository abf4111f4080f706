import Tensors
import AttributionGraphs
import Testing

@Suite struct ScoreTests {
  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func `scores equal the plain sums`(seed: UInt64) {
    let graph = AttributionGraph.random(seed: seed)
    let plain = PlainInfluence(of: graph)
    let scores = graph.scores()
    #expect(abs(scores.replacement - plain.replacement) < 1e-12)
    #expect(abs(scores.completeness - plain.completeness) < 1e-12)
    #expect(scores.missing == 0)
    #expect(scores.replacementBounds == scores.replacement...scores.replacement)
    #expect(scores.completenessBounds == scores.completeness...scores.completeness)
  }

  @Test(arguments: 1...60 as ClosedRange<UInt64>, [0.02, 0.1, 0.3, 0.7, 1])
  func `the true scores and influences lie within the bounds whatever is skipped`(
    seed: UInt64, skippedShare: Double
  ) {
    var random = SeededGenerator(seed: seed &* 1000 &+ UInt64(skippedShare * 100))
    let graph = AttributionGraph.random(
      seed: seed, layers: Int.random(in: 1...7, using: &random),
      featuresPerLayer: Int.random(in: 1...9, using: &random),
      density: Double.random(in: 0.05...1, using: &random))
    let skipped = graph.features.filter { _ in Double.random(in: 0..<1, using: &random) < skippedShare }
    let partial = graph.skipping(skipped)
    let truth = graph.scores()
    let scores = partial.scores()
    // The bounds are met exactly where nothing else flows, so allow for rounding.
    #expect(scores.replacementBounds.widened.contains(truth.replacement))
    #expect(scores.completenessBounds.widened.contains(truth.completeness))
    #expect(scores.replacementBounds.widened.contains(scores.replacement))
    let known = Influence(of: partial)
    for (value, full) in zip(known.values, graph.influence()) {
      #expect(value <= full + 1e-12 && full <= value + known.missing + 1e-12)
    }
  }

  @Test func `bounds narrow as less is skipped`() {
    let graph = AttributionGraph.random(seed: 9, layers: 8, featuresPerLayer: 20)
    let influence = graph.influence()
    let order = graph.features.sorted { influence[$0] < influence[$1] }
    var width = -1.0
    for count in stride(from: 0, through: order.count, by: 20) {
      let bounds = graph.skipping(Array(order.prefix(count))).scores().replacementBounds
      #expect(bounds.upperBound - bounds.lowerBound >= width)
      width = bounds.upperBound - bounds.lowerBound
    }
  }
}

extension ClosedRange<Double> {
  /// With room for rounding at both ends.
  fileprivate var widened: Self { lowerBound - 1e-12...upperBound + 1e-12 }
}
