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
    // Of a process that was killed in the middle of it.
    if isTraceFolder { Leftovers.finish(in: path) }
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
    guard isWholeTrace else {
      let graph = try pruned(rule)
      noteMissingRows()
      return graph
    }
    // Another folder may be put in its place between its two files.
    for _ in 0..<3 {
      let before = number
      let reading = Result { try AttributionGraph(traceFolder: URL(filePath: path)) }
      if number == before { return try reading.get() }
    }
    return try AttributionGraph(traceFolder: URL(filePath: path))
  }

  /// Says that the rows of a trace were not stored, if that is so.
  func noteMissingRows() {
    if let withoutRows { Terminal.complain("clew: note on \(path): \(withoutRows)") }
  }

  /// What tells the folder from one that is put in its place.
  private var number: Int? {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    return (attributes?[.systemFileNumber] as? NSNumber)?.intValue
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

  /// What a reader pinned and named in the graph: the sidecar beside it if that is of this graph, else what its file holds.
  func readersView(of graph: AttributionGraph) throws -> SavedView {
    let sidecar = SavedView.sidecarPath(besideGraph: path)
    if let kept = try SavedView.kept(in: sidecar, of: graph) { return kept }
    if FileManager.default.fileExists(atPath: sidecar) {
      Terminal.complain("clew: note on \(file): the view in \(sidecar) is of another graph, and is left out.")
    }
    return graph.openedView()
  }

  /// Writes one file: whole or not at all, with links followed, or through a device or a pipe.
  static func write(_ bytes: [UInt8], to path: String) throws { try OutputPlace.write(bytes, to: path) }
}
