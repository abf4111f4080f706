internal import Attribution
internal import AttributionGraphs
internal import Checkpoints
public import Foundation
internal import Rendering
internal import Tensors

extension PromptTrace {
  /// Writes the trace's folder: `graph.json`, `graph.safetensors`, `graph.dot`, `graph.svg`, `report.md`, `run.json`.
  ///
  /// The files appear together once all are written; what was there before stays until then.
  /// - Parameters:
  ///   - folder: The folder that holds the files; made if missing.
  ///   - command: The command line, for the record.
  public func write(to folder: URL, model: TracingModel, command: [String]) throws {
    let files = try FileBatch(folder: folder)
    let graph = pruning.graph
    // Each takes seconds for a graph of a million edges. The tensors, made while they are written, go straight to their file.
    let large: [(name: String, make: @Sendable () throws -> [UInt8]?)] = [
      ("graph.json", { try graph.json() }),
      (
        "graph.safetensors",
        {
          try files.stage("graph.safetensors", parts: GraphTensors.writer(for: self).parts())
          return nil
        }
      ),
      ("graph.dot", { Array(DOTWriter.dot(of: graph).utf8) }),
      ("graph.svg", { try Figure(of: graph).svg() }),
    ]
    var made = [Result<[UInt8]?, any Error>](repeating: .success(nil), count: large.count)
    made.withUnsafeMutableBufferPointer { made in
      let made = SharedPointer(made)
      let make: @Sendable (Int) -> Void = { place in made.pointer[place] = Result { try large[place].make() }
      }
      // Under a limit one after the other: side by side they would lie in memory together.
      if request.settings.memoryLimit == nil {
        Parallel.forEach(large.count, make)
      } else {
        large.indices.forEach(make)
      }
    }
    for (file, result) in zip(large, made) {
      if let bytes = try result.get() { try files.stage(file.name, bytes) }
    }
    try files.stage("report.md", Array(report(command: command).utf8))
    try files.stage("run.json", try runRecord(command: command, model: model).bytes() + [UInt8(ascii: "\n")])
    try files.commit()
  }
}
