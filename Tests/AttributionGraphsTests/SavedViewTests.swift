import AttributionGraphs
import Foundation
import Tensors
import TestSupport
import Testing

/// The reader's view as a sidecar, its patches, and its way into graph files and out of them.
struct SavedViewTests {
  private static let text = """
    {
      "labels": {
        "20/15589": "Texas"
      },
      "pinned": {
        "20_15589_10": true,
        "E_5_2": true
      },
      "positions": {
        "20_15589_10": [120.5,40],
        "g1": [60,-200]
      },
      "settings": {
        "edgeShare": 0.98,
        "hideErrors": false,
        "hideFirstToken": true,
        "nodeShare": 0.8,
        "theme": {"scale":[1,2.50]}
      },
      "snapshots": {
        "first \\"try\\"": {"labels":{},"pinned":{"a":true},"positions":{},"settings":{},"supernodes":{}}
      },
      "supernodes": {
        "g1": {"label":"Texas","members":["20_15589_10","21_3_10"]}
      },
      "version": 1,
      "zoo": {
        "lion": null
      }
    }

    """

  @Test func `a sidecar is read and written byte by byte, unknown keys too`() throws {
    let view = try SavedView(sidecar: Array(Self.text.utf8))
    #expect(view.pinnedIDs == ["20_15589_10", "E_5_2"])
    #expect(view.labels == ["20/15589": "Texas"])
    #expect(view.positions["g1"] == .init(x: 60, y: -200))
    #expect(view.supernodes == [.init(key: "g1", label: "Texas", members: ["20_15589_10", "21_3_10"])])
    #expect(view.settings["nodeShare"]?.double == 0.8)
    #expect(view.snapshots["first \"try\""]?.pinnedIDs == ["a"])
    #expect(String(decoding: try view.sidecar(), as: UTF8.self) == Self.text)
  }

  @Test func `an empty object is a view, and a view without anything is written with all its keys`() throws {
    let view = try SavedView(sidecar: Array("{}".utf8))
    #expect(view == SavedView())
    let text = String(decoding: try view.sidecar(), as: UTF8.self)
    for key in ["labels", "pinned", "positions", "settings", "snapshots", "supernodes"] {
      #expect(text.contains("  \"\(key)\": {},\n"))
    }
    #expect(try SavedView(sidecar: Array(text.utf8)) == view)
  }

  @Test(arguments: [
    (#"[]"#, "the whole"), (#"{"version":2}"#, "version"), (#"{"pinned":[]}"#, "pinned"),
    (#"{"pinned":{"a":1}}"#, "pinned/a"), (#"{"pinned":{"":true}}"#, "pinned"),
    (#"{"labels":{"a":null}}"#, "labels/a"), (#"{"positions":{"a":[1]}}"#, "positions/a"),
    (#"{"positions":{"a":[1,"2"]}}"#, "positions/a"), (#"{"positions":{"a":[1,2,3]}}"#, "positions/a"),
    (#"{"positions":{"a":[1,1e999]}}"#, "positions/a"), (#"{"positions":{"a":[1e7,0]}}"#, "positions/a"),
    (#"{"supernodes":{"g":{"members":["a"]}}}"#, "supernodes/g/label"),
    (#"{"supernodes":{"g":{"label":"a"}}}"#, "supernodes/g"),
    (#"{"supernodes":{"g":{"label":"a","members":[1]}}}"#, "supernodes/g/members"),
    (#"{"settings":{"nodeShare":2}}"#, "settings/nodeShare"),
    (#"{"settings":{"hideErrors":"no"}}"#, "settings/hideErrors"),
    (#"{"model_type":"llama","hidden_size":64}"#, "the whole"),
    (#"{"command":["clew"],"settings":{"prompt":"Once"}}"#, "the whole"),
    (#"{"snapshots":{"a":7}}"#, "snapshots/a"),
    (#"{"snapshots":{"a":{"pinned":{"b":0}}}}"#, "snapshots/a/pinned/b"),
  ])
  func `what is no view is refused, and the message says where`(text: String, place: String) {
    #expect {
      try SavedView(sidecar: Array(text.utf8))
    } throws: { error in
      guard case .badView(let found, _) = error as? GraphError else { return false }
      return found == place && "\(error)".contains(place)
    }
  }

  @Test func `each limit is kept, and what just fits is taken`() throws {
    var view = SavedView()
    let long = String(repeating: "é", count: 500)
    try view.apply(ViewPatch(path: ["labels", "1/2"], value: .string(long)))
    #expect(throws: GraphError.self) {
      try view.apply(ViewPatch(path: ["labels", "1/2"], value: .string(long + "x")))
    }
    #expect(view.labels["1/2"] == long)
    view.pinnedIDs = (0..<10_000).map { "\($0)" }
    try view.apply(ViewPatch(path: ["pinned", "7"], value: true))
    #expect(throws: GraphError.self) { try view.apply(ViewPatch(path: ["pinned", "new"], value: true)) }
    #expect(view.pinnedIDs.count == 10_000)
    view.supernodes = (0..<1000).map { .init(key: "g\($0)", label: "", members: []) }
    #expect(throws: GraphError.self) {
      try view.apply(ViewPatch(path: ["supernodes", "new"], value: ["label": "", "members": []]))
    }
  }

  // MARK: Patches

  @Test func `patches set, replace and delete`() throws {
    var view = SavedView()
    try view.apply([
      ViewPatch(path: ["pinned", "b"], value: true), ViewPatch(path: ["pinned", "a"], value: true),
      ViewPatch(path: ["supernodes", "g1"], value: ["label": "x", "members": ["a"]]),
      ViewPatch(path: ["supernodes", "g1", "label"], value: "y"),
      ViewPatch(path: ["positions", "g1"], value: [1.5, 2]), ViewPatch(path: ["labels", "a"], value: "n"),
      ViewPatch(path: ["settings", "nodeShare"], value: 0.5),
      ViewPatch(path: ["snapshots", "one"], value: ["pinned": ["a": true]]),
    ])
    #expect(view.pinnedIDs == ["a", "b"])
    #expect(view.supernodes == [.init(key: "g1", label: "y", members: ["a"])])
    #expect(view.positions == ["g1": .init(x: 1.5, y: 2)] && view.labels == ["a": "n"])
    #expect(view.snapshots["one"]?.pinnedIDs == ["a"])
    try view.apply([
      ViewPatch(path: ["pinned", "a"], value: .null), ViewPatch(path: ["labels"], value: .null),
      ViewPatch(path: ["supernodes", "g1"], value: .null), ViewPatch(path: ["pinned", "b"], value: false),
    ])
    #expect(view.pinnedIDs.isEmpty && view.labels.isEmpty && view.supernodes.isEmpty)
  }

  @Test(arguments: [
    #"{"path":[],"value":1}"#, #"{"path":["version"],"value":2}"#, #"{"path":["zoo","a"],"value":2}"#,
    #"{"path":["pinned","a","b"],"value":true}"#, #"{"path":["supernodes","g","label"],"value":"a"}"#,
    #"{"path":["pinned",1],"value":true}"#, #"{"path":["pinned","a"]}"#, #"7"#,
    #"{"path":["positions","a"],"value":{"x":1}}"#, #"{"path":["pinned"],"value":7}"#,
  ])
  func `a patch that leads nowhere changes nothing`(text: String) throws {
    let before = try SavedView(sidecar: Array(Self.text.utf8))
    var view = before
    #expect(throws: GraphError.self) {
      try view.apply(ViewPatch(json: JSON(parsing: Array(text.utf8))))
    }
    #expect(view == before)
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `patches on different entries give the same in any order`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var patches = (0..<12).map { index -> ViewPatch in
      switch index % 4 {
      case 0: ViewPatch(path: ["pinned", "n\(index)"], value: .bool(Bool.random(using: &random)))
      case 1: ViewPatch(path: ["labels", "n\(index)"], value: .string("l\(index)"))
      case 2: ViewPatch(path: ["positions", "n\(index)"], value: [JSON(index), 7])
      default: ViewPatch(path: ["supernodes", "g\(index)"], value: ["label": "g", "members": []])
      }
    }
    var first = try SavedView(sidecar: Array(Self.text.utf8))
    var second = first
    try first.apply(patches)
    patches.shuffle(using: &random)
    for patch in patches { try second.apply(patch) }
    #expect(first == second)
    #expect(try first.sidecar() == second.sidecar())
    #expect(first.positions.count == 5)
  }

  @Test(arguments: 0..<300 as Range<UInt64>)
  func `a damaged sidecar is read or refused`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var bytes = Array(Self.text.utf8)
    for _ in 0..<Int.random(in: 1...6, using: &random) {
      let place = Int.random(in: 0..<bytes.count, using: &random)
      switch Int.random(in: 0..<3, using: &random) {
      case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
      case 1: bytes.remove(at: place)
      default: bytes.insert(contentsOf: Array("[{\"1e9".utf8).shuffled(using: &random), at: place)
      }
    }
    do throws(GraphError) {
      let view = try SavedView(sidecar: bytes)
      #expect(try SavedView(sidecar: view.sidecar()) == view)
    } catch {
      #expect("\(error)".hasSuffix("."))
    }
  }

  // MARK: Graph files

  @Test func `names, places and groups go into a graph file and come back`() throws {
    let random = AttributionGraph.random(seed: 4)
    var view = SavedView(
      pinnedIDs: Array(random.nodes.map(\.id).prefix(6)),
      supernodes: [.init(key: "g1", label: "two", members: random.nodes.prefix(2).map(\.id))])
    for (place, node) in random.nodes.prefix(6).enumerated() {
      view.labels[SavedView.labelKey(of: node)] = "name \(place)"
      // Thousandths of a panel of 504 by 360 points, so that rounding loses nothing.
      view.positions[place < 2 ? "g1" : node.id] = .init(x: Double(place) * 63, y: 36)
    }
    view.labels["E_9_2"] = "a \"token\""
    var graph = random
    graph.savedView.extra = ["gridsnap": 8]
    graph.savedView.clickedID = "E_9_2"
    graph.keep(view)
    let read = try GraphReading(json: graph.json()).graph
    let opened = read.openedView()
    #expect(opened.labels == view.labels && opened.supernodes == view.supernodes)
    #expect(Set(opened.pinnedIDs) == Set(view.pinnedIDs))
    #expect(opened.positions == view.positions)
    #expect(read.savedView.extra["gridsnap"] == 8 && read.savedView.clickedID == "E_9_2")
    var labelled = read
    labelled.label(from: opened)
    #expect(labelled.nodes[3].label == "name 3")
  }

  @Test(arguments: [
    #""[[\"0_5_1\",\"Texas\"],[\"E_3_0\",\"start\"]]""#, #"[["0_5_1","Texas"],["E_3_0","start"]]"#,
    #"[["0_5_1","Texas"],["E_3_0","start"],7,["x"],[null,"y"]]"#, #"[["5","Texas"],["E_3_0","start"]]"#,
  ])
  func `names are read in every form that viewers write`(clerps: String) throws {
    var file = SmallFile()
    file.savedView = "{\"clerps\":\(clerps)}"
    #expect(try file.read().graph.openedView().labels == ["0/5": "Texas", "E_3_0": "start"])
  }

  @Test func `places in a file that fit no boxes are left alone`() throws {
    var file = SmallFile()
    file.savedView = #"{"pinnedIds":["0_5_1","2_7_1"],"sg_pos":"0 0 500"}"#
    #expect(try file.read().graph.openedView().positions.isEmpty)
    file.savedView = #"{"pinnedIds":["0_5_1","2_7_1"],"sg_pos":"0 0 500 1000"}"#
    // Numbers 5 and 200007: sorted characters "5" and "000027", so the second box comes first.
    #expect(
      try file.read().graph.openedView().positions
        == ["2_7_1": .init(x: 0, y: 360), "0_5_1": .init(x: 252, y: 0)])
  }

  @Test func `nodes that the graph lacks are told of`() throws {
    let graph = try SmallFile().read().graph
    let view = SavedView(
      pinnedIDs: ["2_7_1", "9_9_9"],
      supernodes: [.init(key: "g", label: "", members: ["0_5_1", "8_8_8", "9_9_9"])])
    #expect(view.missingIDs(in: graph) == ["8_8_8", "9_9_9"])
  }

  @Test(.enabled(if: SharedFiles.areAvailable, Comment(rawValue: SharedFiles.reason)))
  func `the pins and groups of a published graph open`() throws {
    let shared = SharedFiles.url("graphs/gemma-small-big-en.json")
    let graph = try GraphReading(contentsOfFile: shared.path).graph
    let view = graph.openedView()
    #expect(view.pinnedIDs.count == 17 && view.missingIDs(in: graph).isEmpty)
    #expect(view.supernodes.map(\.key) == ["g1", "g2", "g3", "g4", "g5"])
    #expect(view.supernodes[2].label == "opposite" && view.supernodes[2].members.count == 3)
    #expect(try SavedView(sidecar: view.sidecar()).supernodes == view.supernodes)
  }

  @Test func `a sidecar lies in the folder of a trace, or beside its file`() throws {
    let folder = try TemporaryFolder()
    let path = folder.url.path
    #expect(SavedView.sidecarPath(besideGraph: path) == path + "/view.json")
    #expect(SavedView.sidecarPath(besideGraph: path + "/graph.json") == path + "/graph.view.json")
    #expect(SavedView.sidecarPath(besideGraph: path + "/a.b.json") == path + "/a.b.view.json")
    try Data().write(to: folder.url.appending(path: "run.json"))
    #expect(SavedView.sidecarPath(besideGraph: path + "/graph.json") == path + "/view.json")
    let view = SavedView(pinnedIDs: ["a"])
    try view.write(toFile: path + "/view.json")
    #expect(try SavedView(contentsOfFile: path + "/view.json") == view)
    #expect(throws: GraphError.self) { try SavedView(contentsOfFile: path + "/none.json") }
  }
}
