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

  @Test func `a swap moves features by the difference of the groups' means`() throws {
    var (old, new) = (FeatureProfile(), FeatureProfile())
    // Feature 0/1 belongs to the old group, 1/2 to the new, 0/3 to both alike, 0/5 to one prompt of the old.
    for number in 0..<4 {
      let own: [(layer: Int, position: Int, index: Int, Float)] = number == 0 ? [(0, 3, 5, 8)] : []
      old.add(Self.activations([(0, 3, 1, 2), (0, 3, 3, 1)] + own))
      new.add(Self.activations([(0, 3, 3, 1), (1, 2, 2, Float(number + 1))]))
    }
    let swap = FeatureSwap(from: [old], to: [new], positions: 2)
    func edit(_ layer: Int, _ index: Int, _ position: Int, _ value: Float) -> FeatureEdit {
      FeatureEdit(feature: FeatureID(layer: layer, index: index), position: position, value: value)
    }
    let prompt = Self.activations([(0, 3, 1, 2.5)])
    #expect(swap.edits(on: prompt) == [edit(0, 1, 3, 0.5), edit(0, 5, 3, -2), edit(1, 2, 2, 2.5)])
    #expect(swap.edits(on: prompt, strength: 2).first == edit(0, 1, 3, -1.5))
    #expect(old.ownPlaces(against: new) == [.init(feature: FeatureID(layer: 0, index: 1), fromEnd: 1)])
    var both = old
    both.add(new)
    #expect(
      both.promptCount == 8 && both.mean(at: .init(feature: FeatureID(layer: 0, index: 1), fromEnd: 1)) == 1)
    #expect(FeatureSwap(from: [old], to: [new], positions: 1).differences.count == 2)
    // What only one way of asking shows does not move.
    #expect(
      FeatureSwap(from: [old, FeatureProfile()], to: [new, FeatureProfile()], positions: 2).differences
        .isEmpty)
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
    let edits = swap.edits(on: replacement.activations)
    #expect(!edits.isEmpty)
    #expect(edits.allSatisfy { $0.position >= replacement.recording.positionCount - 2 })
    let back = try swaps.swap(texas, for: texas, asking: .capital)
    #expect(back.differences.isEmpty)
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
