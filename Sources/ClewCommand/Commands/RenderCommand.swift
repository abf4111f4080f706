internal import ArgumentParser
internal import Clew
internal import Foundation

/// Draws a graph.
struct RenderCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "render", abstract: "Draws a graph file as SVG, or writes it as DOT.",
    discussion: "The caption says what the picture leaves out; --width natural draws everything.")

  /// What is written.
  enum Format: String, ExpressibleByArgument, CaseIterable { case svg, dot }

  @Argument(help: "A graph file of any known maker, or the folder of a trace.") var graph: String
  @Option(name: .shortAndLong, help: "The file to write. (default: beside the graph)") var output: String?
  @Option(help: "The format. (default: by the output's ending, else svg)") var format: Format?
  @Option(help: "The width: single (3.3 in), double (7 in), natural, or a number of points.")
  var width = "double"
  @Option(help: "A title above the figure.") var title: String?
  @Option(
    help:
      "Take features' labels from here: a folder of transcoders, or a file with lines of LAYER INDEX LABEL.",
    completion: .directory)
  var labels: String?
  @Option(help: "The most features and errors to draw.") var nodes: Int?
  @Option(help: "The most edges to draw. (default: three a node)") var edges: Int?
  @Flag(help: "Leave error nodes out.") var hideErrors = false
  @Flag(help: "Leave the first token and what stands over it out.") var hideFirstToken = false

  func validate() throws {
    _ = try style()
    guard nodes ?? 1 > 0, edges ?? 1 > 0 else {
      throw ValidationError("--nodes and --edges must be at least 1.")
    }
  }

  func run() throws {
    let input = GraphInput(graph)
    var content = try input.pruned()
    if let labels {
      content.label(with: try FeatureLabels(at: URL(filePath: labels), for: content.featureIDs))
    }
    let kind = format ?? (output?.hasSuffix(".dot") == true ? .dot : .svg)
    let path =
      output ?? URL(filePath: input.file).deletingPathExtension().appendingPathExtension(kind.rawValue).path
    switch kind {
    case .svg:
      let figure = Figure(of: content, style: try style())
      try GraphInput.write(try figure.svg(), to: path)
      print("\(path): \(Int(figure.width)) × \(Int(figure.height)) pt. \(figure.caption)")
    case .dot:
      try GraphInput.write(Array(DOTWriter.dot(of: content, title: title, edgeBudget: edges).utf8), to: path)
      print("\(path): \(content.nodes.count) nodes, for Graphviz to lay out.")
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
    if hideErrors { style.hidesErrors = true }
    if hideFirstToken { style.hidesFirstToken = true }
    return style
  }
}
