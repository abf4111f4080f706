internal import Attribution
internal import Foundation
internal import Transformers

extension TraceRequest {
  /// A short name for what is asked of which model: traces that have it in common come to the same graph.
  ///
  /// The graph's name, how its rows are stored and how much memory may be used make no difference.
  public func fingerprint(with model: TracingModel) -> String {
    var asked = self
    let usual = AttributionSettings()
    asked.slug = nil
    // What they name stands in the settings.
    asked.targetNames = []
    // Without its rows a folder is another result; how they are stored makes no difference.
    if asked.storage != .none { asked.storage = .automatic }
    asked.settings.workingMemory = usual.workingMemory
    asked.settings.memoryLimit = usual.memoryLimit
    // Follows from what else is asked, once the trace begins.
    asked.settings.keepsEveryNode = usual.keepsEveryNode
    // Every member, those that come to it later as well.
    return Fingerprint.of(
      text: """
        \(Fingerprint.of(folder: model.transformer.folder))
        \(Fingerprint.of(model.transcoder))
        \(String(reflecting: asked))
        """)
  }
}
