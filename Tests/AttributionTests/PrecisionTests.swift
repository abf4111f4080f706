import Clew
import Foundation
import TestSupport
import Testing
import TinyModels

/// What storing weights in bfloat16 changes.
struct PrecisionTests {
  @Test func `storage changes nothing, rounding a little, and no copy is left`() throws {
    let tiny = try TinyModel.shared()
    let folder = try TemporaryFolder()
    let comparison = try PrecisionComparison(
      model: tiny.model, transcoders: tiny.transcoders, prompt: "w3 w14 w15 w9", in: folder.url)
    let (storage, rounding) = (comparison.storage, comparison.rounding)
    #expect(storage.logit == 0 && storage.largestRow == 0 && storage.activeInOne == 0)
    #expect(storage.activeInBoth > 20 && storage.largestLogit > 0.1)
    // Weights are rounded by at most one part in 256.
    #expect(rounding.logit > 0 && rounding.logit < 0.05 * rounding.largestLogit)
    #expect(rounding.meanRow > 1e-5 && rounding.meanRow < 0.05 && rounding.largestRow >= rounding.meanRow)
    #expect(rounding.activeInBoth > 10 * rounding.activeInOne)
    #expect(try folder.files().isEmpty)
  }
}
