import AtlasExperiments
import AtlasWorld
import Clew
import Foundation
import TestSupport
import Testing

/// Experiments on a made-up model that speaks Atlas's vocabulary: what they compute, not what they show.
struct ExperimentTests {
  private final class Folder: Sendable {
    let holder: TemporaryFolder
    let model: TracingModel

    init() throws {
      holder = try TemporaryFolder()
      var settings = SyntheticModel()
      settings.layerCount = 2
      settings.dModel = 16
      settings.headCount = 2
      settings.contextLength = 32
      settings.featureCount = 32
      settings.activeFeatures = 6
      settings.seed = 5
      settings.vocabularyCount = 2048
      try settings.write(to: holder.url)
      try World.tokenizer().tokenizerJSON().write(to: holder.url("model/tokenizer.json"))
      model = try TracingModel(model: holder.url("model"), transcoders: holder.url("transcoders"))
    }
  }

  private static let folder = Result { try Folder() }
  private static func atlas() throws -> Atlas { Atlas(model: try folder.get().model) }

  private static func activations(_ entries: [(layer: Int, position: Int, index: Int, Float)])
    -> FeatureActivations
  {
    FeatureActivations(
      layerCount: 2, positionCount: 4,
      entries: entries.map {
        .init(layer: $0.layer, position: $0.position, index: $0.index, activation: $0.3)
      })
  }

  @Test func `a swap takes away what one group has and puts in what the other has`() throws {
    var (old, new) = (FeatureProfile(), FeatureProfile())
    // Feature 0/1 belongs to the old group, 1/2 to the new, 0/3 to both, 0/5 to one prompt of four.
    for number in 0..<4 {
      let own: [(layer: Int, position: Int, index: Int, Float)] = number == 0 ? [(0, 3, 5, 9)] : []
      old.add(Self.activations([(0, 3, 1, 2), (0, 3, 3, 1)] + own))
      new.add(Self.activations([(0, 3, 3, 1.2), (1, 2, 2, Float(number + 1))]))
    }
    let edits = FeatureSwap(from: [old], to: [new], positions: 2).edits(positionCount: 6)
    #expect(
      edits == [
        FeatureEdit(feature: FeatureID(layer: 0, index: 1), position: 5, value: 0),
        FeatureEdit(feature: FeatureID(layer: 1, index: 2), position: 4, value: 2.5),
      ])
    #expect(FeatureSwap(from: [old], to: [new], positions: 1).edits(positionCount: 6).count == 1)
    // What only one way of asking shows does not belong.
    #expect(
      FeatureSwap(from: [old, FeatureProfile()], to: [new, FeatureProfile()], positions: 2).values.isEmpty)
  }

  @Test func `a place swapped for another changes the city and what is behind it, and for itself nothing`()
    throws
  {
    let atlas = try Self.atlas()
    var swaps = PlaceSwap(atlas)
    let texas = try #require(Place.all.first { $0.name == "Texas" })
    let maine = try #require(Place.all.first { $0.name == "Maine" })
    let swap = try swaps.swap(texas, for: maine, asking: .capital)
    let replacement = try atlas.replacement(of: Atlas.question)
    let edits = swap.edits(positionCount: replacement.recording.positionCount)
    #expect(!edits.isEmpty)
    #expect(edits.allSatisfy { $0.position >= replacement.recording.positionCount - 2 })
    let back = try swaps.swap(texas, for: texas, asking: .capital)
    #expect(back.values.isEmpty)
    let unchanged = try atlas.answer(to: replacement, after: back)
    #expect(unchanged.token == Atlas.likeliest(replacement.recording.lastLogits).token)
  }

  @Test func `questions of all languages have as many tokens`() throws {
    let atlas = try Self.atlas()
    for question in World.questions(.opposites, heldOut: false) {
      #expect(try atlas.tokens(question.prompt).count == 6, "\(question.prompt)")
    }
  }

  @Test func `predicted and measured effects agree in sign and size`() throws {
    let comparison = try EffectComparison(Self.atlas(), promptCount: 2, featuresPerPrompt: 15)
    #expect(comparison.pairs.count == 30)
    // With frozen norms they would be equal; the made-up model's norms move a little.
    #expect(comparison.correlation(with: \.measuredWithAttentionHeld) > 0.8)
  }

  @Test func `correlation is that of the textbook`() {
    #expect(EffectComparison.correlation([1, 2, 3], [2, 4, 6]) == 1)
    #expect(abs(EffectComparison.correlation([1, 2, 3, 4], [1, 3, 2, 4]) - 0.8) < 1e-12)
    #expect(EffectComparison.correlation([1, 1], [1, 2]) == 0)
  }

  @Test func `the demo says what it found`() throws {
    let demo = try Demo(Self.atlas())
    #expect(demo.trace.request.prompt == Atlas.question)
    #expect(demo.path.isEmpty || demo.path.first == "Dallas")
    #expect(demo.wanted == " Sacramento" && demo.otherPlace == "California")
    #expect((0...1).contains(demo.answer.probability) && (0...1).contains(demo.answerAfterSwap.probability))
  }
}
