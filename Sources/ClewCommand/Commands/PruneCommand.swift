internal import ArgumentParser
internal import Clew
internal import Foundation

/// Cuts a graph down.
struct PruneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune", abstract: "Keeps the nodes and edges that carry a given share of the influence.",
    discussion: """
      Of a trace's folder every computed row is used, so that a graph can be cut wider or narrower than it was. A graph \
      file alone can only be cut further.
      """)

  @Argument(help: "A graph file of any known maker, or the folder of a trace.") var graph: String
  @Option(name: .shortAndLong, help: "The graph file to write.") var output: String
  @Option(help: "The part of the nodes' influence to keep.") var nodeShare = 0.8
  @Option(help: "The part of the edges' influence to keep.") var edgeShare = 0.98

  func validate() throws {
    try checkShare(nodeShare, "node-share")
    try checkShare(edgeShare, "edge-share")
  }

  func run() throws {
    let input = GraphInput(graph)
    try OutputCheck.check([("--output", output)], reading: OutputCheck.files(of: input))
    let whole = try input.whole()
    let pruning = try whole.pruned(nodeShare: nodeShare, edgeShare: edgeShare)
    try GraphInput.write(try pruning.graph.json(), to: output)
    try Terminal.report(
      "\(output): \(pruning.graph.nodes.count) of \(whole.nodes.count) nodes, "
        + "\(pruning.graph.effects.edgeCount) of \(whole.effects.edgeCount) edges; "
        + "\(NumberText.percent(pruning.keptInfluence, decimals: 2)) of the nodes' influence, "
        + "\(NumberText.percent(pruning.keptEdgeInfluence, decimals: 2)) of the edges'.\n", on: output)
  }
}
