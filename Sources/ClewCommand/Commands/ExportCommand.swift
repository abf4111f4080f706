internal import ArgumentParser
internal import AtlasExperiments
internal import Clew
internal import Explorer
internal import Foundation

/// Writes graphs for others.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Writes a graph as one file for others to look at.",
    subcommands: [ExportPageCommand.self])
}

/// Writes the explorer's page with one graph inside.
struct ExportPageCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "page",
    abstract: "Writes one HTML file that shows a graph from the disk, without a network.",
    discussion: """
      The page shows what you pinned, grouped and labelled in clew explore. Examples are put in of those features that \
      your shares keep, 80 % of the nodes' influence where you set none.
      """)

  @Argument(help: "A graph file of any known maker, or the folder of a trace.") var graph: String
  @Option(name: .shortAndLong, help: "The file to write. (default: beside the graph)", completion: .file())
  var output: String?
  @Option(
    help:
      "The transcoders whose examples of features go into the page. (default: Atlas's, if the graph is theirs)",
    completion: .directory)
  var transcoders: String?

  func run() throws {
    let input = GraphInput(graph)
    if output == nil, input.isPiped { throw input.missingOutput }
    try OutputCheck.check([("--output", output)], reading: OutputCheck.files(of: input))
    let folder =
      try transcoders.map { try WeightFolder.transcoders($0) } ?? Atlas.folder(Atlas.transcodersPath)
    let library = try ExampleLibrary(folder: folder, isAskedFor: transcoders != nil)?.ifMade(for: input)
    let open = try input.opened(labels: library)
    let view = try input.readersView(of: open.graph)
    let path = output ?? URL(filePath: input.file).deletingPathExtension().appendingPathExtension("html").path
    let bytes = try SavedPage(of: open, view: view, features: library).html()
    try GraphInput.write(bytes, to: path)
    try Terminal.report(
      "\(path): \(bytes.count / 1024) KiB, \(open.graph.nodes.count) nodes; open it in a browser.\n", on: path
    )
  }
}
