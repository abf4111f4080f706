internal import Attribution
internal import AttributionGraphs
internal import Checkpoints
public import Foundation
internal import Rendering

extension PromptTrace {
  /// The files of a trace's folder: what is not written anew goes with the old ones.
  public static let fileNames = [
    "graph.json", "graph.safetensors", "graph.dot", "graph.svg", "report.md", "run.json",
  ]

  /// Writes the trace's folder: `graph.json`, `graph.safetensors`, `graph.dot`, `graph.svg`, `report.md`, `run.json`.
  ///
  /// One call puts a new folder with them in place of the one that is there, so that at no time some are old and some new.
  /// What others put into the folder stays: a reader's view, notes, figures.
  /// Where the rows are not to be stored, `graph.safetensors` is left out, and one of an earlier trace is taken away.
  /// - Parameters:
  ///   - folder: The folder that holds the files; made if missing.
  ///   - command: The command line, for the record.
  public func write(to folder: URL, model: TracingModel, command: [String]) throws {
    let files = try FileBatch(
      replacing: folder, owned: Self.fileNames, renaming: foreignView(in: folder))
    try files.stage("graph.json") { handOn in
      try GraphWriter.write(pruning.graph) { (part: [UInt8]) throws(GraphError) in
        guard handOn(part) else {
          throw .fileFailed(path: "graph.json", action: "written", reason: "no more is wanted")
        }
      }
    }
    if request.storage != .none {
      try files.stage("graph.safetensors", parts: GraphTensors.writer(for: self).parts())
    }
    try files.stage("graph.dot") { handOn in DOTWriter.write(pruning.graph, to: handOn) }
    try files.stage("graph.svg", try Figure(of: pruning.graph).svg())
    try files.stage("report.md", Array(report(command: command).utf8))
    try files.stage("run.json", try runRecord(command: command, model: model).bytes() + [UInt8(ascii: "\n")])
    try files.commit()
  }

  /// The name that a reader's view of another graph gets; with the old name it would be taken for one of this graph.
  private func foreignView(in folder: URL) -> [String: String] {
    let sidecar = folder.appending(path: "view.json")
    guard let view = try? SavedView(contentsOfFile: sidecar.path), !view.isOf(pruning.graph) else {
      return [:]
    }
    return ["view.json": view.nameAside(of: sidecar)]
  }
}
