internal import Clew
internal import Explorer
internal import Foundation
internal import Rendering

/// What commands and pages do with what was read: a file whose numbers are sound by themselves may still bring down what
/// reckons with them.
enum WholeWork {
  /// Processor seconds that one piece of work on a small file may take.
  private static let mostSeconds = 4.0

  /// Does a piece of work, and complains if it takes long.
  @discardableResult
  static func timed<Value>(_ name: String, _ body: () throws -> Value) throws -> Value {
    let start = seconds
    let value = try body()
    let taken = seconds - start
    guard taken < mostSeconds else { throw FuzzError.tooSlow(work: name, seconds: taken) }
    return value
  }

  private static var seconds: Double { Double(clock()) / Double(CLOCKS_PER_SEC) }

  // MARK: Graphs

  /// `clew score`, `prune`, `render` and `export`, and what the explorer's page asks.
  static func use(_ graph: AttributionGraph) throws {
    let scores = try timed("score") { graph.scores() }
    for bounds in [scores.replacementBounds, scores.completenessBounds] {
      guard bounds.lowerBound.isFinite, bounds.upperBound.isFinite else {
        throw FuzzError.wrongValue("a score between \(bounds)")
      }
    }
    let pruned = try timed("prune") { try graph.pruned(nodeShare: 0.8, edgeShare: 0.95).graph }
    _ = try timed("write") { try pruned.json() }
    try draw(graph)
    let own = graph.openedView()
    if !own.pinnedIDs.isEmpty { try draw(graph, own) }
    let view = pinned(own, in: graph)
    try draw(graph, view)
    try explore(graph, view)
  }

  private static func draw(_ graph: AttributionGraph) throws {
    _ = try timed("dot") { DOTWriter.dot(of: graph, title: graph.metadata.slug) }
    try draw(try timed("layout") { Figure(of: graph, style: .doubleColumn) })
    let natural = try timed("layout") { Figure(of: graph, style: .natural) }
    _ = try timed("svg") { try natural.svg() }
  }

  static func draw(_ graph: AttributionGraph, _ view: SavedView) throws {
    var copy = graph
    copy.keep(view)
    _ = try timed("write a view") { (try copy.json(), try view.sidecar()) }
    copy.label(from: view)
    let subgraph = try timed("subgraph") { Subgraph(of: graph, view: view) }
    _ = try subgraph.json(in: graph).bytes()
    _ = try timed("dot") { DOTWriter.dot(of: subgraph, in: graph, style: .doubleColumn) }
    try draw(
      try timed("layout") {
        Figure(of: subgraph, in: graph, positions: view.positions, style: .doubleColumn)
      })
  }

  private static func draw(_ figure: Figure) throws {
    guard figure.width.isFinite, figure.height.isFinite, figure.width < 1e9, figure.height < 1e9 else {
      throw FuzzError.wrongValue("a figure of \(figure.width) × \(figure.height) points")
    }
    _ = try timed("svg") { try figure.svg() }
    _ = try timed("pdf") { figure.pdf() }
    _ = try timed("tikz") { figure.tikz() }
    _ = try timed("table") { (figure.table.markdown, figure.table.tsv, figure.paperCaption, figure.caption) }
    _ = try figure.scene.json.bytes()
  }

  /// A view that has a dozen nodes pinned and three of them grouped.
  private static func pinned(_ view: SavedView, in graph: AttributionGraph) -> SavedView {
    var view = view
    let step = max(1, graph.nodes.count / 12)
    let ids = stride(from: 0, to: graph.nodes.count, by: step).map { graph.nodes[$0].id }
      .filter { !$0.isEmpty && $0.unicodeScalars.count <= SavedView.Limit.textLength }
    view.pinnedIDs = ids
    view.supernodes = [.init(key: "g1", label: "some", members: Array(ids.dropFirst(2).prefix(3)))]
    return view
  }

  // MARK: Pages

  private static func explore(_ graph: AttributionGraph, _ view: SavedView) throws {
    let open = OpenGraph(graph: graph, isWhole: false)
    _ = try timed("page") { try SavedPage(of: open, view: view).html() }
    let figures = try timed("figures") { GraphFigures(of: graph, view: view) }
    _ = try timed("figure") { try figures.json(width: "300").bytes() }
    // The other formats are those of the figure itself.
    for format in [GraphFigures.Format.caption, .table] {
      _ = try timed("\(format)") { try figures.file(format, width: nil) }
    }
    let last = graph.nodes.count - 1
    let starts: [JSON] = graph.nodes.indices.prefix(3).map { JSON($0) }
    let paths: JSONObject = ["starts": .array(starts), "end": JSON(last), "count": 20, "minimumSteps": 2]
    let proposals: JSONObject = ["threshold": 0.2]
    try asked("paths") { try GraphQuestions.paths(paths, of: graph) }
    try asked("a cut") { try GraphQuestions.cut(["part": 0.5], of: graph) }
    try asked("a cut") {
      try GraphQuestions.cut(["part": 0.5, "target": JSON(last), "errors": true], of: graph)
    }
    try asked("proposals") { try GraphQuestions.proposals(proposals, of: graph) }
    try asked("comparison") { try GraphQuestions.comparison(graph, graph) }
    try asked("search") {
      for text in ["w", "influence<0.5 -kind:error", "activation>0 layer:1 pos:-1"] {
        _ = graph.places(matching: try NodeQuery(text))
      }
      return .null
    }
    try asked("patches") {
      var changed = view
      try changed.apply([
        ViewPatch(path: ["positions", "E_5_1"], value: [1e6, -1e6]),
        ViewPatch(path: ["labels", "1/7"], value: "a\u{1B}[2J"),
      ])
      return .object(changed.document)
    }
  }

  /// An answer, or a refusal in a sentence.
  private static func asked(_ name: String, _ body: () throws -> JSON) throws {
    do { _ = try timed(name) { try body().bytes() } } catch let error as GraphError {
      guard "\(error)".hasSuffix(".") else { throw error }
    }
  }

  // MARK: Models

  /// `clew trace`, `check` and `generate` on a small model.
  static func use(_ model: TracingModel) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "work-\(getpid())")
    defer { try? FileManager.default.removeItem(at: folder) }
    var refusal: (any Error)?
    func allowed(_ name: String, _ body: () throws -> Void) throws {
      do { try timed(name, body) } catch let error as FuzzError { throw error } catch { refusal = error }
    }
    try allowed("generate") {
      _ = try model.transformer.generate(after: [0, 3], count: 3)
      let drawn = Sampling(temperature: 0.7, topP: 0.9, seed: 1)
      _ = try model.transformer.generate(after: [0, 3], count: 3, sampling: drawn)
    }
    try allowed("answers") { _ = try LiveModel(model).answers(to: "w3 w7") }
    try allowed("trace") {
      let trace = try PromptTrace.trace(TraceRequest(prompt: "w3 w7 w5"), with: model)
      try trace.write(to: folder.appending(path: "trace"), model: model, command: ["clew"])
      try use(try AttributionGraph(traceFolder: folder.appending(path: "trace")))
    }
    try allowed("check") {
      var request = CheckRequest(texts: CheckTexts(rows: [[0, 3, 7, 5], [0, 1, 2, 9, 11]], source: "rows"))
      request.graphPrompts = [[0, 3, 7]]
      let check = try TranscoderCheck.run(request, models: [model])
      try check.write(to: folder.appending(path: "check"), command: ["clew"])
    }
    if let refusal { throw refusal }
  }
}
