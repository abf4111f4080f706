internal import ArgumentParser
internal import Clew
internal import Explorer
internal import Foundation

/// A graph that a command works on: a graph file of any known maker, or the folder of a trace.
struct GraphInput {
  let path: String
  let isTraceFolder: Bool

  init(_ path: String) {
    self.path = path
    var isDirectory: ObjCBool = false
    isTraceFolder =
      FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
  }

  /// The graph file: the path itself, or the folder's `graph.json`.
  var file: String { isTraceFolder ? URL(filePath: path).appending(path: "graph.json").path : path }

  /// What the file holds; in a trace folder that is the pruned graph. What is odd about it goes to standard error.
  func pruned(_ rule: GraphReading.IDRule = .resolved) throws -> AttributionGraph {
    let reading = try GraphReading(contentsOfFile: file, idRule: rule)
    for finding in reading.findings { Terminal.complain("clew: note on \(file): \(finding)") }
    return reading.graph
  }

  /// Every row that is known: of a trace folder the whole trace, else what the file holds.
  func whole(_ rule: GraphReading.IDRule = .resolved) throws -> AttributionGraph {
    isTraceFolder ? try AttributionGraph(traceFolder: URL(filePath: path)) : try pruned(rule)
  }

  /// The whole graph for the explorer; what is odd about its file goes to the page.
  /// - Parameter labels: Names the features that pruning left out of the file.
  func opened(labels: ExampleLibrary?) throws -> OpenGraph {
    if isTraceFolder {
      var graph = try whole()
      if let labels { try labels.label(&graph) }
      return OpenGraph(graph: graph, isWhole: true)
    }
    let reading = try GraphReading(contentsOfFile: file)
    return OpenGraph(graph: reading.graph, isWhole: false, notes: reading.findings.map { "\($0)" })
  }

  /// Writes one file, which appears whole or not at all.
  static func write(_ bytes: [UInt8], to path: String) throws {
    let url = URL(filePath: path)
    let files = try FileBatch(folder: url.deletingLastPathComponent())
    try files.stage(url.lastPathComponent, bytes)
    try files.commit()
  }
}
