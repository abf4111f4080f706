import AtlasExperiments
import AtlasTraining
import AtlasWorld
import Clew
import Foundation
import Testing

/// The transcoders in this repository, made by `atlas-train`, on some of the held-out questions.
@Suite struct TranscoderTests {
  static func model(_ name: String) throws -> TracingModel {
    try TracingModel(
      model: ModelTests.folder,
      transcoders: ModelTests.folder.appending(path: "../../../Transcoders/\(name)").standardizedFileURL)
  }

  @Test(arguments: ["atlas-clt", "atlas-plt"])
  func `features carry the model's answers`(name: String) throws {
    let score = try TranscoderScore(Self.model(name), every: 8, graphCount: 12)
    #expect(score.agreement.count > 150)
    #expect(score.agreement.decidedShare >= 0.93)
    #expect(score.replacement.mean >= 0.78)
    #expect(score.unexplainedVariance.allSatisfy { $0 < 0.05 })
    #expect(score.activeFeatures.allSatisfy { $0 < 20 })
  }

  @Test func `swapping a state's features gives the other state's answers`() throws {
    let atlas = Atlas(model: try Self.model("atlas-clt"))
    var swaps = PlaceSwap(atlas)
    let outcomes = try swaps.results(every: 4)
    #expect(outcomes.count > 25)
    #expect(outcomes.count { $0.succeeded } * 4 >= outcomes.count * 3)
  }

  @Test func `examples show characters of several tokens whole where the model is at hand`() throws {
    let folder = ModelTests.folder.appending(path: "../../../Transcoders/atlas-clt").standardizedFileURL
    let store = try FeatureStore(reading: folder.appending(path: "features.sqlite"))
    let tokenizer = try Tokenizer(folder: ModelTests.folder)
    let tokens = try tokenizer.encode("Zürich 🙂")
    #expect(try store.tokenTexts(tokenizer: tokenizer).texts(of: tokens).joined().contains("Zürich 🙂"))
    #expect(try store.tokenTexts().texts(of: tokens).joined().contains("\u{FFFD}"))
  }
}
