import Clew
import Foundation
import TestSupport
import Testing
import TinyModels

/// `graph.safetensors` by itself: its two forms, its size, and the identity that each of its rows has to keep.
struct RowStorageTests {
  /// A graph with some more nodes than are stored as a matrix.
  static let wide: Result<(TinyModel, PromptTrace), any Error> = Result {
    var settings = TinyModel.settings
    (settings.layerCount, settings.featureCount, settings.activeFeatures) = (4, 512, 110)
    let model = try TinyModel(settings)
    var request = TraceRequest(prompt: settings.prompt(tokenCount: 12))
    request.settings.coverage = 1
    return (model, try PromptTrace.trace(request, with: try model.open()))
  }

  /// Writes a trace with its rows stored in some way.
  private func file(
    of trace: PromptTrace, _ model: TracingModel, _ storage: RowStorage, in folder: TemporaryFolder
  ) throws -> SafetensorsFile {
    var stored = trace
    stored.request.storage = storage
    try stored.write(to: folder.url, model: model, command: ["clew"])
    return try SafetensorsFile(folder.url("graph.safetensors"))
  }

  /// What a file says of its rows: `[target]` of sources and weights.
  private func rows(of file: SafetensorsFile) throws -> [[(source: Int, weight: Float)]] {
    if let matrix = file.tensors["adjacency_matrix"] {
      let count = matrix.shape[0]
      return try (0..<count).map { target in
        let row = try matrix.floats(target * count..<(target + 1) * count)
        return row.indices.filter { row[$0] != 0 }.map { ($0, row[$0]) }
      }
    }
    let starts = try file.tensor("row_starts").integers()
    let sources = try file.tensor("row_sources").integers()
    let weights = try file.tensor("row_weights").floats()
    return zip(starts, starts.dropFirst()).map { range in
      (range.0..<range.1).map { (sources[$0], weights[$0]) }
    }
  }

  /// Tests `Σ_s A[t, s] + β[t] + b[t] = z[t]` of every row, from nothing but a file.
  private func expectIdentity(
    _ file: SafetensorsFile, leastRows: Int, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let rows = try rows(of: file)
    let constants = try file.tensor("row_constants").vector(count: rows.count)
    let biases = try file.tensor("row_biases").vector(count: rows.count)
    let values = try file.tensor("row_values").vector(count: rows.count)
    var worst = 0.0
    for (target, row) in rows.enumerated() {
      let sum = row.reduce(Double(constants[target]) + Double(biases[target])) { $0 + Double($1.weight) }
      worst = max(worst, abs(sum - Double(values[target])) / max(1, abs(Double(values[target]))))
    }
    #expect(worst < 1e-4, sourceLocation: sourceLocation)
    #expect(values.count { $0 != 0 } >= leastRows, sourceLocation: sourceLocation)
    // A feature's value is its preactivation, as long as it has a row.
    let z = try file.tensor("preactivation_values").floats()
    for (feature, z) in z.enumerated() where values[feature] != 0 {
      #expect(values[feature] == z, sourceLocation: sourceLocation)
    }
    // Without the constants the identity does not hold.
    #expect(constants.contains { abs($0) > 1e-3 }, sourceLocation: sourceLocation)
  }

  @Test(
    .enabled(if: SharedFiles.areAvailable, Comment(rawValue: SharedFiles.reason)),
    arguments: ReferenceCase.traces)
  func `every row of a file sums to its target's value`(example: ReferenceCase) throws {
    let model = try TracingModel(model: example.modelFolder, transcoders: example.coderFolder)
    let tokens = try example.tensors("trace").tensor("input_tokens").integers().dropFirst()
    for coverage in [1, 0.8] {
      let folder = try TemporaryFolder()
      var request = TraceRequest(prompt: model.tokenizer.decode(tokens.map { Token($0) }))
      request.settings.coverage = coverage
      try PromptTrace.trace(request, with: model).write(to: folder.url, model: model, command: ["clew"])
      let file = try SafetensorsFile(folder.url("graph.safetensors"))
      #expect((file.tensors["adjacency_matrix"] != nil) == (coverage == 1))
      try expectIdentity(file, leastRows: 10)
    }
  }

  @Test func `beyond the limit rows are stored without their zeros, and read back the same`() throws {
    let (tiny, trace) = try Self.wide.get()
    let model = try tiny.open()
    let count = trace.result.graph.nodes.count
    #expect(count > RowStorage.denseNodeLimit && count < 2 * RowStorage.denseNodeLimit)
    let (first, second) = (try TemporaryFolder(), try TemporaryFolder())
    let sparse = try file(of: trace, model, .automatic, in: first)
    let dense = try file(of: trace, model, .dense, in: second)
    #expect(sparse.tensors["adjacency_matrix"] == nil && sparse.tensors["edge_mask"] == nil)
    #expect(dense.tensors["adjacency_matrix"]?.shape == [count, count])
    #expect(2 * sparse.file.bytes.count < dense.file.bytes.count)
    for file in [sparse, dense] { try expectIdentity(file, leastRows: 4000) }
    let (a, b) = (
      try AttributionGraph(traceFolder: first.url), try AttributionGraph(traceFolder: second.url)
    )
    #expect(a.nodes.map(\.id) == b.nodes.map(\.id))
    #expect(a.effects.isSkipped == b.effects.isSkipped)
    let known = trace.result.graph.effects.rows
    for target in 0..<count {
      for (read, isSparse) in [(a, true), (b, false)] {
        let (row, whole) = (read.effects.rows[target], known[target])
        let places = whole.weights.indices.filter { isSparse || whole.weights[$0] != 0 }
        guard row.sources == places.map({ whole.sources[$0] }),
          row.weights == places.map({ whole.weights[$0] })
        else {
          Issue.record("row \(target) differs")
          return
        }
      }
    }
  }

  @Test func `in the order embeddings, errors, features, logits the rows are strictly lower-triangular`()
    throws
  {
    let (tiny, trace) = try Self.wide.get()
    let folder = try TemporaryFolder()
    let file = try file(of: trace, try tiny.open(), .automatic, in: folder)
    let layout = trace.result.layout
    let order =
      Array(layout.embeddings) + Array(layout.errors) + Array(layout.features) + Array(layout.logits)
    var places = [Int](repeating: 0, count: layout.nodeCount)
    for (place, node) in order.enumerated() { places[node] = place }
    let rows = try rows(of: file)
    #expect(
      rows.enumerated().allSatisfy { target, row in row.allSatisfy { places[$0.source] < places[target] } })
    #expect(rows.reduce(0) { $0 + $1.count } > 1_000_000)
  }

  @Test(arguments: [RowStorage.automatic, .dense, .none])
  func `the size is foreseen before a row is computed`(storage: RowStorage) throws {
    let (tiny, trace) = try Self.wide.get()
    let model = try tiny.open()
    for (coverage, limit) in [(1.0, nil), (0.9, nil), (1.0, 100)] as [(Double, Int?)] {
      var request = trace.request
      request.storage = storage
      request.settings.coverage = coverage
      request.settings.rowLimit = limit
      var foreseen = -1
      let folder = try TemporaryFolder()
      let again = try PromptTrace.trace(request, with: model, foreseen: { foreseen = $0 })
      try again.write(to: folder.url, model: model, command: ["clew"])
      let path = folder.url("graph.safetensors")
      guard storage != .none else {
        #expect(foreseen == 0 && !FileManager.default.fileExists(atPath: path.path))
        continue
      }
      let bytes = try Data(contentsOf: path).count
      #expect(bytes <= foreseen)
      // Fewer answers than there could be, and the header.
      if coverage == 1, limit == nil { #expect(Double(foreseen) < 1.02 * Double(bytes)) }
    }
  }

  @Test func `a disk without room for the rows is refused before they are computed`() throws {
    let (tiny, trace) = try Self.wide.get()
    let folder = try TemporaryFolder()
    let refusal = #expect(throws: TraceFolderError.self) {
      _ = try PromptTrace.trace(
        trace.request, with: try tiny.open(),
        foreseen: { try PromptTrace.checkRoom(for: $0, in: folder.url, free: 10 << 20) },
        progress: { #expect(!$0.phase.hasPrefix("attributing")) })
    }
    let text = "\(try #require(refusal))"
    for word in [folder.url.path, "10 MiB left", "--no-tensors"] { #expect(text.contains(word), "\(text)") }
    try PromptTrace.checkRoom(for: 9 << 20, in: folder.url, free: 10 << 20)
    try PromptTrace.checkRoom(for: 0, in: folder.url, free: 0)
  }

  @Test func `rows that are not stored take an earlier trace's file away`() throws {
    let model = try TinyModel.shared().open()
    let folder = try TemporaryFolder()
    var request = TraceRequest(prompt: "w3 w14 w15 w9")
    try PromptTrace.trace(request, with: model).write(to: folder.url, model: model, command: ["clew"])
    #expect(AttributionGraph.hasRows(folder.url))
    request.storage = .none
    try PromptTrace.trace(request, with: model).write(to: folder.url, model: model, command: ["clew"])
    #expect(try folder.files() == ["graph.dot", "graph.json", "graph.svg", "report.md", "run.json"])
    #expect(throws: TraceFolderError.noRows(folder: folder.url.path)) {
      _ = try AttributionGraph(traceFolder: folder.url)
    }
  }
}
