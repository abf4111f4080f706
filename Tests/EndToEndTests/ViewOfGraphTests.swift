import Clew
import Foundation
import TestSupport
import Testing
import TinyModels

/// What a reader pinned in one graph comes into no other.
struct ViewOfGraphTests {
  @Test
  func `a graph that is cut otherwise has the same identity, another prompt and another target have others`()
    throws
  {
    let model = try TinyModel.shared().open()
    func trace(_ prompt: String, target: String? = nil) throws -> PromptTrace {
      var request = TraceRequest(prompt: prompt)
      if let target {
        request.settings.targets = [
          try AttributionTarget(target, tokenizer: model.tokenizer, positionCount: 5)
        ]
      }
      return try PromptTrace.trace(request, with: model)
    }
    let first = try trace("w3 w14 w15 w9")
    let whole = first.result.graph
    #expect(first.pruning.graph.identity == whole.identity)
    #expect(try whole.pruned(nodeShare: 0.3, edgeShare: 0.5).graph.identity == whole.identity)
    #expect(try trace("w3 w14 w15 w10").result.graph.identity != whole.identity)
    #expect(try trace("w3 w14 w15 w9", target: "w7").result.graph.identity != whole.identity)
    let folder = try TemporaryFolder()
    try first.write(to: folder.url("result"), model: model, command: [])
    #expect(try AttributionGraph(traceFolder: folder.url("result")).identity == whole.identity)
    let file = folder.url("result/graph.json").path
    #expect(try GraphReading(contentsOfFile: file).graph.identity == whole.identity)
    // A difference's logit says nothing of its tokens, and a feature that was traced is no logit.
    let differences = try ["w7-w8", "w8-w9"].map { try trace("w3 w14 w15 w9", target: $0) }
    #expect(differences[0].result.graph.identity != differences[1].result.graph.identity)
    #expect(differences[0].pruning.graph.identity == differences[0].result.graph.identity)
    // Rows of the same prompt and another target are not those of the graph beside them.
    try differences[0].write(to: folder.url("other"), model: model, command: [])
    try FileManager.default.removeItem(at: folder.url("result/graph.safetensors"))
    try FileManager.default.copyItem(
      at: folder.url("other/graph.safetensors"), to: folder.url("result/graph.safetensors"))
    #expect(throws: TraceFolderError.self) { try AttributionGraph(traceFolder: folder.url("result")) }
  }

  @Test func `a folder whose run.json is of another trace is refused`() async throws {
    let folder = try TemporaryFolder()
    let model = try TinyModel.shared().open()
    for (name, prompt) in [("result", "w3 w14 w15 w9"), ("other", "w3 w14 w15 w10")] {
      let trace = try PromptTrace.trace(TraceRequest(prompt: prompt), with: model)
      try trace.write(to: folder.url(name), model: model, command: [])
    }
    #expect(try await ClewProcess.run(["score", folder.url("result").path]).status == 0)
    let run = folder.url("result/run.json")
    try Data(contentsOf: folder.url("other/run.json")).write(to: run)
    for (command, more) in [("score", []), ("render", []), ("prune", ["--output", "pruned.json"])] {
      let outcome = try await ClewProcess.run([command, folder.url("result").path] + more, in: folder.url)
      #expect(outcome.status == 1 && outcome.error.contains("graph.json and run.json"), "\(outcome)")
    }
    // Records of earlier versions do not name the trace.
    var record = try #require(JSON(parsing: Array(Data(contentsOf: run))).object)
    record["trace"] = nil
    try Data(JSON.object(record).bytes()).write(to: run)
    #expect(try await ClewProcess.run(["score", folder.url("result").path]).status == 0)
  }

  @Test func `a view stays with its graph, and is kept aside when another takes the place`() async throws {
    let output = try OutputFolder(isThere: false)
    func trace(_ prompt: String) async throws {
      let outcome = try await ClewProcess.run(
        traceArguments(prompt, of: .shared(), to: output, "--quiet"))
      #expect(outcome.status == 0, "\(outcome.error)")
    }
    try await trace("w3 w14 w15 w9")
    let graph = try AttributionGraph(traceFolder: output.url)
    var view = SavedView(pinnedIDs: graph.nodes.suffix(3).map(\.id))
    view.graphIdentity = graph.identity
    let sidecar = output.url.appending(path: "view.json")
    try view.write(toFile: sidecar.path)
    let bytes = try Data(contentsOf: sidecar)
    // Traced again, it is the same graph.
    try await trace("w3 w14 w15 w9")
    #expect(try Data(contentsOf: sidecar) == bytes)
    try await trace("w3 w14 w15 w10")
    #expect(!FileManager.default.fileExists(atPath: sidecar.path))
    let aside = output.url.appending(path: "view.\(graph.identity).json")
    #expect(try Data(contentsOf: aside) == bytes)
    // Put back by hand, it is not taken for this graph's.
    try FileManager.default.copyItem(at: aside, to: sidecar)
    let figure = output.parent.url("figure.svg").path
    let outcome = try await ClewProcess.run(["render", output.url.path, "-o", figure])
    #expect(outcome.status == 0 && outcome.error.contains("is of another graph"), "\(outcome.error)")
    let pinned = try await ClewProcess.run(["render", output.url.path, "-o", figure, "--what", "subgraph"])
    #expect(pinned.status == 2 && pinned.error.contains("Nothing is pinned"), "\(pinned.error)")
  }
}
