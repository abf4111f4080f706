internal import ArgumentParser
internal import Clew
internal import Explorer
internal import Foundation
internal import Synchronization

/// A graph that a command works on: a graph file of any known maker, or the folder of a trace.
struct GraphInput {
  let path: String
  let isTraceFolder: Bool
  /// What came through a pipe, which can be read but once; `nil` for files and folders.
  private let piped: PipedGraph?

  init(_ path: String) {
    self.path = path
    var status = stat()
    let kind = stat(path, &status) == 0 ? status.st_mode & S_IFMT : S_IFREG
    isTraceFolder = kind == S_IFDIR
    piped = kind == S_IFDIR || kind == S_IFREG ? nil : PipedGraph()
    // Of a process that was killed in the middle of it.
    if isTraceFolder { Leftovers.finish(in: path) }
  }

  /// Whether the graph comes through a pipe, as from `<(…)` or standard input, and has no place on the disk.
  var isPiped: Bool { piped != nil }

  /// The graph file: the path itself, or the folder's `graph.json`.
  var file: String { isTraceFolder ? URL(filePath: path).appending(path: "graph.json").path : path }

  /// What the file holds; in a trace folder that is the pruned graph. What is odd about it goes to standard error.
  func pruned(_ rule: GraphReading.IDRule = .resolved) throws -> AttributionGraph {
    let reading = try reading(rule)
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

  private func reading(_ rule: GraphReading.IDRule) throws -> GraphReading {
    let reading = try unchecked(rule)
    try checkRun(of: reading.graph)
    return reading
  }

  /// Refuses a trace's folder whose run.json tells of another trace: prompt and targets are believed to be what it says.
  private func checkRun(of graph: AttributionGraph) throws {
    guard isTraceFolder, let made = TraceFolders.run(in: URL(filePath: path))?["trace"]?.string,
      let own = graph.metadata.info["trace"]?.string, made != own
    else { return }
    throw TraceFolderError.mixed(folder: path, reason: "graph.json and run.json are of different ones")
  }

  private func unchecked(_ rule: GraphReading.IDRule) throws -> GraphReading {
    let noteThatItWaits = { Terminal.complain("clew: waiting for a graph to come through \(file) …") }
    guard let piped else { return try GraphReading(contentsOfFile: file, idRule: rule) }
    return try piped.readings.withLock { known in
      if let reading = known { return reading }
      let reading = try GraphReading(contentsOfFile: file, idRule: rule, whileWaiting: noteThatItWaits)
      known = reading
      return reading
    }
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
      let reading = Result { try traced() }
      if number == before { return try reading.get() }
    }
    return try traced()
  }

  /// The whole trace of the folder.
  private func traced() throws -> AttributionGraph {
    let graph = try AttributionGraph(traceFolder: URL(filePath: path))
    try checkRun(of: graph)
    return graph
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
    let reading = try reading(.resolved)
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

  /// What to say where a file would be written beside a graph that has no place.
  var missingOutput: ValidationError {
    ValidationError(
      "the graph comes through \(path), which has no place beside it. Name the file to write with --output.")
  }

  /// Writes one file: whole or not at all, with links followed, or through a device or a pipe.
  static func write(_ bytes: [UInt8], to path: String) throws { try OutputPlace.write(bytes, to: path) }
}

/// A graph that came through a pipe.
private final class PipedGraph: Sendable {
  let readings = Mutex<GraphReading?>(nil)
}
