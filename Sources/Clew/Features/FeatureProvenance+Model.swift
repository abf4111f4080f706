internal import Checkpoints
public import FeatureExamples
internal import Foundation
internal import Transcoding
internal import Transformers

extension FeatureProvenance {
  /// What examples of a model's features are made from.
  /// - Parameters:
  ///   - files: The files that the text comes from.
  ///   - fingerprint: That of the text.
  ///   - command: The command line, for the record.
  public init(
    of model: TracingModel, files: [String], textFingerprint: String, settings: ExampleSettings,
    command: [String]
  ) {
    let (transformer, transcoder) = (model.transformer, model.transcoder)
    let name = transcoder.name
    self.init(
      model: HubReference.name(of: transformer.folder),
      modelFingerprint: Fingerprint.of(folder: transformer.folder), transcoders: name,
      transcoderFingerprint: Fingerprint.of(transcoder),
      scan: transcoder.scan ?? name, textFiles: files, textFingerprint: textFingerprint,
      featureCounts: (0..<transcoder.layerCount).map { transcoder.featureCount(layer: $0) },
      settings: settings, command: command, version: Version.current)
  }
}
