internal import Attribution
internal import AttributionGraphs
internal import Checkpoints
public import Foundation
internal import Rendering

extension PromptTrace {
  /// Writes the trace's folder: `graph.json`, `graph.safetensors`, `graph.dot`, `graph.svg`, `report.md`, `run.json`.
  ///
  /// The files appear together once all are written; what was there before stays until then. Where the rows are not to
  /// be stored, `graph.safetensors` is left out, and one of an earlier trace is taken away.
  /// - Parameters:
  ///   - folder: The folder that holds the files; made if missing.
  ///   - command: The command line, for the record.
  public func write(to folder: URL, model: TracingModel, command: [String]) throws {
    let files = try FileBatch(folder: folder)
    try files.stage("graph.json") { handOn in
      try GraphWriter.write(pruning.graph) { (part: [UInt8]) throws(GraphError) in
        guard handOn(part) else {
          throw .fileFailed(path: "graph.json", action: "written", reason: "no more is wanted")
        }
      }
    }
    if request.storage == .none {
      files.remove("graph.safetensors")
    } else {
      try files.stage("graph.safetensors", parts: GraphTensors.writer(for: self).parts())
    }
    try files.stage("graph.dot") { handOn in DOTWriter.write(pruning.graph, to: handOn) }
    try files.stage("graph.svg", try Figure(of: pruning.graph).svg())
    try files.stage("report.md", Array(report(command: command).utf8))
    try files.stage("run.json", try runRecord(command: command, model: model).bytes() + [UInt8(ascii: "\n")])
    try files.commit()
  }
}
