internal import Clew
internal import Foundation
internal import Synchronization
internal import TinyModels

extension FuzzFormat {
  /// A graph file: read, pruned, searched, and written again.
  static let graph = FuzzFormat("graph", weights: ["graph.json": 1]) { folder in
    for (name, trace) in try traces() {
      let small = try trace.result.graph.pruned(nodeShare: 0.5, edgeShare: 0.7).graph
      try write(small.json(), to: folder.appending(path: name), "graph.json")
    }
  } read: { folder in
    let reading = try GraphReading(contentsOfFile: folder.appending(path: "graph.json").path)
    _ = reading.findings.map { "\($0)" }
    _ = try reading.graph.json()
    try WholeWork.use(reading.graph)
  }

  /// What a reader pinned, grouped and named.
  static let view = FuzzFormat("view") { folder in
    let text = """
      {
        "labels": {
          "1/7": "a city", "2/15": "a state\\u00e9"
        },
        "pinned": {
          "1_7_2": true, "E_5_1": true, "0_3_1": false
        },
        "positions": {
          "1_7_2": [12.5, -3]
        },
        "settings": {
          "edgeShare": 0.9, "hideErrors": true, "nodeShare": 0.5, "theme": {"a": [1, 2]}
        },
        "snapshots": {
          "first": {"labels": {}, "pinned": {"1_7_2": true}, "positions": {}, "settings": {}, "supernodes": {}}
        },
        "supernodes": {
          "g1": {"label": "places", "members": ["1_7_2", "2_15_3"]}
        },
        "version": 1
      }
      """
    try write(text.utf8, to: folder.appending(path: "view"), "view.json")
    try write("{}".utf8, to: folder.appending(path: "empty"), "view.json")
  } read: { folder in
    let view = try SavedView(contentsOfFile: folder.appending(path: "view.json").path)
    _ = try SavedView(sidecar: try view.sidecar())
    try WholeWork.draw(try whole(), view)
  }

  /// The folder of a trace, with every row.
  static let trace = FuzzFormat("trace", weights: ["graph.safetensors": 4, "graph.json": 1]) { folder in
    for (name, trace) in try traces() {
      let place = folder.appending(path: name)
      try trace.write(to: place, model: try TinyModel.shared().open(), command: ["clew"])
      for file in ["graph.dot", "graph.svg", "report.md", "run.json"] {
        try FileManager.default.removeItem(at: place.appending(path: file))
      }
    }
  } read: { folder in
    try WholeWork.use(try AttributionGraph(traceFolder: folder))
  }

  /// A sound graph for views.
  private static func whole() throws -> AttributionGraph {
    try wholeGraph.withLock { known in
      if let known { return known }
      let graph = try PromptTrace.trace(TraceRequest(prompt: "w3 w7"), with: try open()).result.graph
      known = graph
      return graph
    }
  }
  private static let wholeGraph = Mutex<AttributionGraph?>(nil)

  /// Two small traces: of every row, and of some.
  private static func traces() throws -> [(String, PromptTrace)] {
    let model = try TinyModel.shared().open()
    var few = TraceRequest(prompt: "w3 w7")
    few.settings.coverage = 0.5
    few.settings.rowLimit = 4
    return [
      ("whole", try PromptTrace.trace(TraceRequest(prompt: "w3 w7"), with: model)),
      ("few", try PromptTrace.trace(few, with: model)),
    ]
  }
}
