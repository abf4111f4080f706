internal import ArgumentParser
internal import Clew
internal import Explorer
internal import Foundation

/// Draws a graph.
struct RenderCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "render", abstract: "Draws a graph file as SVG, PDF or TikZ, or writes it as DOT.",
    discussion: """
      What a reader pinned and grouped is drawn if there is such a view: the sidecar beside the graph (view.json in a \
      trace's folder, NAME.view.json beside NAME.json), or else the view in the graph file itself. Without one, or with \
      --what graph, the most influential part of the whole graph is drawn; --width natural draws everything. The \
      caption says what the picture leaves out.
      """)

  /// What is written.
  enum Format: String, ExpressibleByArgument, CaseIterable { case svg, pdf, tikz, dot }
  /// What is drawn.
  enum Subject: String, ExpressibleByArgument, CaseIterable { case subgraph, graph }

  @Argument(help: "A graph file of any known maker, or the folder of a trace.") var graph: String
  @Option(name: .shortAndLong, help: "The file to write. (default: beside the graph)") var output: String?
  @Option(help: "The format. (default: by the output's ending, else svg)") var format: Format?
  @Option(help: "Draw what is pinned, or the graph. (default: subgraph if something is pinned)")
  var what: Subject?
  @Option(help: "Take the reader's view from this file; none ignores every view.", completion: .file())
  var view: String?
  @Option(help: "Draw the view that was kept under this name.") var snapshot: String?
  @Option(help: "The width: single (3.3 in), double (7 in), natural, or a number of points.")
  var width = "double"
  @Option(help: "A title above the figure.") var title: String?
  @Option(
    help:
      "Take features' labels from here: a folder of transcoders, or a file with lines of LAYER INDEX LABEL.",
    completion: .directory)
  var labels: String?
  @Option(help: "The most features and errors to draw of a whole graph.") var nodes: Int?
  @Option(help: "The most edges to draw. (default: three a node or box)") var edges: Int?
  @Option(help: "The least part of a box's input that an edge between boxes must be to be drawn.")
  var edgeCut = 0.01
  @Option(help: "Write a caption for a paper to this file.") var caption: String?
  @Option(help: "Write nodes, edges and what is left out to this file, as Markdown (.md) or with tabs.")
  var table: String?
  @Flag(help: "Leave error nodes out of a whole graph.") var hideErrors = false
  @Flag(help: "Leave the first token and what stands over it out of a whole graph.") var hideFirstToken =
    false
  @Flag(help: "Leave the text and the key below the picture out.") var bare = false

  func validate() throws {
    _ = try style()
    guard nodes ?? 1 > 0, edges ?? 1 > 0 else {
      throw ValidationError("--nodes and --edges must be at least 1.")
    }
    if format == nil, let output, Self.format(ofFile: output) == nil {
      let ending = URL(filePath: output).pathExtension
      // As in `fig-0.8`, a number is none.
      guard ending.isEmpty || !ending.allSatisfy(\.isLetter) else {
        throw ValidationError(
          "--output ends in .\(ending), but figures are .svg, .pdf, .tikz or .tex, .dot or .gv. Take one of these "
            + "endings, or say what to write with --format.")
      }
    }
    guard (0...1).contains(edgeCut) else { throw ValidationError("--edge-cut must be from 0 to 1.") }
    if view == "none", snapshot != nil || what == .subgraph {
      throw ValidationError("--view none leaves nothing that --snapshot or --what subgraph could mean.")
    }
  }

  /// Says so if labels are those of other transcoders than a trace's: their numbers then mean other features.
  private func noteOtherTranscoders(_ labels: URL, of input: GraphInput) {
    guard let made = TraceFolders.transcoders(of: input) else { return }
    let folder = isFolder(labels) ? labels : labels.deletingLastPathComponent()
    // A file of labels may lie anywhere.
    guard (try? Transcoder(folder: folder)) != nil, made.fingerprint != Fingerprint.of(transcodersIn: folder)
    else { return }
    Terminal.complain(
      "clew: note on \(input.file): the labels are those of \(folder.lastPathComponent), but the graph was traced with "
        + "other transcoders (\(made.name)); the same number is another feature there.")
  }

  private func isFolder(_ url: URL) -> Bool {
    (try? url.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory == true
  }

  func run() throws {
    let input = GraphInput(graph)
    if output == nil, input.isPiped { throw input.missingOutput }
    let others = [view, labels].compactMap { $0 }
    try OutputCheck.check(
      [("--output", output), ("--caption", caption), ("--table", table)],
      reading: OutputCheck.files(of: input) + others)
    var content = try input.pruned()
    if let labels {
      let place = (try? WeightFolder.transcoders(labels)) ?? URL(filePath: labels)
      content.label(with: try FeatureLabels(at: place, for: content.featureIDs))
      noteOtherTranscoders(place, of: input)
    }
    let view = try readersView(of: input, content)
    // A small graph is cut from all that was traced, as in the explorer: its shares are then of whole inputs.
    if input.isTraceFolder, what != .graph, !view.pinnedIDs.isEmpty {
      if input.isWholeTrace { content = try input.opened(labels: nil).graph } else { input.noteMissingRows() }
    }
    for id in view.missingIDs(in: content).prefix(10) {
      Terminal.complain("clew: note on \(input.file): the view names '\(id)', which the graph does not have.")
    }
    let kind = format ?? Self.format(ofFile: output) ?? .svg
    let path =
      output ?? URL(filePath: input.file).deletingPathExtension().appendingPathExtension(kind.rawValue).path
    let subgraph = try subgraph(of: content, view, file: input.file)
    // The small graph shows the reader's names itself; in the whole one they are the nodes' own.
    if subgraph == nil { content.label(from: view) }
    let figure =
      if let subgraph {
        Figure(
          of: subgraph, in: content, positions: view.positions, keepsRows: view.keepsRows, style: try style())
      } else {
        Figure(of: content, style: try style())
      }
    let bytes: [UInt8] =
      switch kind {
      case .svg: try figure.svg()
      case .pdf: figure.pdf()
      case .tikz: figure.tikz()
      case .dot: Array(try dot(of: content, subgraph).utf8)
      }
    try GraphInput.write(bytes, to: path)
    if let caption { try GraphInput.write(Array((figure.paperCaption + "\n").utf8), to: caption) }
    if let table {
      let text = table.hasSuffix(".md") ? figure.table.markdown : figure.table.tsv
      try GraphInput.write(Array(text.utf8), to: table)
    }
    try report(path, kind, figure, nodeCount: subgraph?.boxes.count ?? content.nodes.count, subgraph != nil)
  }

  /// What the reader chose: a file that was named, the sidecar, or the view in the graph file.
  private func readersView(of input: GraphInput, _ content: AttributionGraph) throws -> SavedView {
    if view == "none" { return SavedView() }
    let chosen =
      if let view { try SavedView(contentsOfFile: view) } else { try input.readersView(of: content) }
    guard let snapshot else { return chosen }
    guard let kept = chosen.snapshots[snapshot] else {
      let names = chosen.snapshots.keys.sorted()
      throw ValidationError(
        "The view has no snapshot '\(snapshot)'; it has "
          + (names.isEmpty ? "none." : names.joined(separator: ", ") + "."))
    }
    return kept
  }

  /// The small graph, if it is what is to be drawn.
  private func subgraph(
    of content: AttributionGraph, _ view: SavedView, file: String
  ) throws -> Subgraph? {
    if what == .graph { return nil }
    let subgraph = Subgraph(of: content, view: view)
    if subgraph.boxes.isEmpty {
      if what == .subgraph || snapshot != nil {
        throw ValidationError(
          "Nothing is pinned in the view of \(file), so there is no small graph to draw. Pin nodes in the "
            + "explorer, name a view that has pins with --view, or draw the whole graph with --what graph.")
      }
      return nil
    }
    return subgraph
  }

  private func dot(of content: AttributionGraph, _ subgraph: Subgraph?) throws -> String {
    guard let subgraph else { return DOTWriter.dot(of: content, title: title, edgeBudget: edges) }
    return DOTWriter.dot(of: subgraph, in: content, style: try style())
  }

  private func report(
    _ path: String, _ kind: Format, _ figure: Figure, nodeCount: Int, _ isSmall: Bool
  ) throws {
    if kind == .dot {
      try Terminal.report(
        "\(path): \(nodeCount) \(isSmall ? "boxes" : "nodes"), for Graphviz to lay out.\n", on: path)
      return
    }
    try Terminal.report(
      "\(path): \(Int(figure.width)) × \(Int(figure.height)) pt. \(figure.caption)\n", on: path)
    let size = figure.scene.fontSize
    if size < 5.5 {
      try Terminal.report(
        "The labels are only \(String(format: "%.1f", size)) pt high. A greater --width, or fewer pinned nodes, makes "
          + "them larger.\n", on: path)
    }
  }

  private static func format(ofFile path: String?) -> Format? {
    switch path.map({ URL(filePath: $0).pathExtension.lowercased() }) {
    case "svg": .svg
    case "pdf": .pdf
    case "tikz", "tex": .tikz
    case "dot", "gv": .dot
    default: nil
    }
  }

  private func style() throws -> FigureStyle {
    var style: FigureStyle
    switch width {
    case "single": style = .singleColumn
    case "double": style = .doubleColumn
    case "natural": style = .natural
    default:
      guard let points = Double(width), points >= 72, points <= 10_000 else {
        throw ValidationError("--width must be single, double, natural, or 72 to 10000 points.")
      }
      style = .doubleColumn
      style.width = .points(points)
    }
    if let title { style.title = title }
    if let nodes { style.maximumNodes = nodes }
    if let edges { style.edgeBudget = edges }
    style.edgeCut = edgeCut
    if hideErrors { style.hidesErrors = true }
    if hideFirstToken { style.hidesFirstToken = true }
    if bare { (style.showsCaption, style.showsKey) = (false, false) }
    return style
  }
}
