internal import Foundation
internal import Tensors
internal import Transcoding

/// How much memory a run needs, and how much there is.
enum TrainingMemory {
  /// Bytes that a run holds: learned numbers with gradient and two moments, the chunk, a batch, entries.
  /// - Parameter keepsActivations: Whether a cache on disk is filled, which gathers a file's worth before it writes.
  static func needed(
    _ shape: TranscoderShape, _ settings: TranscoderRunSettings, keepsActivations: Bool = false
  ) -> Int {
    let numbers = 2 * shape.layerCount * shape.dModel
    let batch = settings.training.batchTokens
    let chunk = settings.chunkTokens(tokenNumbers: numbers) * numbers * 4
    // About a tenth of all entries count at the start: their token, value and slope, twice for growth.
    let entries = shape.layerCount * shape.featureCount * batch / 10 * 20
    let heldOut = settings.heldOutTokens * numbers * 8
    let gathered = keepsActivations ? ActivationCache.gatheredBytes : 0
    return shape.parameterCount * 16 + chunk + batch * numbers * 8 + entries + heldOut + gathered
  }

  /// Refuses what does not fit, and says what would.
  static func check(
    _ shape: TranscoderShape, _ settings: TranscoderRunSettings, keepsActivations: Bool = false,
    available: Int = Memory.available
  ) throws(TrainingError) {
    let needed = needed(shape, settings, keepsActivations: keepsActivations)
    guard needed > available else { return }
    var fitting = 0, tooMany = shape.featureCount
    while tooMany - fitting > 1 {
      let middle = (fitting + tooMany) / 2
      var trial = shape
      trial.featureCount = middle
      if self.needed(trial, settings, keepsActivations: keepsActivations) <= available {
        fitting = middle
      } else {
        tooMany = middle
      }
    }
    throw .doesNotFit(
      features: shape.featureCount, needed: needed, available: available, fitting: max(1, fitting))
  }
}
