import AttributionGraphs
import Foundation
import TestSupport
import Testing

@testable import Explorer

@Suite struct ViewKeeperTests {
  @Test func `what two pages change is all kept, also on the disk`() async throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appending(path: "view.json")
    let source = GraphSource(name: "small", viewFile: file) { OpenGraph(graph: smallGraph(), isWhole: true) }
    let shelf = GraphShelf(sources: [source], settings: ExplorerSettings())
    try await withThrowingTaskGroup(of: Void.self) { group in
      for page in 0..<2 {
        group.addTask {
          for number in 0..<100 {
            let patch = ViewPatch(path: ["labels", "\(page)/\(number)"], value: .string("page \(page)"))
            _ = try await shelf.change("small", by: [patch])
          }
        }
      }
      try await group.waitForAll()
    }
    let kept = try SavedView(contentsOfFile: file.path)
    #expect(kept.labels.count == 200)
    #expect(try await shelf.keeper("small").revision == 200)
    let again = GraphShelf(sources: [source], settings: ExplorerSettings())
    #expect(try await again.keeper("small").view == kept)
  }

  @Test func `a change that is none leaves view and file as they were`() async throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appending(path: "view.json")
    var keeper = ViewKeeper(of: smallGraph(), file: file)
    try keeper.apply([ViewPatch(path: ["pinned", "1_9_1"], value: true)])
    let before = try Data(contentsOf: file)
    let good = ViewPatch(path: ["pinned", "0_7_0"], value: true)
    let bad = ViewPatch(path: ["positions", "0_7_0"], value: ["far", "away"])
    #expect(throws: GraphError.self) { try keeper.apply([good, bad]) }
    #expect(keeper.view.pinnedIDs == ["1_9_1"])
    #expect(keeper.revision == 1)
    #expect(try Data(contentsOf: file) == before)
  }

  @Test func `a file that cannot be written leaves the view as it was`() throws {
    var keeper = ViewKeeper(of: smallGraph(), file: URL(filePath: "/proc/nothing/view.json"))
    #expect(throws: GraphError.self) {
      try keeper.apply([ViewPatch(path: ["pinned", "0_7_0"], value: true)])
    }
    #expect(keeper.view.pinnedIDs.isEmpty)
  }

  @Test func `what somebody else wrote meanwhile stays`() throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appending(path: "view.json")
    var keeper = ViewKeeper(of: smallGraph(), file: file)
    try keeper.apply([ViewPatch(path: ["pinned", "1_9_1"], value: true)])
    var other = try SavedView(contentsOfFile: file.path)
    try other.apply(ViewPatch(path: ["labels", "1/9"], value: "theirs, and longer"))
    try other.write(toFile: file.path)
    try keeper.apply([ViewPatch(path: ["pinned", "0_7_0"], value: true)])
    let kept = try SavedView(contentsOfFile: file.path)
    #expect(kept.pinnedIDs == ["0_7_0", "1_9_1"])
    #expect(kept.labels == ["1/9": "theirs, and longer"])
  }

  @Test func `a sidecar that cannot be read is said and left alone`() throws {
    let folder = try TemporaryFolder()
    let file = try folder.write("view.json", Array("{\"pinned\": <<<<<<< ours".utf8))
    var keeper = ViewKeeper(of: smallGraph(), file: file)
    #expect(keeper.trouble != nil)
    #expect(throws: GraphError.self) {
      try keeper.apply([ViewPatch(path: ["pinned", "0_7_0"], value: true)])
    }
    #expect(try String(contentsOf: file, encoding: .utf8) == "{\"pinned\": <<<<<<< ours")
  }

  @Test func `what two explorers change in one graph is all kept`() async throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appending(path: "view.json")
    let source = GraphSource(name: "small", viewFile: file) { OpenGraph(graph: smallGraph(), isWhole: true) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for explorer in 0..<2 {
        // Each has a shelf of its own, as two processes have.
        let shelf = GraphShelf(sources: [source], settings: ExplorerSettings())
        group.addTask {
          for number in 0..<60 {
            let patch = ViewPatch(path: ["labels", "\(explorer)/\(number)"], value: "mine")
            _ = try await shelf.change("small", by: [patch])
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try SavedView(contentsOfFile: file.path).labels.count == 120)
    #expect(try folder.files() == ["view.json"])
  }

  @Test func `a view of another graph is kept aside, and comes into no other`() throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appending(path: "view.json")
    var other = smallGraph()
    other.metadata.scan = "another model"
    #expect(other.identity != smallGraph().identity)
    var first = ViewKeeper(of: other, file: file)
    try first.apply([ViewPatch(path: ["pinned", "1_9_1"], value: true)])
    let before = try Data(contentsOf: file)
    var keeper = ViewKeeper(of: smallGraph(), file: file)
    #expect(keeper.view.pinnedIDs.isEmpty && keeper.trouble == nil)
    let aside = "view.\(other.identity).json"
    #expect(keeper.note?.contains(aside) == true)
    try keeper.apply([ViewPatch(path: ["pinned", "0_7_0"], value: true)])
    #expect(try folder.files() == [aside, "view.json"])
    #expect(try Data(contentsOf: folder.url(aside)) == before)
    #expect(ViewKeeper(of: smallGraph(), file: file).view.pinnedIDs == ["0_7_0"])
  }

  @Test func `a view that does not say of which graph it is counts if its nodes are there`() throws {
    let graph = smallGraph()
    #expect(SavedView(pinnedIDs: ["1_9_1", "5_5_5"]).isOf(graph))
    #expect(!SavedView(pinnedIDs: ["1_9_1", "5_5_5", "6_6_6"]).isOf(graph))
    #expect(SavedView(labels: ["1/9": "a name"]).isOf(graph))
  }

  @Test func `names of graphs become plain and stay apart`() async throws {
    let open: @Sendable () throws -> OpenGraph = { OpenGraph(graph: smallGraph(), isWhole: true) }
    let names = ["a/../b", "a/../b", "", "grüße", String(repeating: "x", count: 500)]
    let shelf = GraphShelf(
      sources: names.map { GraphSource(name: $0, open: open) }, settings: ExplorerSettings())
    let ids = await shelf.latest(10).entries.map(\.id)
    #expect(ids == ["a-..-b", "a-..-b-2", "graph", "gr--e", String(repeating: "x", count: 80)])
    await #expect(throws: ExplorerError.noGraph(id: "../../etc/passwd")) {
      try await shelf.graph("../../etc/passwd")
    }
  }
}
