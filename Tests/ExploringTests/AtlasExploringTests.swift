import AtlasExperiments
import AtlasWorld
import Clew
import Foundation
import TestSupport
import Testing

/// The explorer's questions to the model in this repository.
@Suite struct AtlasExploringTests {
  private static let live = Result<LiveModel, any Error> {
    LiveModel(
      try TracingModel(
        model: SharedFiles.packageRoot.appending(path: Atlas.modelPath),
        transcoders: SharedFiles.packageRoot.appending(path: Atlas.transcodersPath)))
  }

  private let live: LiveModel

  init() throws { live = try Self.live.get() }

  /// Texas swapped for California, as changes of single features.
  private func swap(on trace: PromptTrace) throws -> [FeatureChange] {
    let atlas = Atlas(model: live.model)
    var swaps = PlaceSwap(atlas)
    let (texas, california) = (
      try #require(Place.all.first { $0.name == "Texas" }),
      try #require(Place.all.first { $0.name == "California" })
    )
    return try swaps.swap(texas, for: california, asking: .capital)
      .edits(on: trace.result.model.activations, strength: atlas.swapStrength)
      .map { edit in
        .set(
          [FeaturePlace(layer: edit.feature.layer, index: edit.feature.index, position: edit.position)],
          value: edit.value)
      }
  }

  @Test func `swapping Texas for California gives Sacramento`() throws {
    let trace = try live.trace(TraceOrder(prompt: Atlas.question))
    var order = InterventionOrder(try swap(on: trace), mode: .constrained(layers: 0..<3))
    order.continuation = 1
    let outcome = try live.outcome(of: order, on: trace)
    let after = try #require(outcome.answers.max { ($0.probabilityAfter ?? 0) < ($1.probabilityAfter ?? 0) })
    let before = try #require(
      outcome.answers.max { ($0.probabilityBefore ?? 0) < ($1.probabilityBefore ?? 0) })
    #expect(before.text == " Austin" && after.text == " Sacramento")
    #expect((after.probabilityAfter ?? 0) > 0.5)
    #expect(outcome.continuation?.before == " Austin" && outcome.continuation?.after == " Sacramento")
    let demo = try Demo(Atlas(model: live.model))
    #expect(abs((after.probabilityAfter ?? .nan) - demo.answerAfterSwap.probability) < 1e-6)
    #expect(outcome.edits.contains { !$0.wasActive } && outcome.edits.allSatisfy(\.isWritten))
    // The graph foresees the fall of Austin.
    let austin = try #require(outcome.answers.first { $0.text == " Austin" })
    #expect(try #require(austin.predicted) < 0 && austin.measured < 0)
  }

  @Test func `direct effects are the edges' on Atlas, too`() throws {
    var traced = TraceOrder(prompt: Atlas.question)
    traced.coverage = 1
    let trace = try live.trace(traced)
    let outcome = try live.outcome(of: InterventionOrder(try swap(on: trace), mode: .direct), on: trace)
    #expect(outcome.features.count > 5)
    for feature in outcome.features {
      #expect(abs(try #require(feature.predicted) - feature.measured) < 1e-3, "\(feature.place.id)")
    }
    for answer in outcome.answers where answer.nodeID != nil {
      #expect(abs(try #require(answer.predicted) - answer.measured) < 1e-3)
    }
  }

  @Test func `removing the strongest features costs the answer what the graph foresees in sign`() throws {
    let trace = try live.trace(TraceOrder(prompt: Atlas.question))
    let logit = trace.result.layout.logits.lowerBound
    let effects = trace.result.graph.linearEffects(on: logit)
    let strongest = trace.result.layout.features.sorted { effects[$0] > effects[$1] }.prefix(8)
    let ids = strongest.map { trace.result.graph.nodes[$0].id }
    let outcomes = try live.outcomes(
      of: CutOrder((1...8).map { Array(ids.prefix($0)) }, mode: .frozenAttention), on: trace)
    for outcome in outcomes { #expect(try #require(outcome.answers[0].predicted) < 0) }
    #expect(outcomes[7].answers[0].measured < 0)
    let answer = outcomes[7].answers[0]
    #expect(try #require(answer.probabilityAfter) < (answer.probabilityBefore ?? .nan))
  }

  @Test func `a trace of Atlas takes less than half a second of its thread`() throws {
    var fastest = Double.infinity
    for tries in 0..<5 {
      let (trace, seconds) = try processorSeconds {
        try live.trace(TraceOrder(prompt: Atlas.question + String(repeating: " Austin", count: tries)))
      }
      fastest = min(fastest, seconds)
      #expect(trace.phases.map(\.name).contains("labels"))
    }
    #expect(fastest < 0.5)
  }
}
