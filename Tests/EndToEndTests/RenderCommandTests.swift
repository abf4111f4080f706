import Clew
import Foundation
import TestSupport
import Testing
import TinyModels

/// `clew render` with views: the sidecar beside a graph, the file's own, and one that is named.
struct RenderCommandTests {
  /// A folder with a graph of two features that its own view does not pin.
  private func graphFolder() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    let nodes = [
      GraphNode(node: .embedding(position: 0), id: "E_1_0", label: "Emb"),
      GraphNode(node: .feature(layer: 0, index: 5, position: 1), id: "0_5_1", label: "five", activation: 2),
      GraphNode(node: .feature(layer: 1, index: 6, position: 1), id: "1_6_1", label: "six", activation: 3),
      GraphNode(
        node: .logit(token: 7, position: 1), id: "3_7_1", label: "Output \" seven\" (p=0.600)",
        probability: 0.6),
    ]
    var effects = DirectEffects(nodeCount: 4)
    effects.rows[1] = .init(sources: [0], weights: [1])
    effects.rows[2] = .init(sources: [0, 1], weights: [1, -3])
    effects.rows[3] = .init(sources: [1, 2], weights: [1, 3])
    let graph = AttributionGraph(
      metadata: GraphMetadata(slug: "s", scan: "m", prompt: "a b", promptTokens: ["a", " b"]), nodes: nodes,
      effects: effects, rootWeights: [0, 0, 0, 0.6])
    try folder.write("g.json", graph.json())
    return folder
  }

  private func view(_ pins: [String]) throws -> [UInt8] {
    var view = SavedView(pinnedIDs: pins, labels: ["1/6": "half a dozen"])
    view.snapshots["before"] = SavedView(pinnedIDs: ["0_5_1"])
    return try view.sidecar()
  }

  private func run(_ folder: TemporaryFolder, _ arguments: String...) async throws -> String {
    let outcome = try await ClewProcess.run(["render", folder.url("g.json").path] + arguments)
    #expect(outcome.status == 0, "\(outcome.error)")
    return outcome.output
  }

  @Test func `labels of other transcoders are drawn with a note`() async throws {
    let output = try OutputFolder(isThere: false)
    let model = try TinyModel.shared()
    #expect(try await ClewProcess.run(traceArguments(of: model, to: output, "--quiet")).status == 0)
    let own = try model.copy()
    var settings = TinyModel.settings
    settings.seed = 12
    for (coders, isOther) in [(own, false), (try TinyModel(settings), true)] {
      try Data("0\t1\tone\n".utf8).write(to: coders.transcoders.appending(path: "labels.tsv"))
      let picture = output.parent.url("a.svg").path
      let outcome = try await ClewProcess.run(
        ["render", output.url.path, "--labels", coders.transcoders.path, "--output", picture])
      #expect(outcome.status == 0, "\(outcome.error)")
      #expect(
        outcome.error.contains("the same number is another feature there") == isOther, "\(outcome.error)")
    }
  }

  @Test func `the sidecar beside a graph decides what is drawn, in every format`() async throws {
    let folder = try graphFolder()
    #expect(try await run(folder).contains("2 features and errors"))
    try folder.write("g.view.json", view(["1_6_1", "0_5_1", "3_7_1"]))
    for format in ["svg", "pdf", "tikz", "dot"] {
      let said = try await run(folder, "--format", format)
      #expect(said.contains(format == "dot" ? "3 boxes" : "3 nodes in 3 boxes"))
      let text = String(decoding: try Data(contentsOf: folder.url("g.\(format)")), as: UTF8.self)
      #expect(text.contains("half a") && text.contains("a = 3"))
      // By the ending, and again: the same bytes.
      let again = folder.url("again.\(format)").path
      _ = try await run(folder, "-o", again)
      #expect(try Data(contentsOf: URL(filePath: again)) == Data(contentsOf: folder.url("g.\(format)")))
    }
  }

  @Test func `a view can be named, left out, or one of its snapshots`() async throws {
    let folder = try graphFolder()
    try folder.write("g.view.json", view(["1_6_1"]))
    let other = try folder.write("other.json", view(["1_6_1", "3_7_1", "gone"])).path
    #expect(try await run(folder).contains("1 node in 1 box"))
    let named = try await ClewProcess.run(["render", folder.url("g.json").path, "--view", other])
    #expect(named.output.contains("2 nodes in 2 boxes") && named.error.contains("names 'gone'"))
    #expect(try await run(folder, "--view", "none").contains("all 2 features and errors"))
    #expect(try await run(folder, "--what", "graph").contains("all 2 features and errors"))
    let kept = folder.url("kept.dot").path
    #expect(try await run(folder, "--snapshot", "before", "-o", kept).contains("1 boxes"))
    #expect(try String(contentsOfFile: kept, encoding: .utf8).contains("0_5_1"))
  }

  @Test func `a graph file's own view is drawn where there is no sidecar`() async throws {
    let folder = try graphFolder()
    var graph = try GraphReading(contentsOfFile: folder.url("g.json").path).graph
    graph.keep(SavedView(pinnedIDs: ["1_6_1", "3_7_1"]))
    try folder.write("g.json", graph.json())
    #expect(try await run(folder).contains("2 nodes in 2 boxes"))
  }

  @Test func `the caption and the table go to files of their own`() async throws {
    let folder = try graphFolder()
    try folder.write("g.view.json", view(["1_6_1", "0_5_1"]))
    let paths = ["c.txt", "t.tsv", "t.md"].map { folder.url($0).path }
    _ = try await run(folder, "--caption", paths[0], "--table", paths[1])
    _ = try await run(folder, "--table", paths[2], "--what", "graph")
    #expect(try String(contentsOfFile: paths[0], encoding: .utf8).contains("the prompt “a b”"))
    #expect(
      try String(contentsOfFile: paths[1], encoding: .utf8).contains("edges drawn\t0_5_1\t1_6_1\t-0.75\t0.75")
    )
    let table = try String(contentsOfFile: paths[2], encoding: .utf8)
    #expect(table.contains("## nodes\n") && table.contains("## nodes left out\n"))
  }

  @Test func `what cannot be drawn is one sentence`() async throws {
    let folder = try graphFolder()
    let path = folder.url("g.json").path
    let cases: [([String], String)] = [
      (["--what", "subgraph"], "Nothing is pinned"), (["--snapshot", "x"], "no snapshot 'x'"),
      (["--view", folder.url("none.json").path], "none.json"), (["--edge-cut", "2"], "--edge-cut"),
      (["--view", "none", "--snapshot", "x"], "--view none"),
      (["--output", folder.url("a.png").path], "ends in .png"),
      (["--output", folder.url("g.json").path], "ends in .json"),
    ]
    for (arguments, words) in cases {
      let outcome = try await ClewProcess.run(["render", path] + arguments)
      #expect(outcome.status != 0 && outcome.output.isEmpty)
      #expect(outcome.error.hasPrefix("clew: ") && outcome.error.contains(words), "\(outcome.error)")
    }
    let named = try await run(folder, "--output", folder.url("a.png").path, "--format", "pdf")
    #expect(named.contains("a.png"))
    try folder.write("g.view.json", Array(#"{"pinned":{"a":7}}"#.utf8))
    let outcome = try await ClewProcess.run(["render", path])
    #expect(outcome.status == 1 && outcome.error.contains("pinned/a"))
  }
}
