internal import AttributionGraphs
internal import Checkpoints
internal import Foundation
internal import Tensors
internal import Transcoding

extension TranscoderRun {
  /// How far figures of the export may lie from the trainer's own.
  private static let tolerance = 1e-4

  /// Sets thresholds, folds the normalisation in, writes, reads again, and compares.
  func export(metrics log: MetricsLog) throws -> TrainingResult {
    let batches = heldOut.batches(
      shape, normalizer: scaling.normalizer(), size: settings.training.batchTokens)
    let learned = trainer.evaluate(batches, thresholds: trainer.thresholds)
    let calibrated =
      settings.calibrates || !settings.training.activation.hasLearnedThresholds
      ? trainer.calibratedThresholds(batches, tolerance: 0.02)
      : (thresholds: trainer.thresholds, factors: Array(repeating: 1, count: shape.layerCount))
    let final = trainer.evaluate(batches, thresholds: calibrated.thresholds)
    let folded = trainer.folded(scaling, thresholds: calibrated.thresholds, type: settings.elementType)
    var result = TrainingResult(
      heldOutTokens: final.rows, outlierTokens: heldOut.outlierCount,
      unexplainedVariance: final.unexplainedVariance,
      activeFeatures: final.activeFeatures, learnedUnexplainedVariance: learned.unexplainedVariance,
      learnedActiveFeatures: learned.activeFeatures, factors: calibrated.factors,
      tokens: trainer.stepCount * settings.training.batchTokens, cpuSeconds: cpuSeconds)
    try compare(trainer.folded(scaling, thresholds: calibrated.thresholds, type: .float32), with: result)
    if settings.usesBFloat16 {
      // Rounding changes the figures; those of the files are what counts.
      (result.unexplainedVariance, result.activeFeatures) = try measure(folded)
    }
    do throws(CheckpointError) {
      let batch = try FileBatch(replacing: folder, owned: Self.exportNames(in: folder))
      try stage(folded, in: batch)
      try batch.stage("training.json", try json(result))
      try batch.stage("README.md", Array(readme(result).utf8))
      if let curves = log.curves() { try batch.stage("curves.svg", curves) }
      try batch.commit()
    } catch { throw TrainingError.files(error) }
    return result
  }

  /// The files of an earlier export: weights of other layers or of another kind would be read with the new ones.
  private static func exportNames(in folder: URL) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    let weights = names.filter { name in
      name.hasSuffix(".safetensors") && ["W_enc_", "W_dec_", "layer_"].contains(where: name.hasPrefix)
    }
    return weights + ["config.yaml", "training.json", "README.md", "curves.svg"]
  }

  private func stage(_ folded: FoldedTranscoder, in batch: FileBatch) throws(CheckpointError) {
    try folded.stage(
      in: batch, modelName: HubReference.name(of: model.folder),
      inputHook: settings.hook)
  }

  /// Writes an export to a place of its own, reads it as any user would, and measures it on the held-out tokens.
  private func measure(
    _ folded: FoldedTranscoder
  ) throws -> (unexplainedVariance: [Double], activeFeatures: [Double]) {
    let trial = folder.appending(path: "checkpoint/export")
    try? FileManager.default.removeItem(at: trial)
    defer { try? FileManager.default.removeItem(at: trial) }
    do throws(CheckpointError) {
      let batch = try FileBatch(folder: trial)
      try stage(folded, in: batch)
      try batch.commit()
    } catch { throw TrainingError.files(error) }
    return heldOut.measure(try Transcoder(folder: trial))
  }

  /// Refuses an export whose figures, read again, are not the trainer's own.
  private func compare(_ folded: FoldedTranscoder, with result: TrainingResult) throws {
    let (errors, active) = try measure(folded)
    for layer in 0..<shape.layerCount {
      func check(_ what: String, _ trained: Double, _ read: Double) throws(TrainingError) {
        guard abs(trained - read) <= Self.tolerance * max(1, abs(trained)) else {
          throw .exportDiffers(path: folder.path, layer: layer, what: what, trained: trained, read: read)
        }
      }
      try check("unexplained variance", result.unexplainedVariance[layer], errors[layer])
      try check("L0", result.activeFeatures[layer], active[layer])
    }
  }

  private func json(_ result: TrainingResult) throws(CheckpointError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let settings =
      (try? encoder.encode(self.settings)).flatMap { try? JSON(parsing: Array($0)) } ?? .null
    func list(_ values: [Double]) -> JSON { .array(values.map { JSON($0) }) }
    let json: JSON = [
      "clew": .string(Version.current), "command": .array(command.map { .string($0) }),
      "model": .string(HubReference.name(of: model.folder)), "model_fingerprint": .string(modelFingerprint),
      "corpus": .array(corpus.files.map { .string(URL(filePath: $0).lastPathComponent) }),
      "corpus_fingerprint": .string(corpus.fingerprint), "settings": settings,
      "tokens": JSON(result.tokens), "steps": JSON(trainer.stepCount),
      "cpu_seconds": JSON(result.cpuSeconds), "held_out_tokens": JSON(result.heldOutTokens),
      "outlier_tokens": JSON(result.outlierTokens),
      "fvu": list(result.unexplainedVariance), "l0": list(result.activeFeatures),
      "fvu_before_calibration": list(result.learnedUnexplainedVariance),
      "l0_before_calibration": list(result.learnedActiveFeatures), "threshold_factors": list(result.factors),
    ]
    do { return try json.bytes() } catch {
      throw .cannotWrite(path: folder.appending(path: "training.json").path, reason: "\(error)")
    }
  }

  private func readme(_ result: TrainingResult) -> String {
    let kind = shape.kind == .crossLayer ? "Cross-layer transcoder" : "Per-layer transcoders"
    func cells(_ values: [Double], _ format: String) -> String {
      values.map { String(format: format, $0) }.joined(separator: " | ")
    }
    let layers = (0..<shape.layerCount).map { "layer \($0)" }.joined(separator: " | ")
    let rule = Array(repeating: "---", count: shape.layerCount + 1).joined(separator: "|")
    return """
      # \(folder.lastPathComponent)

      \(kind) for \(HubReference.name(of: model.folder)): \(shape.featureCount) features a layer, reading \
      \(settings.hook.rawValue), made by Clew \(Version.current) from \(result.tokens) tokens.

      \(command.joined(separator: " "))

      Measured on \(result.heldOutTokens) tokens that nothing was learned from; position 0 and \(result.outlierTokens) \
      norm outliers are left out. FVU is Σ|y − ŷ|² / Σ|y − mean y|², L0 the mean number of active features a token.

      | | \(layers) |
      |\(rule)|
      | FVU | \(cells(result.unexplainedVariance, "%.4f")) |
      | L0 | \(cells(result.activeFeatures, "%.2f")) |
      | FVU before calibration | \(cells(result.learnedUnexplainedVariance, "%.4f")) |
      | L0 before calibration | \(cells(result.learnedActiveFeatures, "%.2f")) |

      Settings, seeds and fingerprints are in training.json; curves.svg shows the training; checkpoint/ is needed to \
      resume and may be deleted. Features at position 0 mean nothing: it was left out of training.

      """
  }
}
