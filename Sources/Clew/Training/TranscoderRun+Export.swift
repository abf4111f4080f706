internal import AttributionGraphs
internal import Checkpoints
internal import Foundation
internal import Tensors
internal import Transcoding

extension TranscoderRun {
  /// Where an export goes that is refused, beside the run's folder.
  static func refusedFolder(of folder: URL) -> URL {
    URL(filePath: folder.standardizedFileURL.path + ".refused")
  }

  /// Rounds weights as they will be stored, sets thresholds, folds the normalisation in, writes, reads again, and
  /// compares.
  func export(metrics log: ReportLog<TrainingMetrics>) throws -> TrainingResult {
    trainer.roundWeights(to: settings.export.elementType, scaling)
    let batches = heldOut.batches(
      shape, normalizer: scaling.normalizer(), size: settings.training.batchTokens)
    let learned = trainer.evaluate(batches, thresholds: trainer.thresholds)
    let (thresholds, factors) = exportThresholds(batches)
    let final = trainer.evaluate(batches, thresholds: thresholds)
    let folded = trainer.folded(scaling, thresholds: thresholds, type: settings.export.elementType)
    let result = TrainingResult(
      heldOutTokens: final.rows, outlierTokens: heldOut.outlierCount,
      unexplainedVariance: final.unexplainedVariance,
      activeFeatures: final.activeFeatures,
      wantedActiveFeatures: settings.export.targetL0 ?? settings.training.wantedActive,
      learnedUnexplainedVariance: learned.unexplainedVariance,
      learnedActiveFeatures: learned.activeFeatures, factors: factors,
      tokens: trainer.stepCount * settings.training.batchTokens, cpuSeconds: cpuSeconds)
    let undecided = trainer.undecidedFeatures(batches, thresholds: thresholds, scaling: scaling)
    if let refusal = try difference(of: folded, from: result, undecided: undecided) {
      throw keepRefused(folded, result, log, refusal)
    }
    do throws(CheckpointError) { try write(folded, result, log, to: folder, refusal: nil) } catch {
      throw TrainingError.files(error)
    }
    return result
  }

  /// The thresholds of the export, `[layer][feature]`, and the factors or thresholds that were found, `[layer]`.
  private func exportThresholds(_ batches: [TrainingBatch]) -> (thresholds: [[Float]], factors: [Double]) {
    let export = settings.export
    let calibrates = export.calibrates || !settings.training.activation.hasLearnedThresholds
    var found = (thresholds: trainer.thresholds, factors: Array(repeating: 1.0, count: shape.layerCount))
    if calibrates {
      var chosen = batches
      if let tokens = export.calibrationTokens {
        chosen = heldOut.batches(
          shape, normalizer: scaling.normalizer(), size: settings.training.batchTokens, limit: tokens)
      }
      found = trainer.calibratedThresholds(chosen, wanted: export.targetL0, tolerance: 0.02)
    }
    // Learned thresholds that are to stay move no further than rounding makes them.
    found.thresholds = trainer.cleared(
      found.thresholds, batches: batches, wanted: export.targetL0, scaling: scaling,
      share: calibrates ? 0.01 : 0)
    return found
  }

  /// Keeps an export that must not be used under a name that says so.
  /// - Returns: The refusal, with the place.
  private func keepRefused(
    _ folded: FoldedTranscoder, _ result: TrainingResult, _ log: ReportLog<TrainingMetrics>,
    _ refusal: TrainingError
  ) -> TrainingError {
    guard case .exportDiffers(let path, let layer, let what, let trained, let read, _) = refusal else {
      return refusal
    }
    let place = Self.refusedFolder(of: folder)
    let kept = TrainingError.exportDiffers(
      path: path, layer: layer, what: what, trained: trained, read: read, kept: place.path)
    do throws(CheckpointError) {
      try write(folded, result, log, to: place, refusal: kept.description)
      return kept
    } catch { return refusal }
  }

  private func write(
    _ folded: FoldedTranscoder, _ result: TrainingResult, _ log: ReportLog<TrainingMetrics>, to folder: URL,
    refusal: String?
  ) throws(CheckpointError) {
    let batch = try FileBatch(replacing: folder, owned: Self.exportNames(in: folder))
    try stage(folded, in: batch)
    try batch.stage("training.json", try json(result, refusal))
    try batch.stage("README.md", Array(readme(result, refusal).utf8))
    if let curves = log.curves() { try batch.stage("curves.svg", curves) }
    try batch.commit()
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

  /// How an export, read again, differs from the trainer's own figures; `nil` where it does not.
  /// - Parameter undecided: Features a token that rounding may turn on or off, `[layer]`.
  private func difference(
    of folded: FoldedTranscoder, from result: TrainingResult, undecided: [Double]
  ) throws -> TrainingError? {
    let (errors, active) = try measure(folded)
    for layer in 0..<shape.layerCount {
      for (what, trained, read, reach) in [
        ("unexplained variance", result.unexplainedVariance[layer], errors[layer], 0),
        ("L0", result.activeFeatures[layer], active[layer], undecided[layer]),
      ] where !(abs(trained - read) <= exportTolerance * max(1, abs(trained)) + reach) {
        return .exportDiffers(
          path: folder.path, layer: layer, what: what, trained: trained, read: read, kept: nil)
      }
    }
    return nil
  }

  private func json(_ result: TrainingResult, _ refusal: String?) throws(CheckpointError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let settings =
      (try? encoder.encode(self.settings)).flatMap { try? JSON(parsing: Array($0)) } ?? .null
    func list(_ values: [Double]) -> JSON { .array(values.map { JSON($0) }) }
    var json: JSON = [
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
    if let refusal, var object = json.object {
      object["refused"] = .string(refusal)
      json = .object(object)
    }
    do { return try json.bytes() } catch {
      throw .cannotWrite(path: folder.appending(path: "training.json").path, reason: "\(error)")
    }
  }

  private func readme(_ result: TrainingResult, _ refusal: String?) -> String {
    let kind = shape.kind == .crossLayer ? "Cross-layer transcoder" : "Per-layer transcoders"
    func cells(_ values: [Double], _ format: String) -> String {
      values.map { String(format: format, $0) }.joined(separator: " | ")
    }
    let layers = (0..<shape.layerCount).map { "layer \($0)" }.joined(separator: " | ")
    let rule = Array(repeating: "---", count: shape.layerCount + 1).joined(separator: "|")
    return """
      # \(folder.lastPathComponent)

      \(refusal.map { "**Refused, do not use:** \($0)\n\n" } ?? "")\(kind) for \
      \(HubReference.name(of: model.folder)): \(shape.featureCount) features a layer, reading \
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
