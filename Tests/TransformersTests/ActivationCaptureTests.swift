import Clew
import Foundation
import TestSupport
import Testing
import TinyModels

struct ActivationCaptureTests {
  private func compare(_ model: Transformer, _ texts: [[Token]], tolerance: Double) throws {
    let rows = texts.reduce(0) { $0 + $1.count }
    var capture = ActivationCapture(model, capacity: rows + 3, longest: texts.map(\.count).max() ?? 0)
    let batch = TextBatch(texts)
    let recordings = try texts.map { try model.record($0) }
    capture.run(batch) { number, layer in
      for (recording, range) in zip(recordings, batch.texts) {
        #expect(
          largestDifference(layer.residualMid.rows(range).values, recording.residualMid[number].values)
            < tolerance)
        #expect(
          largestDifference(layer.mlpOutput.rows(range).values, recording.mlpOutput[number].values)
            < tolerance)
        #expect(largestDifference(layer.scales[range], recording.mlpNormScales[number]) < tolerance)
      }
    }
  }

  @Test func `a batch of texts gives what recording each gives`() throws {
    let model = try TinyModel.shared().open().transformer
    let texts: [[Token]] = [[0, 5, 7, 2], [0], (0..<16).map { Token($0 * 2) }, [0, 3]]
    // Rounding alone: attention sums in another order.
    try compare(model, texts, tolerance: 1e-5)
  }

  @Test(.enabled(if: SharedFiles.areAvailable, Comment(rawValue: SharedFiles.reason)))
  func `long texts of a real model give what recording them gives`() throws {
    let model = try Transformer(folder: SharedFiles.url("models/stories260K"))
    var generator = SeededGenerator(seed: 2)
    let texts = [37, 200, 1].map { count in
      [1] + (1..<count).map { _ in Token(generator.unit() * 500) + 3 }
    }
    try compare(model, texts, tolerance: 1e-4)
  }
}
