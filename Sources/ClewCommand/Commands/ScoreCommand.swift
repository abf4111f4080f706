internal import ArgumentParser
internal import Clew
internal import Foundation

/// Scores graphs.
struct ScoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "score", abstract: "Prints the replacement and completeness scores of graphs.",
    discussion: """
      Replacement is the share of influence that starts in tokens rather than in errors; completeness is the share of \
      nodes' inputs, weighted by influence, that is not error. Of a trace's folder the whole graph is scored. A pruned \
      file holds the kept inputs only, so its scores are those of the picture, not of the trace.
      """)

  @Argument(help: "Graph files of any known maker, or folders of traces.") var graphs: [String]
  @Flag(help: "Take the first of several nodes with one id, as Neuronpedia does, instead of resolving them.")
  var firstIdWins = false
  @Flag(help: "Print JSON on standard output.") var json = false

  func run() throws {
    var list: [JSON] = []
    for path in graphs {
      let input = GraphInput(path)
      let graph = try input.whole(firstIdWins ? .first : .resolved)
      let influence = Influence(of: graph)
      let scores = GraphScores(of: graph, influence: influence)
      if json {
        list.append(record(path, input, graph, scores))
      } else {
        try Terminal.output(
          """
          \(path) (\(input.isWholeTrace ? "the whole trace" : "what the file holds"))
            replacement  \(text(scores.replacement, scores.replacementBounds))
            completeness \(text(scores.completeness, scores.completenessBounds))
            \(graph.nodes.count) nodes, \(graph.effects.edgeCount) edges, \
          \(graph.rootWeights.count { $0 > 0 }) roots

          """)
      }
    }
    if json { try Terminal.output(String(decoding: try JSON.array(list).bytes(), as: UTF8.self) + "\n") }
  }

  private func text(_ score: Double, _ bounds: ClosedRange<Double>) -> String {
    let value = NumberText.decimal(score, decimals: 6)
    guard bounds.upperBound - bounds.lowerBound >= 5e-7 else { return value }
    return value
      + String(format: " (%.6f to %.6f with every row)", bounds.lowerBound, bounds.upperBound)
  }

  private func record(
    _ path: String, _ input: GraphInput, _ graph: AttributionGraph, _ scores: GraphScores
  ) -> JSON {
    func bounds(_ range: ClosedRange<Double>) -> JSON { [JSON(range.lowerBound), JSON(range.upperBound)] }
    return [
      "graph": .string(path), "whole_trace": .bool(input.isWholeTrace),
      "replacement": JSON(scores.replacement), "replacement_bounds": bounds(scores.replacementBounds),
      "completeness": JSON(scores.completeness), "completeness_bounds": bounds(scores.completenessBounds),
      "missing": JSON(scores.missing), "nodes": JSON(graph.nodes.count),
      "edges": JSON(graph.effects.edgeCount), "roots": JSON(graph.rootWeights.count { $0 > 0 }),
    ]
  }
}
