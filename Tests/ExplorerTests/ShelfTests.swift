import AttributionGraphs
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Explorer

/// What the server holds of many graphs, and what it keeps of those that were made or sent while it runs.
@Suite struct ShelfTests {
  /// A graph of some size that counts how often it is read.
  private final class Counted: Sendable {
    let reads = Mutex(0)
    let text: String

    init(bytes: Int = 0) { text = String(repeating: "x", count: bytes) }

    func source(_ name: String, view: URL? = nil) -> GraphSource {
      GraphSource(name: name, viewFile: view) { [self] in
        reads.withLock { $0 += 1 }
        var graph = smallGraph()
        graph.metadata.info["text"] = .string(text)
        return OpenGraph(graph: graph, isWhole: true)
      }
    }
  }

  private func settings(_ change: (inout ExplorerSettings) -> Void) -> ExplorerSettings {
    var settings = ExplorerSettings()
    change(&settings)
    return settings
  }

  // MARK: Memory

  @Test func `graphs beyond the budget are read again when they are asked for`() async throws {
    let graphs = (0..<4).map { _ in Counted(bytes: 100_000) }
    let shelf = GraphShelf(
      sources: graphs.enumerated().map { $1.source("g\($0)") },
      settings: settings { $0.graphMemory = 500_000 })
    func reads() -> [Int] { graphs.map { $0.reads.withLock { $0 } } }
    // Two fit: each counts its text twice.
    for id in ["g0", "g1", "g0", "g1"] { _ = try await shelf.payload(id) }
    #expect(reads() == [1, 1, 0, 0])
    for id in ["g2", "g1", "g2", "g1"] { _ = try await shelf.graph(id) }
    #expect(reads() == [1, 1, 1, 0])
    _ = try await shelf.graph("g0")
    #expect(reads() == [2, 1, 1, 0])
    // One that is larger than the budget is held while it is asked for.
    let large = GraphShelf(sources: [graphs[3].source("g3")], settings: settings { $0.graphMemory = 1 })
    for _ in 0..<3 { _ = try await large.graph("g3") }
    #expect(reads()[3] == 1)
  }

  @Test func `who asks at once waits for one reading`() async throws {
    let graph = Counted()
    let shelf = GraphShelf(sources: [graph.source("g")], settings: ExplorerSettings())
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<50 { group.addTask { _ = try await shelf.payload("g") } }
      try await group.waitForAll()
    }
    #expect(graph.reads.withLock { $0 } == 1)
  }

  @Test func `a graph that cannot be read says so each time, and stays on the list`() async throws {
    let source = GraphSource(name: "broken") {
      throw GraphError.fileFailed(path: "b", action: "read", reason: "x")
    }
    let shelf = GraphShelf(sources: [source], settings: ExplorerSettings())
    for _ in 0..<2 { await #expect(throws: GraphError.self) { try await shelf.graph("broken") } }
    #expect(await shelf.latest(10).count == 1)
  }

  @Test func `a view goes on where it was after its graph was put away`() async throws {
    let folder = try TemporaryFolder()
    let graphs = (0..<2).map { _ in Counted(bytes: 100_000) }
    let shelf = GraphShelf(
      sources: graphs.enumerated().map { $1.source("g\($0)", view: folder.url("g\($0).view.json")) },
      settings: settings { $0.graphMemory = 1 })
    for number in 1...3 {
      let patch = ViewPatch(path: ["labels", "1_9_1"], value: .string("label \(number)"))
      #expect(try await shelf.change("g0", by: [patch]) == number)
      _ = try await shelf.graph("g1")
    }
    #expect(graphs[0].reads.withLock { $0 } == 3)
    let keeper = try await shelf.keeper("g0")
    #expect(keeper.revision == 3 && keeper.view.labels["1_9_1"] == "label 3")
  }

  // MARK: The list

  @Test func `the list has the latest, the first, and the one that is asked for`() async throws {
    let shelf = GraphShelf(sources: [Counted().source("first")], settings: settings { $0.maximumListed = 20 })
    for number in 1...30 { _ = await shelf.add(Counted().source("g\(number)")) }
    let latest = await shelf.latest(3)
    #expect(latest.entries.map(\.id) == ["first", "g28", "g29", "g30"] && latest.count == 21)
    #expect(await shelf.latest(2, with: "g15").entries.map(\.id) == ["first", "g15", "g29", "g30"])
    #expect(await shelf.latest(2, with: "none").entries.map(\.id) == ["first", "g29", "g30"])
    // The oldest that were made here are forgotten; what was given is not.
    await #expect(throws: ExplorerError.noGraph(id: "g10")) { try await shelf.graph("g10") }
    _ = try await shelf.graph("first")
    // A name that is free again is no other graph's.
    #expect(await shelf.add(Counted().source("first")) == "first-2")
  }

  @Test func `the answer about all graphs does not grow without end`() async throws {
    let sources = (0..<1000).map { Counted().source("graph-\($0)") }
    try await RunningServer.run(settings: settings { $0.listedAtOnce = 50 }, sources: sources) { server in
      let session = try #require(try JSON(parsing: try await server.get("/api/session").body).object)
      #expect(session["graphs"]?.array?.count == 51 && session["graphCount"]?.int == 1000)
      let named = try await server.get("/api/session?graph=graph-7")
      #expect(named.text.contains("graph-7"))
    }
  }

  // MARK: What was sent

  @Test func `what was sent is on the disk, and found again with its view`() async throws {
    let folder = try TemporaryFolder()
    let settings = settings { $0.uploads = folder.url("uploads") }
    let graph = String(decoding: try smallGraph().json(), as: UTF8.self)
    try await RunningServer.run(settings: settings) { server in
      for (name, id) in [
        ("mine", "mine"), ("mine", "mine-2"), ("..%2F..%2Fout", "------out"), ("", "small-2"),
      ] {
        let answer = try await server.post("/api/graphs?name=\(name)", graph)
        let reply = try #require(try JSON(parsing: answer.body).object)
        #expect(answer.status == 201 && reply["id"]?.string == id, "\(answer.text)")
        #expect(reply["file"]?.string?.hasPrefix(folder.url("uploads").path) == true)
      }
      #expect(try await server.post("/api/graphs?name=broken", "{").status == 422)
      let patch = #"{"patches":[{"path":["pinned","1_9_1"],"value":true}],"client":"x"}"#
      #expect(try await server.post("/api/graphs/mine-2/view", patch).status == 200)
      #expect(try await server.get("/api/graphs/mine-2/view").text.contains("mine-2.view.json"))
    }
    #expect(
      try folder.files() == [
        "uploads/------out.json", "uploads/mine-2.json", "uploads/mine-2.view.json", "uploads/mine.json",
        "uploads/small.json",
      ])
    let found = UploadFolder(folder.url("uploads")).sources
    #expect(Set(found.map(\.name)) == ["mine", "mine-2", "------out", "small"])
    try await RunningServer.run(settings: settings, sources: found) { server in
      let view = try await server.get("/api/graphs/mine-2/view")
      #expect(view.status == 200 && view.text.contains("1_9_1"))
      #expect(try await server.get("/api/graphs/mine").status == 200)
    }
  }

  @Test func `what cannot be kept is refused, and one that cannot be is said to be forgotten`() async throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("file", [1])
    let graph = String(decoding: try smallGraph().json(), as: UTF8.self)
    try await RunningServer.run(settings: settings { $0.uploads = file.appending(path: "uploads") }) {
      server in
      let answer = try await server.post("/api/graphs?name=x", graph)
      #expect(answer.status == 507 && answer.text.contains("cannot be kept"))
    }
    try await RunningServer.run { server in
      let answer = try await server.post("/api/graphs?name=x", graph)
      #expect(answer.status == 201 && answer.text.contains(#""file":null"#))
      #expect(try await server.get("/api/graphs/x/view").text.contains(#""file":null"#))
    }
  }

  @Test func `two servers that keep files of one name lose none`() async throws {
    let folder = try TemporaryFolder()
    let bytes = try smallGraph().json()
    let names = try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<40 {
        group.addTask { try UploadFolder(folder.url).keep(bytes, named: "same").name }
      }
      return try await group.reduce(into: Set<String>()) { $0.insert($1) }
    }
    #expect(names.count == 40)
    #expect(try folder.files().count == 40)
  }
}
