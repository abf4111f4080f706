import AtlasTraining
import AtlasWorld
import Clew
import Foundation
import Testing

/// The model in this repository, made by `atlas-train`.
@Suite struct ModelTests {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Examples/Atlas/model").standardizedFileURL

  /// What the world was made for; see Examples/Atlas/README.md for all figures.
  static let wanted: [(kind: Question.Kind, heldOut: Bool, share: Double)] = [
    (.oneHop, false, 0.99), (.twoHop, true, 0.97), (.opposites, false, 0.99), (.givers, true, 0.99),
    (.years, true, 0.97), (.sums, true, 0.90),
  ]

  @Test(arguments: wanted)
  func `Atlas answers what it was made for`(kind: Question.Kind, heldOut: Bool, share: Double) throws {
    let score = QuestionScore(
      try Transformer(folder: Self.folder), tokenizer: try Tokenizer(folder: Self.folder))
    let questions = World.questions(kind, heldOut: heldOut)
    #expect(questions.count > 80)
    #expect(try score.accuracy(questions) >= share)
  }

  @Test func `its tokenizer is the one that the world's documents make`() throws {
    let stored = try Data(contentsOf: Self.folder.appending(path: "tokenizer.json"))
    #expect(stored == World.tokenizer().tokenizerJSON())
  }

  @Test func `training it again begins with the same weights`() throws {
    var training = ModelTraining()
    training.stepCount = 2
    training.documentsPerStep = 8
    let tokenizer = try Tokenizer(folder: Self.folder)
    func made() throws -> TransformerParameters {
      TransformerParameters(
        try training.run(corpus: Corpus(seed: 1), tokenizer: tokenizer) { _, _, _ in })
    }
    #expect(try made() == made())
  }
}
