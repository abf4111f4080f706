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

  /// Whether every row of a trace is there.
  var isWholeTrace: Bool { isTraceFolder && AttributionGraph.hasRows(URL(filePath: path)) }

  /// What is to be said of a trace whose rows were not stored; `nil` of everything else.
  private var withoutRows: String? {
    guard isTraceFolder, !isWholeTrace else { return nil }
    return "it has no graph.safetensors, so what pruning left in graph.json stands for the whole trace. "
      + "Trace again without --no-tensors for every row."
  }

  /// Every row that is known: of a trace folder the whole trace, else what the file holds.
  func whole(_ rule: GraphReading.IDRule = .resolved) throws -> AttributionGraph {
    if isWholeTrace { return try AttributionGraph(traceFolder: URL(filePath: path)) }
    let graph = try pruned(rule)
    noteMissingRows()
    return graph
  }

  /// Says that the rows of a trace were not stored, if that is so.
  func noteMissingRows() {
    if let withoutRows { Terminal.complain("clew: note on \(path): \(withoutRows)") }
  }

  /// The whole graph for the explorer; what is odd about its file goes to the page.
  /// - Parameter labels: Names the features that pruning left out of the file.
  func opened(labels: ExampleLibrary?) throws -> OpenGraph {
    if isWholeTrace {
      var graph = try whole()
      if let labels { try labels.label(&graph) }
      return OpenGraph(graph: graph, isWhole: true)
    }
    let reading = try GraphReading(contentsOfFile: file)
    return OpenGraph(
      graph: reading.graph, isWhole: false,
      notes: reading.findings.map { "\($0)" } + [withoutRows].compactMap { $0.map { "\(path): \($0)" } })
  }

  /// Writes one file, which appears whole or not at all.
  static func write(_ bytes: [UInt8], to path: String) throws {
    let url = URL(filePath: path)
    let files = try FileBatch(folder: url.deletingLastPathComponent())
    try files.stage(url.lastPathComponent, bytes)
    try files.commit()
  }
}
