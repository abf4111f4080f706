internal import Checkpoints
internal import Foundation
internal import Transcoding

/// All that a run goes on from: one file, written beside its place and renamed into it.
///
/// The file is a safetensors file that ends with a checksum; what is no tensor stands as JSON in its metadata.
struct TrainingCheckpoint: Codable {
  /// The layout of the file.
  static let currentVersion = 2

  var version = Self.currentVersion
  var settings: TranscoderRunSettings
  var modelFingerprint: String
  var corpusFingerprint: String
  var stepCount: Int
  var controller: PenaltyController
  var stream: ActivationStream.State
  var scaling: ActivationScaling
  /// CPU seconds that the run had taken, over all its processes.
  var cpuSeconds: Double
  /// What the next report is made of.
  var sums: ReportSums

  /// The one part that every layout has.
  private struct Layout: Codable { var version: Int }
  static let beginAgain = "Give --restart instead of --resume to begin again."

  static func url(in folder: URL) -> URL { folder.appending(path: "checkpoint/state.safetensors") }

  /// Writes the checkpoint of a trainer.
  func write(_ trainer: TranscoderTrainer, to folder: URL) throws(TrainingError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    guard let json = try? encoder.encode(self) else {
      preconditionFailure("the state of a run cannot be encoded")
    }
    var writer = SafetensorsWriter(metadata: [("clew_training", String(decoding: json, as: UTF8.self))])
    trainer.write(to: &writer)
    writer.seal()
    do throws(CheckpointError) {
      let batch = try FileBatch(folder: folder.appending(path: "checkpoint"))
      try batch.stage("state.safetensors", parts: writer.parts())
      try batch.commit()
    } catch { throw .files(error) }
  }

  /// Reads a checkpoint and checks that it belongs to a run.
  static func read(
    in folder: URL, settings: TranscoderRunSettings, modelFingerprint: String, corpusFingerprint: String
  ) throws(TrainingError) -> (checkpoint: Self, file: SafetensorsFile) {
    let url = url(in: folder)
    func bad(_ reason: String, _ advice: String) -> TrainingError {
      .badCheckpoint(path: url.path, reason: reason, advice: advice)
    }
    guard FileManager.default.fileExists(atPath: url.path) else {
      throw bad("there is no such file", "Leave out --resume to begin.")
    }
    let file: SafetensorsFile
    do throws(CheckpointError) { file = try SafetensorsFile(url) } catch {
      throw bad("it is damaged (\(error))", beginAgain)
    }
    let json = Data((file.metadata["clew_training"] ?? "").utf8)
    let version = (try? JSONDecoder().decode(Layout.self, from: json))?.version
    if let version, version != currentVersion, !file.isIntact {
      throw bad("its layout is version \(version), not \(currentVersion)", beginAgain)
    }
    guard file.isIntact else {
      throw bad("it is damaged: its checksum is not that of what it holds", beginAgain)
    }
    guard version == currentVersion, let checkpoint = try? JSONDecoder().decode(Self.self, from: json) else {
      throw bad("it is damaged, or of another version of Clew", beginAgain)
    }
    guard checkpoint.modelFingerprint == modelFingerprint else {
      throw bad("it was made for another model", "Name the model that it was begun with.")
    }
    guard checkpoint.corpusFingerprint == corpusFingerprint else {
      throw bad("it was made from another text", "Name the text that it was begun with.")
    }
    // How the result is exported may be chosen anew.
    var comparable = checkpoint.settings
    comparable.export = settings.export
    guard comparable == settings else {
      throw bad(
        "it was made with other settings (\(comparable.difference(from: settings)))",
        "Give the settings that it was begun with.")
    }
    return (checkpoint, file)
  }

  /// Checks that its numbers are those of a run with its settings.
  func check(against shape: TranscoderShape, chunkTokens: Int, path: String) throws(TrainingError) {
    let isSound =
      (0...settings.training.stepCount).contains(stepCount) && (0..<1e12).contains(cpuSeconds)
      && controller.isSound(wanted: settings.training.targetL0)
      && stream.isSound(chunkTokens: chunkTokens, uses: settings.chunkUses)
      && sums.isSound(layerCount: shape.layerCount)
      && scaling.isSound(layerCount: shape.layerCount, dModel: shape.dModel)
    guard isSound else {
      throw .badCheckpoint(
        path: path, reason: "it is damaged: its numbers contradict its settings",
        advice: Self.beginAgain)
    }
  }
}

extension TranscoderRunSettings {
  /// The names of settings that differ.
  func difference(from other: Self) -> String {
    func fields(_ settings: Self) -> [String: String] {
      guard let data = try? JSONEncoder().encode(settings),
        let object = try? JSONSerialization.jsonObject(with: data) as? [String: Any]
      else { return [:] }
      var result: [String: String] = [:]
      for (name, value) in object {
        if let inner = value as? [String: Any] {
          for (name, value) in inner { result[name] = "\(value)" }
        } else {
          result[name] = "\(value)"
        }
      }
      return result
    }
    let mine = fields(self), theirs = fields(other)
    let names = Set(mine.keys).union(theirs.keys).filter { mine[$0] != theirs[$0] }.sorted()
    return names.prefix(3).map { "\($0) \(mine[$0] ?? "unset"), not \(theirs[$0] ?? "unset")" }
      .joined(separator: "; ")
  }
}
